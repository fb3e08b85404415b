#include "../kernel.h"

#define TEXT(text)                                                                                 \
	({                                                                                         \
		static const char *___tp_str IN("__tracepoint_str") USED = text;                   \
		use(___tp_str);                                                                    \
	})

int f(int x)
{
	if (x == 1)
		return TEXT("eins");
	if (x == 2)
		return TEXT("zwei");
	if (x == 3)
		return TEXT("three");
	return ask(x + 1);
}
