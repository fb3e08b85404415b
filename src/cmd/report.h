/*
 * What several commands report: a trial, and what a livepatch changes.
 */
#ifndef KLATCH_CMD_REPORT_H
#define KLATCH_CMD_REPORT_H

#include <json-glib/json-glib.h>

#include "lab/lab.h"

/* A line a step, up to one that failed: what follows it was not come to. */
void report_print(const struct lab_report *report);

/* "passed, 3 of 3 steps passed, in 7.1 s (emulation)" and the line's end. */
void report_print_verdict(const struct lab_report *report);

/* Adds members to an object: status, passed, accelerator, output, steps, seconds. */
void report_json(const struct lab_report *report, JsonBuilder *builder);

/* Adds the member "objects": of struct changed_object (build/candidate.h). */
void report_objects_json(const GPtrArray *objects, JsonBuilder *builder);

#endif
