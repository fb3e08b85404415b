/*
 * What the kernel said: the records of /dev/kmsg, and those of them that tell of livepatches.
 */
#ifndef KLATCH_HOST_LOG_H
#define KLATCH_HOST_LOG_H

#include <glib.h>

#include "host/host.h"

struct log_record {
	guint level;	  /* 0 to 7: 3 is an error, 4 a warning */
	guint64 sequence; /* the kernel's number of it */
	gint64 time;	  /* microseconds since boot */
	char *text;
};

/* The records in a text in the form of /dev/kmsg, damaged ones left out.  Array of struct
 * log_record, owned. */
GPtrArray *log_parse(const char *text);

/* All that the kernel still has.  KLATCH_ENVIRONMENT if it can't be read. */
GPtrArray *host_log(const struct host *host, GError **error);

/* Those of the records that tell of livepatches: what the livepatch core says, the kernel sides of
 * the livepatches that it names and of `names` (of char *), and klatch itself.  Records are
 * borrowed: caller unrefs before the log. */
GPtrArray *log_of_livepatches(const GPtrArray *log, const GPtrArray *names);

/* Whether a record tells of one livepatch. */
gboolean log_names(const struct log_record *record, const char *livepatch);

/* When the transition of a livepatch to its present state began: microseconds since boot, or -1. */
gint64 log_since(const GPtrArray *log, const char *livepatch);

/* A time since boot as one of the clock, in microseconds since 1970.  The kernel's log does not
 * count the time that the machine was suspended. */
gint64 log_clock(gint64 since_boot);

/* Has the kernel write a line into its log, at level notice. */
gboolean host_log_write(const struct host *host, const char *line, GError **error);

#endif
