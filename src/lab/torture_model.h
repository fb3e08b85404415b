/*
 * What a machine must be like after events: the model that it is compared with.
 */
#ifndef KLATCH_LAB_TORTURE_MODEL_H
#define KLATCH_LAB_TORTURE_MODEL_H

#include "lab/torture_set.h"

struct model;

struct model *model_new(const struct torture_set *set);
void model_free(struct model *model);
DEFINE_AUTO(model, model_free)

/* Whether an event can happen now. */
gboolean model_allows(const struct model *model, const struct torture_event *event);

/* Lets it happen. */
void model_apply(struct model *model, const struct torture_event *event);

/*
 * The verbs (lab/plan.h) that do what the event is and expect what must come of it; and those that
 * compare all that is to be seen then.  model: before the event, and after it.
 */
void model_write_event(const struct model *model, const struct torture_event *event,
		       GString *scenario);
void model_write_checks(const struct model *model, GString *scenario);

/* The event in words. */
char *model_describe(const struct model *model, const struct torture_event *event);

#endif
