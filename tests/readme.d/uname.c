/*
 * uname() as on a machine that runs the kernel RELEASE, for what is done in the root directory of one.
 */
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

int uname(struct utsname *name)
{
	int result = (int)syscall(SYS_uname, name);

	strcpy(name->release, RELEASE);
	return result;
}
