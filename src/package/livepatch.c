/*
 * Reading a livepatch for its package.  Name and release become parts of paths, scripts and control
 * fields: only what can be one is let in.
 */
#include "package/livepatch.h"

#include "base/error.h"
#include "base/files.h"
#include "kernel/modules.h"
#include "sign/sign.h"

static gboolean is_livepatch(const struct package_livepatch *livepatch)
{
	g_autofree char *mark = modules_info(livepatch->object, "livepatch");

	return !g_strcmp0(mark, "Y") && livepatch->name && livepatch->release &&
	       g_regex_match_simple("^[A-Za-z0-9_-]+$", livepatch->name, G_REGEX_DOLLAR_ENDONLY,
				    0) &&
	       g_regex_match_simple("^[0-9][A-Za-z0-9.+~_-]*$", livepatch->release,
				    G_REGEX_DOLLAR_ENDONLY, 0);
}

static gboolean are_cves(const GPtrArray *cves)
{
	for (guint i = 0; i < cves->len; i++)
		if (!g_regex_match_simple("^CVE-[0-9]+-[0-9]+$", cves->pdata[i],
					  G_REGEX_DOLLAR_ENDONLY, 0))
			return FALSE;
	return TRUE;
}

static gboolean read_info(struct package_livepatch *livepatch, const char *path, GError **error)
{
	const struct object *object = livepatch->object;
	g_autofree char *magic = modules_info(object, "vermagic");

	livepatch->name = modules_info(object, "name");
	livepatch->release = magic ? g_strndup(magic, strcspn(magic, " ")) : NULL;
	livepatch->version = modules_info(object, "version");
	livepatch->klatch = modules_info(object, "klatch");
	livepatch->compiler = modules_info(object, "compiler");
	livepatch->cves = modules_info_all(object, "cve");
	livepatch->sources = modules_info_all(object, "source");
	if (is_livepatch(livepatch) && are_cves(livepatch->cves))
		return TRUE;
	klatch_fail(error, KLATCH_INPUT, "this is no livepatch", path, NULL,
		    "its module information is not that of one");
	return FALSE;
}

struct package_livepatch *package_livepatch(const char *path, GError **error)
{
	AUTO(package_livepatch) livepatch = g_new0(struct package_livepatch, 1);
	gsize size;

	livepatch->bytes = files_map(path, error);
	if (!livepatch->bytes)
		return NULL;
	const void *data = g_bytes_get_data(livepatch->bytes, &size);
	sign_content_size(data, size, &livepatch->is_signed);
	livepatch->object = livepatch_read(livepatch->bytes, path, &livepatch->tables, error);
	if (!livepatch->object || !read_info(livepatch, path, error))
		return NULL;
	return g_steal_pointer(&livepatch);
}

void package_livepatch_free(struct package_livepatch *livepatch)
{
	g_clear_pointer(&livepatch->tables, tables_free);
	g_clear_pointer(&livepatch->object, object_free);
	g_clear_pointer(&livepatch->bytes, g_bytes_unref);
	g_clear_pointer(&livepatch->cves, g_ptr_array_unref);
	g_clear_pointer(&livepatch->sources, g_ptr_array_unref);
	g_free(livepatch->name);
	g_free(livepatch->release);
	g_free(livepatch->version);
	g_free(livepatch->klatch);
	g_free(livepatch->compiler);
	g_free(livepatch);
}
