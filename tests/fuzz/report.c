/*
 * Any bytes as a guest's report: read to a verdict on every step of the plan, and what is not a
 * whole report is never taken for one.  The same bytes as a plan: read, or refused by line.
 */
#include <string.h>

#include "base/error.h"
#include "lab/plan.h"
#include "lab/report.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void read_as_report(const char *text, gsize size)
{
	AUTO(plan) plan = plan_parse("step one\nlearn\nstep two\nlearn\n", "fuzz", NULL, NULL);
	AUTO(report) report = report_read(plan, text, size);
	gboolean failed = FALSE;

	g_assert_cmpuint(report->steps->len, ==, 2);
	for (guint i = 0; i < 2; i++) {
		const struct lab_step *step = report->steps->pdata[i];

		failed = failed || step->result == LAB_FAILED;
		g_assert_true(!step->detail || g_utf8_validate(step->detail, -1, NULL));
	}
	g_assert_true(report->ended == !report->died);
	g_assert_true(!report->died || failed);
}

static void read_as_plan(const char *bytes, gsize size)
{
	g_autofree char *text = g_strndup(bytes, size);
	g_autoptr(GError) error = NULL;
	AUTO(plan) plan = plan_parse(text, "fuzz", "/lp.ko", &error);

	g_assert_true(!plan == !!error);
	if (!plan)
		return;
	for (guint i = 0; i < plan->items->len; i++) {
		g_autofree char *path = plan_item_path(plan, plan->items->pdata[i]);

		g_assert_nonnull(path);
	}
	/* What was read is written so that it reads the same, if nothing was declared. */
	if (plan->items->len > 1)
		return;
	g_autofree char *written = plan_text(plan);
	AUTO(plan) again = plan_parse(written, "written", "/lp.ko", NULL);
	g_assert_nonnull(again);
	g_autofree char *rewritten = plan_text(again);
	g_assert_cmpstr(written, ==, rewritten);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	read_as_report((const char *)data, size);
	read_as_plan((const char *)data, size);
	return 0;
}
