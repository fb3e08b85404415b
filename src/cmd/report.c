/*
 * A trial as text and as JSON; what a livepatch changes as JSON.
 */
#include "cmd/report.h"

#include <stdio.h>

#include "build/candidate.h"
#include "cmd/command.h"

static const char *const result_names[] = {
	[LAB_PASSED] = "passed",
	[LAB_SKIPPED] = "skipped",
	[LAB_FAILED] = "failed",
};

/* The detail's lines, each below the step. */
static void print_detail(const char *detail)
{
	g_auto(GStrv) lines = g_strsplit(detail, "\n", -1);

	for (guint i = 0; lines[i]; i++)
		printf("            %s\n", lines[i]);
}

void report_print(const struct lab_report *report)
{
	for (guint i = 0; i < report->steps->len; i++) {
		const struct lab_step *step = g_ptr_array_index(report->steps, i);

		printf("  %-8s  %s\n", result_names[step->result], step->text);
		if (step->detail)
			print_detail(step->detail);
		if (step->result == LAB_FAILED)
			break;
	}
}

static guint count_steps(const struct lab_report *report, enum lab_result result)
{
	guint count = 0;

	for (guint i = 0; i < report->steps->len; i++) {
		const struct lab_step *step = g_ptr_array_index(report->steps, i);

		count += step->result == result;
	}
	return count;
}

void report_print_verdict(const struct lab_report *report)
{
	guint skipped = count_steps(report, LAB_SKIPPED);

	printf("%s, %u of %u steps passed", report->passed ? "passed" : "FAILED",
	       count_steps(report, LAB_PASSED), report->steps->len);
	if (skipped)
		printf(", %u could not be tried", skipped);
	printf(", in %.1f s (%s)\n", report->seconds, report->accelerator);
}

static void add_times(const struct lab_step *step, JsonBuilder *builder)
{
	json_builder_set_member_name(builder, "times");
	json_builder_begin_array(builder);
	for (guint i = 0; i < step->times->len; i++) {
		const struct lab_time *time = g_ptr_array_index(step->times, i);

		json_builder_begin_object(builder);
		command_add_string(builder, "verb", time->verb);
		json_builder_set_member_name(builder, "microseconds");
		json_builder_add_int_value(builder, (gint64)time->microseconds);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

static void add_step(const struct lab_step *step, JsonBuilder *builder)
{
	json_builder_begin_object(builder);
	command_add_string(builder, "step", step->text);
	command_add_string(builder, "result", result_names[step->result]);
	if (step->detail)
		command_add_string(builder, "detail", step->detail);
	json_builder_set_member_name(builder, "kernel");
	json_builder_begin_array(builder);
	for (guint i = 0; i < step->kernel->len; i++)
		json_builder_add_string_value(builder, g_ptr_array_index(step->kernel, i));
	json_builder_end_array(builder);
	add_times(step, builder);
	json_builder_end_object(builder);
}

void report_json(const struct lab_report *report, JsonBuilder *builder)
{
	command_add_string(builder, "status", report->passed ? "passed" : "failed");
	json_builder_set_member_name(builder, "passed");
	json_builder_add_boolean_value(builder, report->passed);
	command_add_string(builder, "accelerator", report->accelerator);
	command_add_string(builder, "output", report->output_path);
	json_builder_set_member_name(builder, "steps");
	json_builder_begin_array(builder);
	for (guint i = 0; i < report->steps->len; i++)
		add_step(g_ptr_array_index(report->steps, i), builder);
	json_builder_end_array(builder);
	json_builder_set_member_name(builder, "seconds");
	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "total");
	json_builder_add_double_value(builder, report->seconds);
	json_builder_end_object(builder);
}

static void add_function(JsonBuilder *builder, const struct changed_function *function)
{
	json_builder_begin_object(builder);
	command_add_string(builder, "name", function->name);
	command_add_string(builder, "change", function->change);
	command_add_string(builder, "why", function->why);
	json_builder_end_object(builder);
}

void report_objects_json(const GPtrArray *objects, JsonBuilder *builder)
{
	json_builder_set_member_name(builder, "objects");
	json_builder_begin_array(builder);
	for (guint i = 0; i < objects->len; i++) {
		const struct changed_object *object = g_ptr_array_index(objects, i);

		json_builder_begin_object(builder);
		command_add_string(builder, "name", object->name);
		json_builder_set_member_name(builder, "functions");
		json_builder_begin_array(builder);
		for (guint j = 0; j < object->functions->len; j++)
			add_function(builder, g_ptr_array_index(object->functions, j));
		json_builder_end_array(builder);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}
