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

static enum outcome fact_module(struct guest *guest, char *arguments)
{
	struct module *module = allocate(sizeof(*module));

	module->label = plan_word(&arguments);
	module->name = plan_word(&arguments);
	module->dependencies = arguments;
	module->next = guest->modules;
	guest->modules = module;
	return PASSED;
}

static enum outcome fact_builtin(struct guest *guest, char *arguments)
{
	struct module *module = allocate(sizeof(*module));

	module->label = module->name = plan_word(&arguments);
	module->dependencies = arguments;
	module->is_builtin = true;
	module->next = guest->modules;
	guest->modules = module;
	return PASSED;
}

static enum outcome fact_alias(struct guest *guest, char *arguments)
{
	struct alias *alias = allocate(sizeof(*alias));

	alias->pattern = plan_word(&arguments);
	alias->label = plan_word(&arguments);
	alias->next = guest->aliases;
	guest->aliases = alias;
	return PASSED;
}

/* The module of a fact that follows that about it. */
static struct module *known_module(const struct guest *guest, char **arguments)
{
	struct module *module = module_find(guest, plan_word(arguments));

	if (!module)
		abort();
	return module;
}

static enum outcome fact_livepatch(struct guest *guest, char *arguments)
{
	known_module(guest, &arguments)->is_livepatch = true;
	return PASSED;
}

static enum outcome fact_follow(struct guest *guest, char *arguments)
{
	struct module *module = known_module(guest, &arguments);

	module->follower = known_module(guest, &arguments);
	return PASSED;
}

static enum outcome fact_function(struct guest *guest, char *arguments)
{
	struct function *function = allocate(sizeof(*function));

	function->livepatch = known_module(guest, &arguments);
	function->object = plan_word(&arguments);
	function->name = plan_word(&arguments);
	function->next = guest->functions;
	guest->functions = function;
	return PASSED;
}

static enum outcome fact_probe(struct guest *guest, char *arguments)
{
	fact_function(guest, arguments);
	guest->functions->probed = true;
	return PASSED;
}

static enum outcome fact_site(struct guest *guest, char *arguments)
{
	struct site *site = allocate(sizeof(*site));

	site->livepatch = known_module(guest, &arguments);
	site->object = plan_word(&arguments);
	site->section = plan_word(&arguments);
	site->offset = strtoull(plan_word(&arguments), NULL, 10);
	site->type = (unsigned int)strtoul(plan_word(&arguments), NULL, 10);
	site->addend = strtoll(plan_word(&arguments), NULL, 10);
	site->symbol_object = plan_word(&arguments);
	site->symbol_section = plan_word(&arguments);
	site->symbol_offset = strtoull(plan_word(&arguments), NULL, 10);
	site->next = guest->sites;
	guest->sites = site;
	return PASSED;
}

static enum outcome fact_devices(struct guest *guest, char *arguments)
{
	guest->devices = true;
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

static enum outcome verb_unchecked(struct guest *guest, char *arguments)
{
	guest->unchecked = true;
	return PASSED;
}

static const struct {
	const char *name;
	enum outcome (*run)(struct guest *guest, char *arguments);
} verbs[] = {
	{"module", fact_module},
	{"builtin", fact_builtin},
	{"alias", fact_alias},
	{"livepatch", fact_livepatch},
	{"follow", fact_follow},
	{"function", fact_function},
	{"probe", fact_probe},
	{"site", fact_site},
	{"devices", fact_devices},
	{"load", module_load},
	{"unload", module_unload},
	{"disable", livepatch_disable},
	{"settle", livepatch_settle},
	{"force", livepatch_force},
	{"patched", livepatch_patched},
	{"unpatched", livepatch_unpatched},
	{"run", program_run},
	{"expect", program_expect},
	{"stop", program_stop},
	{"read", file_read},
	{"gone", file_gone},
	{"behaves", behaviour_is},
	{"turns", behaviour_turns},
	{"write", file_write},
	{"mount", file_mount},
	{"umount", file_umount},
	{"plug", device_plug},
	{"unplug", device_unplug},
	{"log", log_expect},
	{"learn", verb_learn},
	{"unchecked", verb_unchecked},
	{"wait", verb_wait},
};

static enum outcome run_verb(struct guest *guest, const char *verb, char *arguments)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(verb, verbs[i].name))
			return verbs[i].run(guest, arguments);
	guest_note(guest, "the plan has an unknown verb: %s", verb);
	return FAILED;
}

/* What failed because the kernel refused it passed. */
static enum outcome judge_refusal(struct guest *guest, const char *verb, enum outcome outcome)
{
	if (outcome == PASSED)
		guest_note(guest, "%s was not refused", verb);
	return guest->refused ? PASSED : FAILED;
}

static enum outcome follow_line(struct guest *guest, char *line)
{
	const char *verb = plan_word(&line);
	enum outcome outcome;

	guest->begin = !strcmp(verb, "begin");
	guest->wants_refusal = !strcmp(verb, "refused");
	guest->refused = false;
	if (guest->begin || guest->wants_refusal)
		verb = plan_word(&line);
	outcome = run_verb(guest, verb, line);
	return guest->wants_refusal ? judge_refusal(guest, verb, outcome) : outcome;
}

static void begin_step(struct guest *guest, const char *text)
{
	fprintf(guest->report, "step\n");
	fflush(guest->report);
	fprintf(guest->kernel_say, "<6>klatch: %s\n", text);
	fflush(guest->kernel_say);
	guest->learning = false;
	guest->unchecked = false;
}

/* What is looked at by itself when the verbs of a step are done. */
static enum outcome check_step(struct guest *guest)
{
	enum outcome outcome = livepatch_check(guest);

	return outcome == PASSED ? sites_check(guest) : outcome;
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

static enum outcome worse(enum outcome a, enum outcome b)
{
	return a > b ? a : b;
}

void plan_follow(struct guest *guest, char *text)
{
	enum outcome outcome = PASSED;

	while (text && outcome != FAILED) {
		begin_step(guest, strsep(&text, "\n") + strlen("step "));
		outcome = follow_step(guest, &text);
		if (outcome != FAILED && !guest->unchecked)
			outcome = worse(outcome, check_step(guest));
		outcome = worse(outcome, log_check(guest));
		end_step(guest, outcome);
	}
	fprintf(guest->report, "end\n");
	fflush(guest->report);
}
