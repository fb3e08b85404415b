#include "../kernel.h"

int f(const unsigned char *code)
{
	static IN(".data.rel.ro.c_jump_table,\"a\",@progbits#") const void *const table[] = {&&add, &&end};
	int value = 0;

	goto *table[*code];
add:
	value += ask(*code) + ask(2);
	goto *table[*++code];
end:
	return value;
}
