#include "../kernel.h"

int f(const unsigned char *code)
{
	static const void *table[] = {&&add, &&multiply, &&end};
	int value = 0;

	if (ask(*code))
		table[0] = &&end;

	goto *table[*code];
add:
	value += ask(*code);
	goto *table[*++code];
multiply:
	value *= ask(*code);
	goto *table[*++code];
end:
	return value;
}
