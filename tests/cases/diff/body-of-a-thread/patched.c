#include "../kernel.h"

_Bool kthread_should_stop(void);

int body(void *x)
{
	while (!kthread_should_stop())
		ask(2);
	return 0;
}

int unchanged_body(void *x)
{
	while (!kthread_should_stop())
		ask(3);
	return 0;
}

int other(int x)
{
	return ask(x + 1);
}
