/*
 * What a package says of itself: to dpkg and apt, to people, and to programs.
 */
#include <gio/gio.h>
#include <string.h>

#include "package/inside.h"

/* As long as lines of control files should be. */
#define LINE 79

/* --- control --------------------------------------------------------------------------------- */

/* Words, broken to lines that go on with a blank; column: where the first begins. */
static void add_words(GString *text, const GPtrArray *words, gsize column)
{
	for (guint i = 0; i < words->len; i++) {
		const char *word = words->pdata[i];

		if (column + 1 + strlen(word) > LINE) {
			g_string_append(text, "\n");
			column = 0;
		}
		g_string_append_printf(text, " %s", word);
		column += 1 + strlen(word);
	}
	g_string_append_c(text, '\n');
}

static void add_field(GString *text, const char *name, const GPtrArray *words)
{
	if (!words->len)
		return;
	g_string_append_printf(text, "%s:", name);
	add_words(text, words, strlen(name) + 1);
}

/* The CVEs of all, each once, borrowed. */
static GPtrArray *all_cves(const struct package *package)
{
	GPtrArray *all = g_ptr_array_new();

	for (guint i = 0; i < package->livepatches->len; i++) {
		const struct package_livepatch *livepatch = package->livepatches->pdata[i];

		for (guint j = 0; j < livepatch->cves->len; j++)
			if (!g_ptr_array_find_with_equal_func(all, livepatch->cves->pdata[j],
							      g_str_equal, NULL))
				g_ptr_array_add(all, livepatch->cves->pdata[j]);
	}
	return all;
}

/* "fix: 2 functions of vmlinux, dummy". */
static void describe(GString *text, const struct package_livepatch *livepatch)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
	const GPtrArray *objects = livepatch->tables->objects;
	guint functions = 0;

	for (guint i = 0; i < objects->len; i++)
		functions += ((struct table_object *)objects->pdata[i])->functions->len;
	g_ptr_array_add(words, g_strdup_printf("%s:", livepatch->name));
	g_ptr_array_add(words, g_strdup_printf("%u", functions));
	g_ptr_array_add(words, g_strdup(functions == 1 ? "function of" : "functions of"));
	for (guint i = 0; i < objects->len; i++)
		g_ptr_array_add(words,
				g_strdup_printf("%s%s",
						((struct table_object *)objects->pdata[i])->name,
						i + 1 < objects->len ? "," : ""));
	add_words(text, words, 0);
}

static void add_description(GString *text, const struct package *package, const GPtrArray *cves)
{
	g_string_append_printf(
		text,
		"Description: live patches for Linux %s\n"
		" They replace functions of the kernel while it runs, and are loaded "
		"again by\n"
		" each boot of it. klatch status shows how they are.\n"
		" .\n",
		package->release);
	for (guint i = 0; i < package->livepatches->len; i++)
		describe(text, package->livepatches->pdata[i]);
	if (!cves->len)
		return;
	g_string_append(text, " .\n Fixed:");
	add_words(text, cves, strlen(" Fixed:"));
}

char *package_control(const struct package *package, gsize size)
{
	GString *text = g_string_new(NULL);
	g_autoptr(GPtrArray) cves = all_cves(package);
	const char *release = package->release;

	g_string_append_printf(text,
			       "Package: %s\n"
			       "Version: %s\n"
			       "Architecture: " PACKAGE_ARCHITECTURE "\n"
			       "Maintainer: %s\n"
			       "Installed-Size: %zu\n"
			       "Depends: klatch (>= %s), linux-image-%s | linux-image-%s-unsigned\n"
			       "Section: kernel\n"
			       "Priority: optional\n",
			       package->name, package->version, package->maintainer,
			       (size + 1023) / 1024, KLATCH_VERSION, release, release);
	if (package->phased >= 0)
		g_string_append_printf(text, "Phased-Update-Percentage: %d\n", package->phased);
	g_string_append_printf(text, "Klatch-Kernel: %s\n", release);
	add_field(text, "Klatch-Cves", cves);
	add_description(text, package, cves);
	return g_string_free(text, FALSE);
}

/* --- scripts --------------------------------------------------------------------------------- */

static void append_resource(GString *text, const char *name)
{
	g_autofree char *path = g_strdup_printf("/klatch/src/package/%s.sh", name);
	g_autoptr(GBytes) bytes = g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

	g_assert(bytes); /* it is part of the program */
	g_string_append_len(text, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
}

char *package_script(const struct package *package, const char *name)
{
	GString *text = g_string_new("#!/bin/sh\nset -e\n");
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (guint i = 0; i < package->livepatches->len; i++)
		g_ptr_array_add(names,
				((struct package_livepatch *)package->livepatches->pdata[i])->name);
	g_ptr_array_add(names, NULL);
	g_autofree char *livepatches = g_strjoinv(" ", (char **)names->pdata);
	g_string_append_printf(text, "package=%s\nrelease=%s\nlivepatches='%s'\n", package->name,
			       package->release, livepatches);
	append_resource(text, "script");
	append_resource(text, name);
	return g_string_free(text, FALSE);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void add_string(JsonBuilder *builder, const char *member, const char *value)
{
	g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;

	json_builder_set_member_name(builder, member);
	json_builder_add_string_value(builder, valid);
}

static void add_strings(JsonBuilder *builder, const char *member, const GPtrArray *values)
{
	json_builder_set_member_name(builder, member);
	json_builder_begin_array(builder);
	for (guint i = 0; i < values->len; i++) {
		g_autofree char *valid = g_utf8_make_valid(values->pdata[i], -1);

		json_builder_add_string_value(builder, valid);
	}
	json_builder_end_array(builder);
}

static void add_boolean(JsonBuilder *builder, const char *member, gboolean value)
{
	json_builder_set_member_name(builder, member);
	json_builder_add_boolean_value(builder, value);
}

static void add_target(JsonBuilder *builder, const struct table_object *object)
{
	json_builder_begin_object(builder);
	add_string(builder, "name", object->name);
	json_builder_set_member_name(builder, "functions");
	json_builder_begin_array(builder);
	for (guint i = 0; i < object->functions->len; i++)
		json_builder_add_string_value(
			builder, g_array_index(object->functions, struct table_function, i).name);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
}

static void add_livepatch(JsonBuilder *builder, const struct package_livepatch *livepatch)
{
	g_autofree char *checksum =
		g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, livepatch->bytes);

	json_builder_begin_object(builder);
	add_string(builder, "name", livepatch->name);
	add_string(builder, "sha256", checksum);
	add_string(builder, "version", livepatch->version);
	add_boolean(builder, "replaces", livepatch->tables->replace);
	add_boolean(builder, "signed", livepatch->is_signed);
	add_string(builder, "kernel_version", livepatch->tables->kernel);
	add_string(builder, "klatch", livepatch->klatch);
	add_string(builder, "compiler", livepatch->compiler);
	add_strings(builder, "sources", livepatch->sources);
	add_strings(builder, "cves", livepatch->cves);
	json_builder_set_member_name(builder, "targets");
	json_builder_begin_array(builder);
	for (guint i = 0; i < livepatch->tables->objects->len; i++)
		add_target(builder, livepatch->tables->objects->pdata[i]);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
}

void package_json(const struct package *package, JsonBuilder *builder)
{
	add_string(builder, "name", package->name);
	add_string(builder, "version", package->version);
	add_string(builder, "kernel", package->release);
	add_string(builder, "maintainer", package->maintainer);
	add_string(builder, "packaged_by", "klatch " KLATCH_VERSION);
	json_builder_set_member_name(builder, "livepatches");
	json_builder_begin_array(builder);
	for (guint i = 0; i < package->livepatches->len; i++)
		add_livepatch(builder, package->livepatches->pdata[i]);
	json_builder_end_array(builder);
}

char *package_metadata(const struct package *package)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autofree char *text = NULL;

	json_builder_begin_object(builder);
	package_json(package, builder);
	json_builder_end_object(builder);
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	text = json_to_string(root, TRUE);
	return g_strconcat(text, "\n", NULL);
}

char *package_copyright(const struct package *package)
{
	return g_strdup_printf("Livepatches for Linux %s, made by klatch out of the source of the "
			       "kernel and of\n"
			       "patches to it. They may be copied under the terms of the kernel: "
			       "version 2 of\n"
			       "the GNU General Public License, which on Debian systems is in\n"
			       "/usr/share/common-licenses/GPL-2.\n\n"
			       "The source of the kernel is that of the package linux-image-%s.\n",
			       package->release, package->release);
}
