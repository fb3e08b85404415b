/*
 * The kernel log, read after each step, so that a complaint is found at the step that caused it.
 *
 * Any line of level warning or worse is a complaint, unless the same line, numbers aside, was seen
 * without the livepatch, or it is one that a livepatch or a slow machine always gives.
 */
#include "guest.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEVEL_WARNING  4
#define LEVEL_DEBUG    7
#define EXPECT_SECONDS 20
#define LINES_SHOWN    8

/* Patterns as fnmatch() has them. */
static const char *const harmless[] = {
	"*: loading out-of-tree module taints kernel.",
	/* An emulated machine that had to wait for its host. */
	"clocksource: *",
	"hrtimer: interrupt took *",
	"perf: interrupt took too long *",
	"sched: RT throttling activated",
};

/* These say that a module does not fit this kernel: never normal, whenever they are seen. */
static const char *const never_learned[] = {
	"*: Unknown symbol *",
	"*: disagrees about version of symbol *",
	"*: version magic *",
};

static bool matches(const char *const *patterns, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (!fnmatch(patterns[i], text, 0))
			return true;
	return false;
}

/* Writes # for each number, decimal or hexadecimal, in place. */
static void remove_numbers(char *text)
{
	char *out = text;

	while (*text) {
		size_t run = strspn(text, "0123456789abcdefABCDEF");

		if (run && strcspn(text, "0123456789") < run) {
			*out++ = '#';
			text += run;
		} else {
			run = run ? run : 1;
			memmove(out, text, run);
			out += run;
			text += run;
		}
	}
	*out = '\0';
}

static bool is_known(const struct guest *guest, const char *text)
{
	const struct known_line *known = guest->known;

	while (known && strcmp(known->text, text))
		known = known->next;
	return known;
}

static void learn(struct guest *guest, const char *text)
{
	size_t size = strlen(text) + 1;
	struct known_line *known = malloc(sizeof(*known) + size);

	if (!known)
		abort();
	memcpy(known->text, text, size);
	known->next = guest->known;
	guest->known = known;
}

static bool is_harmless(const char *text)
{
	return matches(harmless, sizeof(harmless) / sizeof(*harmless), text);
}

/* Whether the text of a kernel's line of level warning or worse is a complaint. */
static bool is_complaint(struct guest *guest, const char *text)
{
	char plain[1024];

	if (matches(never_learned, sizeof(never_learned) / sizeof(*never_learned), text))
		return true;
	snprintf(plain, sizeof(plain), "%s", text);
	remove_numbers(plain);
	if (is_known(guest, plain))
		return false;
	if (!guest->learning)
		return true;
	learn(guest, plain);
	return false;
}

/*
 * The text of a record "PRIORITY,SEQUENCE,TIME,FLAGS;TEXT\n KEY=VALUE..." if the kernel itself
 * wrote it, else NULL.  The priority is facility * 8 + level; the kernel's own facility is 0.
 */
static char *kernel_text(char *record, unsigned long *level)
{
	char *text = strchr(record, ';');

	*level = strtoul(record, NULL, 10);
	if (!text || *level > LEVEL_DEBUG)
		return NULL;
	text++;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void add_line(struct guest *guest, unsigned long level, const char *text)
{
	size_t size = strlen(text) + 1;
	struct log_line *line = malloc(sizeof(*line) + size);

	if (!line)
		abort();
	memcpy(line->text, text, size);
	line->level = (unsigned int)level;
	line->expected = false;
	line->next = NULL;
	if (!guest->log)
		guest->log_end = &guest->log;
	*guest->log_end = line;
	guest->log_end = &line->next;
}

/* Takes in what the kernel has said since the last call. */
static void take_in(struct guest *guest)
{
	char record[8192];

	for (;;) {
		ssize_t got = read(guest->kernel_log, record, sizeof(record) - 1);
		unsigned long level;
		char *text;

		if (got < 0 && errno == EPIPE) {
			add_line(guest, 0, "the kernel log overflowed");
			continue;
		}
		if (got <= 0)
			return;
		record[got] = '\0';
		text = kernel_text(record, &level);
		if (text)
			add_line(guest, level, text);
	}
}

/* All lines that hold the text, as one event may be told in several alike. */
static bool mark_expected(struct guest *guest, const char *text)
{
	bool found = false;

	for (struct log_line *line = guest->log; line; line = line->next)
		if (strstr(line->text, text))
			line->expected = found = true;
	return found;
}

enum outcome log_expect(struct guest *guest, char *arguments)
{
	for (unsigned int waited = 0; waited <= EXPECT_SECONDS * 1000; waited += 100) {
		take_in(guest);
		if (mark_expected(guest, arguments))
			return PASSED;
		wait_milliseconds(100);
	}
	guest_note(guest, "the kernel did not say: %s", arguments);
	return FAILED;
}

/* A line ends with the step that it was said in. */
static void drop_lines(struct guest *guest)
{
	while (guest->log) {
		struct log_line *line = guest->log;

		guest->log = line->next;
		free(line);
	}
}

enum outcome log_check(struct guest *guest)
{
	int complaints = 0;

	take_in(guest);
	for (const struct log_line *line = guest->log; line; line = line->next) {
		if (line->level > LEVEL_WARNING || is_harmless(line->text))
			continue;
		fprintf(guest->report, "kernel %s\n", line->text);
		if (!line->expected && is_complaint(guest, line->text) &&
		    complaints++ < LINES_SHOWN)
			guest_note(guest, "kernel: %s", line->text);
	}
	drop_lines(guest);
	return complaints ? FAILED : PASSED;
}
