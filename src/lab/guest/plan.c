/*
 * The plan: facts, then steps of verbs.  A step that fails is the last one: what would follow had
 * no known state to begin from.
 */
#include "guest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *plan_word(char **line)
{
	char *word = *line + strspn(*line, " \t");
	size_t length = strcspn(word, " \t");

	*line = word + length;
	if (**line)
		*(*line)++ = '\0';
	return word;
}

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

static enum outcome fact_livepatch(struct guest *guest, char *arguments)
{
	guest->livepatch = plan_word(&arguments);
	return PASSED;
}

static enum outcome fact_module(struct guest *guest, char *arguments)
{
	struct module *module = allocate(sizeof(*module));

	module->name = plan_word(&arguments);
	module->dependencies = arguments;
	module->next = guest->modules;
	guest->modules = module;
	return PASSED;
}

static enum outcome fact_alias(struct guest *guest, char *arguments)
{
	struct alias *alias = allocate(sizeof(*alias));

	alias->pattern = plan_word(&arguments);
	alias->name = plan_word(&arguments);
	alias->next = guest->aliases;
	guest->aliases = alias;
	return PASSED;
}

static enum outcome fact_function(struct guest *guest, char *arguments)
{
	struct function *function = allocate(sizeof(*function));

	function->object = plan_word(&arguments);
	function->name = plan_word(&arguments);
	function->next = guest->functions;
	guest->functions = function;
	return PASSED;
}

static enum outcome verb_learn(struct guest *guest, char *arguments)
{
	guest->learning = true;
	return PASSED;
}

static enum outcome verb_wait(struct guest *guest, char *arguments)
{
	wait_milliseconds((unsigned int)strtoul(plan_word(&arguments), NULL, 10));
	return PASSED;
}

static const struct {
	const char *name;
	enum outcome (*run)(struct guest *guest, char *arguments);
} verbs[] = {
	{"livepatch", fact_livepatch},	{"module", fact_module},   {"alias", fact_alias},
	{"function", fact_function},	{"learn", verb_learn},	   {"wait", verb_wait},
	{"load", module_load},		{"unload", module_unload}, {"patched", livepatch_patched},
	{"disable", livepatch_disable}, {"run", program_run},	   {"expect", program_expect},
};

static enum outcome follow_line(struct guest *guest, char *line)
{
	const char *verb = plan_word(&line);

	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(verb, verbs[i].name))
			return verbs[i].run(guest, line);
	guest_note(guest, "the plan has an unknown verb: %s", verb);
	return FAILED;
}

static void begin_step(struct guest *guest, const char *text)
{
	fprintf(guest->report, "step\n");
	fflush(guest->report);
	fprintf(guest->kernel_say, "<6>klatch: %s\n", text);
	fflush(guest->kernel_say);
	guest->learning = false;
}

static void end_step(struct guest *guest, enum outcome outcome)
{
	static const char *const names[] = {"passed", "skipped", "failed"};

	fprintf(guest->report, "%s\n", names[outcome]);
	fflush(guest->report);
}

static bool is_step(const char *line)
{
	return !strncmp(line, "step ", 5);
}

/*
 * The verbs of one step, up to the next step or the end; *text is moved there.  The first verb that
 * does not pass is the last one done.
 */
static enum outcome follow_step(struct guest *guest, char **text)
{
	enum outcome outcome = PASSED;

	while (*text && !is_step(*text)) {
		char *line = strsep(text, "\n");

		if (*line && outcome == PASSED)
			outcome = follow_line(guest, line);
	}
	return outcome;
}

char *plan_read(void)
{
	struct stat status;
	int fd = open("/plan", O_RDONLY);

	if (fd < 0 || fstat(fd, &status))
		return NULL;
	char *text = calloc(1, (size_t)status.st_size + 1);
	if (text && read(fd, text, (size_t)status.st_size) != status.st_size)
		text = NULL;
	close(fd);
	return text;
}

char *plan_facts(struct guest *guest, char *text)
{
	follow_step(guest, &text);
	return text;
}

void plan_follow(struct guest *guest, char *text)
{
	enum outcome outcome = PASSED;

	while (text && outcome != FAILED) {
		enum outcome log;

		begin_step(guest, strsep(&text, "\n") + strlen("step "));
		outcome = follow_step(guest, &text);
		log = log_check(guest);
		if (log > outcome)
			outcome = log;
		end_step(guest, outcome);
	}
	fprintf(guest->report, "end\n");
	fflush(guest->report);
}
