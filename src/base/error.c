/*
 * Errors as GError with private data (GLib's extended error domains, since 2.68).
 */
#include "base/error.h"

struct klatch_private {
	struct klatch_reason reason;
};

static void klatch_error_private_init(struct klatch_private *priv)
{
	priv->reason = (struct klatch_reason){0};
}

static void klatch_error_private_copy(const struct klatch_private *src, struct klatch_private *dst)
{
	dst->reason = (struct klatch_reason){
		.what = g_strdup(src->reason.what),
		.where = g_strdup(src->reason.where),
		.why = g_strdup(src->reason.why),
		.hint = g_strdup(src->reason.hint),
	};
}

static void klatch_error_private_clear(struct klatch_private *priv)
{
	g_free(priv->reason.what);
	g_free(priv->reason.where);
	g_free(priv->reason.why);
	g_free(priv->reason.hint);
}

/* The names that G_DEFINE_EXTENDED_ERROR builds are fixed: <Type>Private and <function>_private_*.
 */
typedef struct klatch_private KlatchErrorPrivate;
G_DEFINE_EXTENDED_ERROR(KlatchError, klatch_error)

void klatch_fail(GError **error, enum klatch_code code, const char *what, const char *where,
		 const char *hint, const char *why, ...)
{
	if (!error)
		return;

	va_list args;
	va_start(args, why);
	g_autofree char *why_text = g_strdup_vprintf(why, args);
	va_end(args);

	g_set_error(error, KLATCH_ERROR, code, "%s%s%s: %s%s%s", where ? where : "",
		    where ? ": " : "", what, why_text, hint ? "; " : "", hint ? hint : "");
	klatch_error_get_private(*error)->reason = (struct klatch_reason){
		.what = g_strdup(what),
		.where = g_strdup(where),
		.why = g_steal_pointer(&why_text),
		.hint = g_strdup(hint),
	};
}

const struct klatch_reason *klatch_error_reason(const GError *error)
{
	return &klatch_error_get_private(error)->reason;
}

int klatch_error_exit_code(const GError *error)
{
	return g_error_matches(error, KLATCH_ERROR, KLATCH_REFUSED) ? 1 : 2;
}

void klatch_adopt(GError **error, enum klatch_code code, const char *what, const char *where,
		  const char *hint, GError *cause)
{
	klatch_fail(error, code, what, where, hint, "%s", cause->message);
	g_error_free(cause);
}
