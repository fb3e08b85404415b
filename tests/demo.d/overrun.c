/*
 * A timer whose signal is held back collects overruns.  Set anew, it must begin from none; before
 * the fix the first expiry of the new setting reports those of the old one.
 */
#include <signal.h>
#include <stdio.h>
#include <time.h>

int main(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec fast = {{0, 1000000}, {0, 1000000}}; /* each millisecond */
	/* Once, for our purpose; late enough for a busy machine to take the signal before. */
	struct itimerspec slow = {{100, 0}, {2, 0}};
	struct itimerspec now;
	sigset_t set, pending;
	siginfo_t info;
	timer_t timer;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &fast, NULL);
	do { /* on a busy machine it may come late */
		nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
		sigpending(&pending);
	} while (!sigismember(&pending, SIGUSR1));
	timer_gettime(timer, &now); /* counts the overruns so far */

	timer_settime(timer, 0, &slow, NULL);
	sigwaitinfo(&set, &info); /* the old setting's signal, still pending */
	sigwaitinfo(&set, &info); /* the new one's */
	printf("a timer set anew has %s\n",
	       info.si_overrun ? "overruns of its former setting" : "no overruns");
	return 0;
}
