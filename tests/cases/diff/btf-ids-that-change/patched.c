#include "../kernel.h"

#define LIST(name) asm(".pushsection .BTF_ids, \"a\"\n.local " #name "\n" #name ":\n.popsection")
#define ID(of, number)                                                                             \
	asm(".pushsection .BTF_ids, \"a\"\n.local __BTF_ID__" #of "__" #number "\n"                \
	    ".type __BTF_ID__" #of "__" #number ", STT_OBJECT\n"                                   \
	    ".size __BTF_ID__" #of "__" #number ", 4\n"                                            \
	    "__BTF_ID__" #of "__" #number ":\n.zero 4\n.popsection")

LIST(list);
ID(struct__file, 12);
extern int list[];

int f(void)
{
	return ask(list[0]);
}
