/*
 * Ownership kept by the type: AUTO(object) o = object_read(...); frees o when it goes out of scope.
 * Each owning struct defines its cleanup once, beside its free function.  (GLib's g_autoptr needs a
 * typedef; this project names structs by their tag, as the kernel does.)
 */
#ifndef KLATCH_BASE_CLEANUP_H
#define KLATCH_BASE_CLEANUP_H

#include <glib.h>

/* For a struct that is held by pointer and freed by free_function(pointer). */
#define DEFINE_AUTO(tag, free_function)                                                            \
	static inline void auto_free_##tag(struct tag **at)                                        \
	{                                                                                          \
		if (*at)                                                                           \
			free_function(*at);                                                        \
	}
#define AUTO(tag) __attribute__((cleanup(auto_free_##tag))) struct tag *

#endif
