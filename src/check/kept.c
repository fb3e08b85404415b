/*
 * Addresses that the kernel may keep when the livepatch has ended: its module has to stay then.
 */
#include "check/inside.h"
#include "link/kept.h"

void check_kept(struct check *check)
{
	g_autoptr(GPtrArray) kept = kept_find(check->livepatch, check->kernel->series);

	for (guint i = 0; !check->tables->stays && i < kept->len; i++)
		check_refuse(check, kept->pdata[i],
			     "code hands on its address, and the module does not stay in memory");
}
