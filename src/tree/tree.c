/*
 * The source tree, unpacked from its package, and an output tree in which its units compile as
 * they did for the package.
 */
#include "tree/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "kernel/cache.h"
#include "kernel/packages.h"
#include "tree/kbuild.h"
#include "tree/tools.h"

#define CANT_PREPARE "the source can't be prepared"

/* The tarball that a linux-source package holds.  Caller frees. */
static char *find_tarball(const char *directory, GError **error)
{
	g_autofree char *place = g_build_filename(directory, "usr", "src", NULL);
	g_autoptr(GDir) dir = g_dir_open(place, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_prefix(name, "linux-source-") && strstr(name, ".tar"))
			return g_build_filename(place, name, NULL);
	klatch_fail(error, KLATCH_INPUT, "the source can't be unpacked", place, NULL,
		    "the package holds no usr/src/linux-source-*.tar.*");
	return NULL;
}

static gboolean unpack_below(const char *partial, const char *source_deb, struct progress *progress,
			     GError **error)
{
	static const char *const prefixes[] = {"usr/src/linux-source-", NULL};
	g_autofree char *package = g_build_filename(partial, "package", NULL);
	g_autofree char *tree = g_build_filename(partial, "tree", NULL);

	if (!packages_unpack(source_deb, package, prefixes, error))
		return FALSE;
	g_autofree char *tarball = find_tarball(package, error);
	return tarball && packages_unpack_tarball(tarball, tree, progress, error);
}

static gboolean rename_into(const char *from, const char *to, GError **error)
{
	if (!rename(from, to))
		return TRUE;
	klatch_fail(error, KLATCH_ENVIRONMENT, "the source can't be put in place", to, NULL, "%s",
		    g_strerror(errno));
	return FALSE;
}

gboolean tree_unpack(const char *source_deb, const char *source, struct progress *progress,
		     GError **error)
{
	gboolean good;

	if (g_file_test(source, G_FILE_TEST_IS_DIR))
		return TRUE;
	progress_report(progress, "unpacking the source", -1);
	g_autofree char *partial = cache_partial(source, error);
	if (!partial)
		return FALSE;
	g_autofree char *tree = g_build_filename(partial, "tree", NULL);
	good = unpack_below(partial, source_deb, progress, error);
	/* Another klatch may have put it there meanwhile, from a package of the same version. */
	if (good && !g_file_test(source, G_FILE_TEST_IS_DIR))
		good = rename_into(tree, source, error);
	return files_remove_tree(partial, good ? error : NULL) && good;
}

/* The first difference of two texts as a line of each, for a message. */
static char *describe_difference(const char *ours, const char *theirs)
{
	g_auto(GStrv) our_lines = g_strsplit(ours, "\n", -1);
	g_auto(GStrv) their_lines = g_strsplit(theirs, "\n", -1);
	gsize i = 0;

	while (our_lines[i] && their_lines[i] && !strcmp(our_lines[i], their_lines[i]))
		i++;
	return g_strdup_printf("line %" G_GSIZE_FORMAT " is '%s', and '%s' in the package", i + 1,
			       our_lines[i] ? our_lines[i] : "",
			       their_lines[i] ? their_lines[i] : "");
}

/* Debian's real-time kernels are of a source with further patches, which linux-source has not. */
static const char *difference_hint(const char *theirs)
{
	if (strstr(theirs, "\nCONFIG_PREEMPT_RT=y\n"))
		return "a real-time kernel needs a source package with Debian's real-time patches, "
		       "which linux-source does not have: --packages DIRECTORY";
	return "all packages must be of one version, and the compiler the kernel's own";
}

static gboolean compare_files(const char *ours, const char *theirs, GError **error)
{
	g_autofree char *our_text = files_read_text(ours, error);
	g_autofree char *their_text = our_text ? files_read_text(theirs, error) : NULL;

	if (!their_text)
		return FALSE;
	if (!strcmp(our_text, their_text))
		return TRUE;
	g_autofree char *difference = describe_difference(our_text, their_text);
	klatch_fail(error, KLATCH_ENVIRONMENT, CANT_PREPARE, ours, difference_hint(their_text),
		    "it differs from the headers package's: %s", difference);
	return FALSE;
}

/*
 * Made from the time and place of a build.  What the package was built with is taken instead of
 * what this build would say.
 */
static const char *const build_statements[] = {"compile.h", "package.h", "utsversion.h"};

static gboolean is_build_statement(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(build_statements); i++)
		if (!strcmp(name, build_statements[i]))
			return TRUE;
	return FALSE;
}

static gboolean copy_file(const char *from, const char *to, GError **error)
{
	g_autofree char *text = files_read_text(from, error);

	return text && files_write(to, text, strlen(text), error);
}

static gboolean settle_header(const char *name, const char *ours, const char *theirs,
			      GError **error)
{
	if (is_build_statement(name))
		return copy_file(theirs, ours, error);
	/* What the package has besides (for other languages, for tools) is nothing to C. */
	if (!g_str_has_suffix(name, ".h") || !g_file_test(ours, G_FILE_TEST_EXISTS))
		return TRUE;
	return compare_files(ours, theirs, error);
}

/* Makes each generated header equal to the package's, or shows that it is. */
static gboolean settle_headers(const char *ours, const char *theirs, GError **error)
{
	g_autoptr(GDir) dir = g_dir_open(theirs, 0, NULL);
	gboolean good = TRUE;
	const char *name;

	while (good && dir && (name = g_dir_read_name(dir))) {
		g_autofree char *our = g_build_filename(ours, name, NULL);
		g_autofree char *their = g_build_filename(theirs, name, NULL);

		good = g_file_test(their, G_FILE_TEST_IS_DIR)
			       ? settle_headers(our, their, error)
			       : settle_header(name, our, their, error);
	}
	return good;
}

/* The package of a compiler: of "x86_64-linux-gnu-gcc-12" as of "gcc-12" it is gcc-12. */
static const char *compiler_package(const char *compiler)
{
	const char *name = g_strrstr(compiler, "gcc-");

	return name ? name : compiler;
}

static gboolean check_compiler(const char *compiler, const char *compiler_text, GError **error)
{
	const char *argv[] = {compiler, "--version", NULL};
	const char *environment[] = {"LC_ALL=C", NULL};
	const struct process process = {.argv = argv, .environment = environment};
	AUTO_PROCESS_RESULT result = {0};
	g_autofree char *hint =
		g_strdup_printf("install the compiler that built the kernel: apt-get install %s",
				compiler_package(compiler));
	g_autoptr(GError) problem = NULL;

	if (!process_check(&process, "asking the compiler for its version", &result, &problem)) {
		klatch_fail(error, KLATCH_ENVIRONMENT, CANT_PREPARE, compiler, hint,
			    "the kernel was compiled with '%s', which can't be run here",
			    compiler_text);
		return FALSE;
	}
	result.output[strcspn(result.output, "\n")] = '\0';
	if (!strcmp(result.output, compiler_text))
		return TRUE;
	klatch_fail(error, KLATCH_ENVIRONMENT, CANT_PREPARE, compiler, hint,
		    "the kernel was compiled with '%s', but here is '%s'", compiler_text,
		    result.output);
	return FALSE;
}

static gboolean run_make(const char *source, const char *build, const char *release,
			 const char *compiler, GError **error)
{
	g_autoptr(GPtrArray) argv = kbuild_make(source, build, release, compiler);
	g_autofree char *jobs = g_strdup_printf("-j%u", process_jobs());
	AUTO_PROCESS_RESULT result = {0};

	kbuild_add(argv, jobs, "-s", "olddefconfig", "prepare", NULL);
	const struct process process = {.argv = (const char *const *)argv->pdata};
	return process_check(&process, "preparing the source", &result, error);
}

gboolean tree_prepare(const char *source, const char *headers, const char *build,
		      const char *release, const char *compiler, const char *compiler_text,
		      struct progress *progress, GError **error)
{
	static const char *const generated[] = {"include/generated", "arch/x86/include/generated"};
	g_autofree char *their_config = g_build_filename(headers, ".config", NULL);
	g_autofree char *our_config = g_build_filename(build, ".config", NULL);

	progress_report(progress, "preparing the source", -1);
	if (!check_compiler(compiler, compiler_text, error) ||
	    !files_make_directory(build, error) || !copy_file(their_config, our_config, error))
		return FALSE;
	g_autofree char *config = files_read_text(our_config, error);
	if (!config || !tools_write(build, config, error) ||
	    !run_make(source, build, release, compiler, error) ||
	    !compare_files(our_config, their_config, error))
		return FALSE;

	for (gsize i = 0; i < G_N_ELEMENTS(generated); i++) {
		g_autofree char *ours = g_build_filename(build, generated[i], NULL);
		g_autofree char *theirs = g_build_filename(headers, generated[i], NULL);

		if (!settle_headers(ours, theirs, error))
			return FALSE;
	}
	return TRUE;
}
