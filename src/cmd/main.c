/*
 * klatch: the table of commands, dispatch and help.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

static const struct {
	const char *name;
	command_function *run;
	const char *arguments;
	const char *summary;
} commands[] = {
	{"kernel", command_kernel, "add [RELEASE] | list | rm RELEASE",
	 "fetch and prepare stock kernels"},
	{"build", command_build, "[-k RELEASE] [-o FILE] PATCH...", "patch files to one livepatch"},
	{"update", command_update, "[-k RELEASE] [--to VERSION]",
	 "a whole point release to one livepatch"},
	{"diff", command_diff, "ORIGINAL.o PATCHED.o", "what changed between two objects, and why"},
	{"census", command_census, "[-k RELEASE]... [--json] [--html FILE]",
	 "what a livepatch must take care of, how often and where"},
	{"try", command_try, "[-k RELEASE] LIVEPATCH.ko", "prove a livepatch in a virtual machine"},
	{"lab", command_lab, "run SCENARIO... | torture SET", "scenarios in virtual machines"},
	{"compare", command_compare, "[-k RELEASE] PATCH",
	 "each policy for late modules, side by side"},
	{"check", command_check, "[-k RELEASE | --host] LIVEPATCH.ko",
	 "whether a livepatch may be loaded, before it is"},
	{"load", command_load, "[--timeout SECONDS] LIVEPATCH.ko",
	 "load a livepatch into the running kernel"},
	{"status", command_status, "[NAME] [--json] [--watch]", "the livepatches that are loaded"},
	{"log", command_log, "[NAME] [--json]", "what happened to livepatches since boot"},
	{"sign", command_sign, "--key FILE --cert FILE LIVEPATCH.ko",
	 "sign a livepatch in the kernel's own format"},
	{"package", command_package, "[--deb] [-o FILE] LIVEPATCH.ko...",
	 "a Debian package of livepatches for one kernel"},
	{"install", command_install, "[--now] LIVEPATCH.ko", "keep a livepatch for the next boots"},
	{"remove", command_remove, "[-k RELEASE] NAME", "do not load it at boot any more"},
	{"boot", command_boot, "[--healthy | --retry]",
	 "load those that are installed for this kernel"},
	{"unload", command_unload, "NAME", "disable a livepatch and remove it"},
	{"revert", command_revert, "", "turn round the transition that is under way"},
};

static void usage(FILE *out)
{
	fputs("Usage: klatch COMMAND [OPTION...]\n\n", out);
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		fprintf(out, "  klatch %-7s %-40s %s\n", commands[i].name, commands[i].arguments,
			commands[i].summary);
	fputs("\nEach command explains itself with --help. Exit codes: 0 done, 1 refused, 2 can't "
	      "run, 3 nothing changes.\n",
	      out);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return EXIT_CANNOT;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("klatch " KLATCH_VERSION);
		return EXIT_DONE;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "klatch: there is no command '%s'; see klatch --help\n", argv[1]);
	return EXIT_CANNOT;
}
