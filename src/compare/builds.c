/*
 * Changes to the object model of a module.
 */
#include "compare/builds.h"

#include <string.h>

#include "base/error.h"

#define NOTE "a module can't be made another build of itself"

static gboolean change_identity(struct object *module, const GPtrArray *functions, GError **error)
{
	struct section *note = object_section(module, ".note.gnu.build-id");

	if (!note || !note->size) {
		klatch_fail(error, KLATCH_INPUT, NOTE, module->name, NULL, "it has no build ID");
		return FALSE;
	}
	note->data[note->size - 1] ^= 0xff; /* of the ID, which ends the note */
	return TRUE;
}

static gboolean hide_functions(struct object *module, const GPtrArray *functions, GError **error)
{
	for (guint i = 0; i < module->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(module, i);

		if (!g_ptr_array_find_with_equal_func((GPtrArray *)functions, symbol->name,
						      g_str_equal, NULL))
			continue;
		char *name = g_strconcat("other_", symbol->name, NULL);
		g_free(symbol->name);
		symbol->name = name;
	}
	return change_identity(module, functions, error);
}

/* The relocation of struct module's `init`, which goes to another function. */
static gboolean replace_init(struct object *module, struct symbol *replacement)
{
	struct section *self = object_section(module, ".gnu.linkonce.this_module");

	for (guint i = 0; self && i < self->relocs->len; i++) {
		struct reloc *reloc = section_reloc(self, i);

		if (reloc->symbol && !strcmp(reloc->symbol->name, "init_module")) {
			reloc->symbol = replacement;
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean fail_init(struct object *module, const GPtrArray *functions, GError **error)
{
	static const guint8 code[] = {
		0xf3, 0x0f, 0x1e, 0xfa,	      /* endbr64 */
		0xb8, 0xed, 0xff, 0xff, 0xff, /* mov $-ENODEV, %eax */
		0xc3,			      /* ret */
	};
	struct section *section =
		object_add_section(module, ".init.text.failing", SHT_PROGBITS,
				   SHF_ALLOC | SHF_EXECINSTR, 16, code, sizeof(code));
	struct symbol *init = object_add_symbol(module, "failing_init", section, 0, sizeof(code),
						STT_FUNC, STB_LOCAL);

	if (replace_init(module, init))
		return TRUE;
	klatch_fail(error, KLATCH_INPUT, NOTE, module->name, NULL, "it has no init function");
	return FALSE;
}

gboolean builds_change(struct object *module, enum build build, const GPtrArray *functions,
		       GError **error)
{
	static gboolean (*const changes[NR_BUILDS])(struct object * module,
						    const GPtrArray *functions, GError **error) = {
		[BUILD_OTHER] = change_identity,
		[BUILD_LACKING] = hide_functions,
		[BUILD_FAILING] = fail_init,
	};

	return changes[build](module, functions, error);
}

/* A class of events begins with the name of its system: struct trace_event_class. */
char *builds_events(const struct object *module)
{
	for (guint i = 0; i < module->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(module, i);
		const struct reloc *reloc;

		if (!symbol->section || !g_str_has_prefix(symbol->name, "event_class_"))
			continue;
		reloc = section_reloc_at(symbol->section, symbol->value);
		if (!reloc || !reloc->symbol || !reloc->symbol->section)
			continue;
		const struct section *strings = reloc->symbol->section;
		guint64 at = reloc->symbol->value + (guint64)reloc->addend;
		if (at < strings->size && strings->data)
			return g_strndup((const char *)strings->data + at, strings->size - at);
	}
	return NULL;
}
