/*
 * A source unpacked and prepared: the package and the kernel's build are small ones made here.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"
#include "tree/tree.h"

/* What the kernel's Makefile does, as far as tree_prepare() can see it. */
static const char makefile[] = "G := include/generated\n"
			       "olddefconfig:\n"
			       "\tcd $(O) && sed -i /CONFIG_DROPPED/d .config &&\\\n"
			       "\t	for tool in $(PAHOLE) $(RUSTC) $(BINDGEN); do\\\n"
			       "\t	$$tool --version --verbose; done >versions || :\n"
			       "prepare:\n"
			       "\tmkdir -p $(O)/$G $(O)/arch/x86/$G/asm\n"
			       "\techo release $(KERNELRELEASE) by $(CC) >$(O)/$G/release.h\n"
			       "\techo here and now >$(O)/$G/compile.h\n"
			       "\techo '#include <asm-generic/x.h>' >$(O)/arch/x86/$G/asm/x.h\n";

struct fixture {
	char *source, *headers, *build, *compiler_text;
};

static void make_fixture(struct fixture *fixture, const char *directory)
{
	*fixture = (struct fixture){
		.source = path_in(directory, "source"),
		.headers = path_in(directory, "headers"),
		.build = path_in(directory, "build"),
		.compiler_text = output_of(directory, "sh", "-c",
					   "LC_ALL=C gcc --version | head -1 | tr -d '\\n'", NULL),
	};
	g_free(output_of(directory, "mkdir", "-p", "source", "headers/include/generated",
			 "headers/arch/x86/include/generated/asm", NULL));
	write_text(directory, "source/Makefile", makefile);
	write_text(directory, "headers/.config", "CONFIG_A=y\nCONFIG_PAHOLE_VERSION=124\n");
	write_text(directory, "headers/include/generated/release.h", "release 6.1.0-1 by gcc\n");
	write_text(directory, "headers/include/generated/compile.h", "Debian\n");
	write_text(directory, "headers/include/generated/utsversion.h", "#1 SMP\n");
	write_text(directory, "headers/arch/x86/include/generated/asm/x.h",
		   "#include <asm-generic/x.h>\n");
}

static void clear_fixture(struct fixture *fixture)
{
	g_free(fixture->source);
	g_free(fixture->headers);
	g_free(fixture->build);
	g_free(fixture->compiler_text);
}
#define AUTO_FIXTURE __attribute__((cleanup(clear_fixture))) struct fixture

static gboolean prepare(const struct fixture *fixture, const char *compiler_text, GError **error)
{
	return tree_prepare(fixture->source, fixture->headers, fixture->build, "6.1.0-1", "gcc",
			    compiler_text, NULL, error);
}

static void assert_text(const char *directory, const char *file, const char *expected)
{
	g_autofree char *path = path_in(directory, file);
	g_autofree char *text = files_read_text(path, NULL);

	assert_non_null(text);
	assert_string_equal(text, expected);
}

static void test_prepared_as_the_package(void **state)
{
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	/* not the user's, nor those of a make that runs this */
	g_setenv("MAKEFLAGS", "n", TRUE);
	prepare(&fixture, fixture.compiler_text, &error);
	g_unsetenv("MAKEFLAGS");
	assert_no_error(error);
	/* what the builder said of itself is taken over */
	assert_text(fixture.build, "include/generated/compile.h", "Debian\n");
	assert_text(fixture.build, "include/generated/utsversion.h", "#1 SMP\n");
	/* the rest was made here and is the same */
	assert_text(fixture.build, ".config", "CONFIG_A=y\nCONFIG_PAHOLE_VERSION=124\n");
	assert_text(fixture.build, "include/generated/release.h", "release 6.1.0-1 by gcc\n");
}

/* They compile nothing, but their versions are in the configuration. */
static void test_tools_say_what_was_configured(void **state)
{
	static const struct {
		const char *config, *versions;
	} cases[] = {
		{"CONFIG_A=y\nCONFIG_PAHOLE_VERSION=124\n", "v1.24\n"},
		{"CONFIG_A=y\nCONFIG_RUSTC_VERSION=0\nCONFIG_PAHOLE_VERSION=0\n", "0\n"},
		{"CONFIG_A=y\nCONFIG_RUSTC_VERSION=107801\nCONFIG_RUSTC_LLVM_VERSION=180107\n",
		 "0\nrustc 1.78.1\nLLVM version: 18.1.7\n"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		AUTO_FIXTURE fixture;
		g_autoptr(GError) error = NULL;

		make_fixture(&fixture, *state);
		write_text(*state, "headers/.config", cases[i].config);
		prepare(&fixture, fixture.compiler_text, &error);
		assert_no_error(error);
		assert_text(fixture.build, "versions", cases[i].versions);
	}
}

static void test_differences_are_named(void **state)
{
	static const struct {
		const char *file, *text, *reason;
	} cases[] = {
		{"headers/include/generated/release.h", "release 6.1.0-2 by gcc\n", "release.h"},
		{"headers/arch/x86/include/generated/asm/x.h", "\n", "asm/x.h"},
		{"headers/.config", "CONFIG_A=y\nCONFIG_DROPPED=y\n", "CONFIG_DROPPED=y"},
		{"headers/.config", "CONFIG_A=y\nCONFIG_PREEMPT_RT=y\nCONFIG_DROPPED=y\n",
		 "real-time patches"},
		{"source/Makefile", "olddefconfig:\n\techo no bison here >&2; false\n",
		 "no bison here"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		AUTO_FIXTURE fixture;
		g_autoptr(GError) error = NULL;

		make_fixture(&fixture, *state);
		write_text(*state, cases[i].file, cases[i].text);
		assert_false(prepare(&fixture, fixture.compiler_text, &error));
		assert_error(&error, KLATCH_ENVIRONMENT, cases[i].reason);
		assert_true(files_remove_tree(fixture.build, NULL));
	}
}

static void test_another_compiler(void **state)
{
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	assert_false(prepare(&fixture, "gcc (Debian 4.0)", &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "gcc (Debian 4.0)");
	assert_false(tree_prepare(fixture.source, fixture.headers, fixture.build, "6.1.0-1",
				  "gcc-none", "gcc-none (Debian)", NULL, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "gcc-none (Debian)");
}

static void make_package(const char *directory, const char *tarball)
{
	g_autofree char *script = g_strdup_printf(
		"set -e; mkdir -p root/DEBIAN root/usr/src linux-source-6.1/include;"
		"echo text >linux-source-6.1/include/file;"
		"tar cJf root/usr/src/%s linux-source-6.1;"
		"printf 'Package: linux-source-6.1\\nVersion: 1\\nArchitecture: all\\n"
		"Maintainer: none\\nDescription: x\\n' >root/DEBIAN/control;"
		"dpkg-deb -b root source.deb",
		tarball);

	g_free(output_of(directory, "sh", "-c", script, NULL));
}

static void test_unpacked_once(void **state)
{
	g_autofree char *deb = path_in(*state, "source.deb");
	g_autofree char *source = path_in(*state, "sources/6.1");
	g_autoptr(GError) error = NULL;

	make_package(*state, "linux-source-6.1.tar.xz");
	g_free(output_of(*state, "mkdir", "sources", NULL));
	tree_unpack(deb, source, NULL, &error);
	assert_no_error(error);
	assert_text(source, "include/file", "text\n");
	/* nothing is left beside it */
	g_autofree char *left = output_of(*state, "ls", "-A", "sources", NULL);
	assert_string_equal(left, "6.1\n");

	write_text(*state, "sources/6.1/include/file", "kept\n");
	assert_true(tree_unpack(deb, source, NULL, &error));
	assert_text(source, "include/file", "kept\n");
}

static void test_no_tarball(void **state)
{
	g_autofree char *deb = path_in(*state, "source.deb");
	g_autofree char *source = path_in(*state, "sources/6.1");
	g_autoptr(GError) error = NULL;

	make_package(*state, "something-else.tar.xz");
	g_free(output_of(*state, "mkdir", "sources", NULL));
	assert_false(tree_unpack(deb, source, NULL, &error));
	assert_error(&error, KLATCH_INPUT, "linux-source-*");
	g_autofree char *left = output_of(*state, "ls", "-A", "sources", NULL);
	assert_string_equal(left, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
		TEST(test_prepared_as_the_package), TEST(test_tools_say_what_was_configured),
		TEST(test_differences_are_named),   TEST(test_another_compiler),
		TEST(test_unpacked_once),	    TEST(test_no_tarball),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
