/*
 * Thunks: code of klatch's own that keeps late references out of what the kernel reads before it
 * can bind them: jump labels whose key, and alternatives whose function, belong to a module.
 */
#ifndef KLATCH_LINK_THUNK_H
#define KLATCH_LINK_THUNK_H

#include <glib.h>

#include "link/assemble.h"

/*
 * Drops the entries of __jump_table whose key is a late reference; their sites jump to a test of
 * the key at the end of their function.  KLATCH_REFUSED naming the function if a site has 2 bytes.
 */
gboolean thunk_jump_labels(struct assembly *assembly, guint series, GError **error);

/*
 * Leads direct calls of late references in alternatives, original and replacement code, through a
 * jump of our own.  KLATCH_REFUSED naming the symbol for any other use there.
 */
gboolean thunk_alternatives(struct assembly *assembly, guint series, GError **error);

/*
 * Drops the entries of .call_sites, in an object that objtool made of the assembly, whose call is a
 * late reference: the kernel would lead that call, which leads nowhere yet, to the callee's
 * padding.
 */
void thunk_call_sites(const struct assembly *assembly, struct object *object, guint series);

#endif
