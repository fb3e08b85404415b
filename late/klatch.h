/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the builder hands to the kernel side: tables in read-only sections of the livepatch.
 *
 * The builder (src/link) emits one struct klatch_object for each object it patches, vmlinux or a
 * module, with the functions to replace and, for a module, the sites of its late references.  Both
 * sides include this file; sizes and offsets are those of x86-64.
 */
#ifndef KLATCH_LATE_H
#define KLATCH_LATE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
typedef uint32_t u32;
typedef int32_t s32;
#endif

#include "patch.h"

/* Stands in the kernel side's struct module until the builder writes the livepatch's own name. */
#define KLATCH_MODULE_NAME "klatch module name"

/*
 * The note that says which CVEs a livepatch fixes: their names with a blank between.  The kernel
 * shows it in /sys/module/<livepatch>/notes/.
 */
#define KLATCH_NOTE_SECTION ".note.klatch"
#define KLATCH_NOTE_NAME    "klatch"
#define KLATCH_NOTE_CVES    1

/*
 * The note of a livepatch whose module is never removed: the names of its functions and variables
 * that the kernel may have the address of when it has ended, with a blank between.
 */
#define KLATCH_KEPT_SECTION ".note.klatch.kept"
#define KLATCH_NOTE_KEPT    2

/*
 * What becomes of references to modules that may come late: the builder's --late, and policy.c.
 * With all but the first the kernel itself writes them, by its livepatch relocations.
 */
enum klatch_policy {
	KLATCH_REBIND,	/* written by the livepatch each time the module comes, never cleared */
	KLATCH_CLEAR,	/* cleared by the livepatch when the module goes */
	KLATCH_PIN,	/* the module can't go while it is patched */
	KLATCH_NO_LATE, /* only what is loaded is patched; nothing that is vulnerable may come */
	KLATCH_SPLIT,	/* one livepatch for each object, loaded with it */
	KLATCH_KERNEL,	/* the kernel's behaviour with nothing added: no identity is checked */
	KLATCH_NR_POLICIES,
};

/* A function to replace. */
struct klatch_func {
	const char *name; /* of the function to replace */
	void *replacement;
	unsigned long sympos; /* as struct klp_func's old_sympos: 0 if the name is unique */
};

/*
 * What a patch may add to a struct as a shadow variable (shadow.c).  The names of the functions are
 * all that the builder knows of them.
 */
enum klatch_shadow {
	KLATCH_SPINLOCK,
	KLATCH_RAW_SPINLOCK,
	KLATCH_RWLOCK,
	KLATCH_SEQCOUNT,
	KLATCH_MUTEX,
	KLATCH_RWSEM,
	KLATCH_RCU_HEAD,
	KLATCH_RCU_WORK,
};
#define KLATCH_SHADOW	    "klatch_shadow"
#define KLATCH_SHADOW_OWNER "klatch_shadow_owner"
#define KLATCH_SHADOW_FREE  "klatch_shadow_free"

/*
 * A function without an fentry site, which a kprobe takes over (probe.c).  Those of all objects are
 * in one table, which nothing of klatch_livepatch leads to: each of the objects has a set of
 * callbacks, of the functions whose names are here.
 */
struct klatch_probe {
	struct klatch_func func;
	const char *object; /* NULL is vmlinux */
	void *original;	    /* written when the object comes */
	void *kprobe;	    /* the kernel side's own; the builder leaves it empty */
};
#define KLATCH_PROBES		  "klatch_probes" /* a symbol: the first of them */
#define KLATCH_PROBES_END	  "klatch_probes_end"
#define KLATCH_PROBE_PRE_PATCH	  "klatch_probe_pre_patch"
#define KLATCH_PROBE_POST_UNPATCH "klatch_probe_post_unpatch"

#ifdef __KERNEL__
int klatch_probe_pre_patch(struct klp_object *object);
void klatch_probe_post_unpatch(struct klp_object *object);
void *klatch_shadow(const void *object, unsigned long id, enum klatch_shadow kind);
void *klatch_shadow_owner(const void *member);
void klatch_shadow_free(const void *object, unsigned long id);
#endif

/*
 * A late reference: a place in the livepatch that refers to a symbol of an object that may not be
 * loaded.  The kernel resolves the symbol (a klp relocation of type R_X86_64_NONE names it, or, if
 * the policy is not rebind, the very relocation that the kernel applies).
 */
struct klatch_site {
	s32 place; /* relative to this field */
	s32 addend;
	u32 symbol : 24; /* index in the livepatch's own symbol table; st_value is the address */
	u32 type : 8;	 /* R_X86_64_64, 32, 32S, PC32, PLT32 or PC64 */
};

struct klatch_object {
	const char *name; /* NULL is vmlinux */
	const struct klatch_func *funcs;
	const struct klatch_site *sites; /* by rising place, or binding takes long */
	/*
	 * The ELF note with the build ID of the module that this was made for, as it lies in the
	 * module's read-only data.  The linker made the ID of all that is in the module: another
	 * build has another one.
	 */
	const void *note;
	const struct klatch_callbacks *callbacks; /* the author's, in the order of the patches */
	u32 nr_funcs;
	u32 nr_sites;
	u32 note_size;
	u32 nr_callbacks;
};

/*
 * The state (struct klp_state) that says which version of a cumulative livepatch this is.  The
 * livepatch core refuses one that replaces others and has a lower version than these, or none.
 */
#define KLATCH_STATE 0x686374616c6bUL /* "klatch" */

/*
 * The number of all that this file says of tables, higher whenever it changes.  It is the first
 * that a livepatch has; before there were numbers a pointer stood there, whose bytes in the file
 * are 0.  Tables of formats 1 and 2 say the same, but none of format 1 says that its module stays,
 * and there are no probes beside them.
 */
#define KLATCH_FORMAT	     3
#define KLATCH_OLDEST_FORMAT 1

struct klatch_livepatch {
	u32 format;
	u32 version;	    /* of the state; 0: this has none */
	const char *kernel; /* the version in the running kernel's utsname: its build */
	const struct klatch_object *objects;
	u32 nr_objects;
	u32 policy;	     /* enum klatch_policy */
	u32 refuse_mismatch; /* another build of a module is refused, not left unpatched */
	u32 replace : 1;     /* all livepatches that are there end when this one is enabled */
	u32 stays : 1;	     /* its module is never removed (KLATCH_KEPT_SECTION) */
};

/* The symbol that the builder defines. */
extern const struct klatch_livepatch klatch_livepatch;

#endif
