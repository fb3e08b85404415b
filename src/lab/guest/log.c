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

#define LEVEL_WARNING 4
#define LINES_SHOWN   8

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

/* Whether the text of a kernel's line of level warning or worse is a complaint. */
static bool is_complaint(struct guest *guest, const char *text)
{
	char plain[1024];

	if (matches(harmless, sizeof(harmless) / sizeof(*harmless), text))
		return false;
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
 * wrote it at level warning or worse, else NULL.  The priority is facility * 8 + level; the
 * kernel's own facility is 0.
 */
static char *warning_text(char *record)
{
	unsigned long priority = strtoul(record, NULL, 10);
	char *text = strchr(record, ';');

	if (!text || priority > LEVEL_WARNING)
		return NULL;
	text++;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

enum outcome log_check(struct guest *guest)
{
	char record[8192];
	int complaints = 0;

	for (;;) {
		ssize_t got = read(guest->kernel_log, record, sizeof(record) - 1);
		char *text;

		if (got < 0 && errno == EPIPE) {
			guest_note(guest, "the kernel log overflowed");
			complaints++;
			continue;
		}
		if (got <= 0)
			break;
		record[got] = '\0';
		text = warning_text(record);
		if (text && is_complaint(guest, text) && complaints++ < LINES_SHOWN)
			guest_note(guest, "kernel: %s", text);
	}
	return complaints ? FAILED : PASSED;
}
