#include "../kernel.h"

struct registers {
	long di, bx;
};

static inline long __do_sys_ask(int x)
{
	return ask(x) + 2;
}

static long __se_sys_ask(long x)
{
	return __do_sys_ask((int)x);
}

long __x64_sys_ask(const struct registers *registers)
{
	return __se_sys_ask(registers->di);
}

long __ia32_sys_ask(const struct registers *registers)
{
	return __se_sys_ask((unsigned)registers->bx);
}

long __do_sys_none(const struct registers *registers);
long __x64_sys_none(const struct registers *registers)
	__attribute__((alias("__do_sys_none")));
long __do_sys_none(const struct registers *registers)
{
	return ask(8);
}
