/*
 * Packages that dpkg-deb makes here, in a directory or in an archive that a false apt serves; and
 * packages made to write where they may not.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"
#include "kernel/packages.h"
#include "kernel/suite.h"

#define RELEASE "6.1.0-56-amd64"

/* Makes a package in a directory.  Its file name says nothing. */
static void make_package(const char *directory, const char *name, const char *version)
{
	g_autofree char *control =
		g_strdup_printf("Package: %s\nVersion: %s\nArchitecture: amd64\n"
				"Maintainer: nobody <no@body>\nDescription: none\n",
				name, version);
	g_autofree char *root = path_in(directory, "root");
	g_autofree char *meta = path_in(root, "DEBIAN");
	g_autofree char *boot = path_in(root, "boot");
	g_autofree char *file = g_strdup_printf("%x.deb", g_str_hash(control));

	assert_true(files_make_directory(meta, NULL));
	assert_true(files_make_directory(boot, NULL));
	write_text(meta, "control", control);
	write_text(boot, "vmlinuz", version);
	write_text(root, "readme", name);
	g_free(output_of(directory, "dpkg-deb", "-b", "root", file, NULL));
	assert_true(files_remove_tree(root, NULL));
}

static void make_packages(const char *directory, const char *version)
{
	make_package(directory, "linux-image-" RELEASE, version);
	make_package(directory, "linux-headers-" RELEASE, version);
	make_package(directory, "linux-headers-6.1.0-56-common", version);
	make_package(directory, "linux-source-6.1", version);
}

static struct packages *get(const char *directory, GError **error)
{
	const struct packages_wish wish = {.release = RELEASE, .directory = directory};

	return packages_get(&wish, NULL, error);
}

static char *content(const char *deb, const char *place)
{
	static const char *const prefixes[] = {"boot/", NULL};
	g_autofree char *file = path_in(place, "boot/vmlinuz");
	g_autoptr(GError) error = NULL;

	packages_unpack(deb, place, prefixes, &error);
	assert_no_error(error);
	return files_read_text(file, NULL);
}

static void test_one_version_is_found(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *place = path_in(*state, "unpacked");

	make_packages(*state, "6.1.192-2");
	make_package(*state, "linux-source-6.1", "6.1.190-1");
	make_package(*state, "unrelated", "1");
	AUTO(packages) packages = get(*state, &error);
	assert_no_error(error);
	assert_string_equal(packages->version, "6.1.192-2");
	assert_null(packages->kbuild);
	g_autofree char *image = content(packages->image, place);
	assert_string_equal(image, "6.1.192-2");
	/* only what was asked for */
	g_autofree char *readme = path_in(place, "readme");
	assert_false(g_file_test(readme, G_FILE_TEST_EXISTS));
}

static void test_newest_whole_version_is_chosen(void **state)
{
	g_autoptr(GError) error = NULL;

	make_packages(*state, "6.1.9-1");
	make_packages(*state, "6.1.10-1");
	make_package(*state, "linux-image-" RELEASE, "6.1.11-1");
	make_package(*state, "linux-kbuild-6.1", "6.1.10-1");
	AUTO(packages) packages = get(*state, &error);
	assert_no_error(error);
	assert_string_equal(packages->version, "6.1.10-1");
	assert_non_null(packages->kbuild);
}

static void test_two_versions_are_named(void **state)
{
	g_autoptr(GError) error = NULL;

	make_package(*state, "linux-image-" RELEASE, "6.1.192-2");
	make_package(*state, "linux-headers-" RELEASE, "6.1.192-2");
	make_package(*state, "linux-headers-6.1.0-56-common", "6.1.192-1");
	make_package(*state, "linux-source-6.1", "6.1.192-2");
	assert_null(get(*state, &error));
	assert_non_null(strstr(error->message, "linux-image-" RELEASE " is of version 6.1.192-2"));
	assert_error(&error, KLATCH_INPUT, "linux-headers-6.1.0-56-common of version 6.1.192-1");
}

static void test_missing_package_is_named(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_null(get(*state, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "there is no linux-image-" RELEASE);
	make_package(*state, "linux-image-" RELEASE, "6.1.192-2");
	make_package(*state, "linux-headers-" RELEASE, "6.1.192-2");
	make_package(*state, "linux-headers-6.1.0-56-common", "6.1.192-2");
	assert_null(get(*state, &error));
	assert_error(&error, KLATCH_ENVIRONMENT,
		     "there is no linux-source-6.1 of version 6.1.192-2");
}

static void test_damaged_package_is_named(void **state)
{
	g_autoptr(GError) error = NULL;

	write_text(*state, "linux-image.deb", "!<arch>\nnot a package\n");
	assert_null(get(*state, &error));
	assert_error(&error, KLATCH_INPUT, "linux-image.deb");
}

static void test_names_by_flavour(void **state)
{
	g_autoptr(GError) error = NULL;

	make_package(*state, "linux-image-6.1.0-56-rt-amd64", "6.1.192-2");
	make_package(*state, "linux-headers-6.1.0-56-rt-amd64", "6.1.192-2");
	make_package(*state, "linux-headers-6.1.0-56-common-rt", "6.1.192-2");
	make_package(*state, "linux-image-6.1.0-56-cloud-amd64", "6.1.192-2");
	make_package(*state, "linux-headers-6.1.0-56-cloud-amd64", "6.1.192-2");
	make_package(*state, "linux-headers-6.1.0-56-common", "6.1.192-2");
	make_package(*state, "linux-source-6.1", "6.1.192-2");
	struct packages_wish wish = {.release = "6.1.0-56-rt-amd64", .directory = *state};
	AUTO(packages) realtime = packages_get(&wish, NULL, &error);
	assert_no_error(error);
	wish.release = "6.1.0-56-cloud-amd64";
	AUTO(packages) cloud = packages_get(&wish, NULL, &error);
	assert_no_error(error);
	assert_string_not_equal(realtime->headers_common, cloud->headers_common);
	assert_string_equal(realtime->source, cloud->source);
}

static void test_image_alone(void **state)
{
	struct packages_wish wish = {
		.release = "7.2.13+deb14-amd64", .directory = *state, .image_only = TRUE};
	g_autoptr(GError) error = NULL;

	make_package(*state, "linux-image-7.2.13+deb14-amd64", "7.2.13-1");
	make_package(*state, "linux-binary-7.2.13+deb14-amd64", "7.2.13-1");
	make_package(*state, "linux-modules-7.2.13+deb14-amd64", "7.2.13-1");
	AUTO(packages) alone = packages_get(&wish, NULL, &error);
	assert_no_error(error);
	assert_string_equal(alone->version, "7.2.13-1");
	assert_non_null(alone->image);
	assert_non_null(alone->binary);
	assert_non_null(alone->modules);
	assert_null(alone->headers);
	assert_null(alone->source);
	wish.image_only = FALSE;
	assert_null(packages_get(&wish, NULL, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "linux-headers-7.2.13+deb14-amd64");
}

static void test_mirror_of_a_suite(void **state)
{
	static const char targets[] = "Other|http://z/\n"
				      "Debian|http://x/debian/\n"
				      "Debian-Security|http://y/security/\n"
				      "Debian|http://second/\n";
	g_autofree char *security = suite_mirror(targets, suite_label("bullseye-security"));
	g_autofree char *main = suite_mirror(targets, suite_label("sid"));

	assert_string_equal(security, "http://y/security/");
	assert_string_equal(main, "http://x/debian/");
	assert_null(suite_mirror("Other|http://z/\n", suite_label("sid")));
}

static void test_what_is_no_suite(void **state)
{
	struct packages_wish wish = {.release = RELEASE};
	g_autoptr(GError) error = NULL;

	g_setenv("KLATCH_CACHE", *state, TRUE);
	wish.suite = "../sid";
	assert_null(packages_get(&wish, NULL, &error));
	assert_error(&error, KLATCH_USAGE, "../sid");
	g_unsetenv("KLATCH_CACHE");
}

/* An archive: programs named as apt's that serve what is in a directory. */
static void make_archive(const char *directory)
{
	g_autofree char *path = g_strconcat(directory, ":", g_getenv("PATH"), NULL);

	write_text(directory, "apt-cache",
		   "#!/bin/sh\n"
		   "for deb in \"${0%/*}\"/*.deb; do\n"
		   "	dpkg-deb -W --showformat='${Package} | ${Version} | http://x y\\n' $deb\n"
		   "done\n");
	write_text(
		directory, "apt-get",
		"#!/bin/sh\n"
		"[ -e \"${0%/*}/broken\" ] && echo 'E: no route to the archive' >&2 && exit 100\n"
		"while [ \"$1\" != download ]; do shift; done\n"
		"echo $* >>\"${0%/*}/log\"\n"
		"cp \"${0%/*}\"/*.deb .\n");
	g_free(output_of(directory, "chmod", "+x", "apt-cache", "apt-get", NULL));
	g_setenv("PATH", path, TRUE);
}

static void test_fetched_once_and_kept(void **state)
{
	g_autofree char *archive = path_in(*state, "archive");
	g_autofree char *cache = path_in(*state, "cache");
	g_autofree char *kept = path_in(cache, "packages");
	g_autofree char *path = g_strdup(g_getenv("PATH"));
	g_autoptr(GError) error = NULL;

	assert_true(files_make_directory(archive, NULL));
	make_archive(archive);
	make_packages(archive, "6.1.192-2");
	g_setenv("KLATCH_CACHE", cache, TRUE);

	write_text(archive, "broken", "");
	assert_null(get(NULL, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "no route to the archive");
	g_free(output_of(archive, "rm", "broken", NULL));

	AUTO(packages) packages = get(NULL, &error);
	assert_no_error(error);
	assert_string_equal(packages->version, "6.1.192-2");
	assert_true(g_str_has_prefix(packages->image, kept));
	g_autofree char *log = path_in(archive, "log");
	g_autofree char *asked = files_read_text(log, NULL);
	assert_non_null(strstr(asked, "linux-source-6.1=6.1.192-2"));
	assert_null(strstr(asked, "kbuild"));
	/* nothing half done is left */
	g_autofree char *left = output_of(kept, "sh", "-c", "ls | grep -v '[.]deb$' || :", NULL);
	assert_string_equal(left, "");

	/* from now on without the archive */
	assert_true(files_remove_tree(archive, NULL));
	AUTO(packages) again = get(NULL, &error);
	assert_no_error(error);
	assert_string_equal(again->version, "6.1.192-2");
	g_setenv("PATH", path, TRUE);
}

/* A .deb around a tarball that a command makes, in a directory of its own. */
static void make_hostile(const char *directory, const char *command)
{
	g_autofree char *script = g_strconcat(
		"set -e; rm -rf h hostile.deb; mkdir h; cd h; echo text >file; ", command,
		"; echo 2.0 >debian-binary; cp data.tar control.tar;"
		"ar rc ../hostile.deb debian-binary control.tar data.tar",
		NULL);

	g_free(output_of(directory, "sh", "-c", script, NULL));
}

static void test_nothing_is_written_elsewhere(void **state)
{
	static const char *const commands[] = {
		"tar -cPf data.tar --transform 's,^,../outside/,' file",
		"tar -cPf data.tar --transform 's,^,a/../../outside/,' file",
		"tar -cPf data.tar --transform \"s,^,$PWD/../outside/,\" file",
		"ln -s ../outside way; tar -cf data.tar way;"
		"tar -rf data.tar --transform 's,^,way/,' file",
		"ln -s ../outside/file way; tar -cf data.tar way;"
		"ln file other; tar -rPf data.tar --transform 's,^file$,../outside/file,' file "
		"other",
		"mkfifo pipe; tar -cf data.tar pipe",
	};
	g_autofree char *deb = path_in(*state, "hostile.deb");
	g_autofree char *place = path_in(*state, "place");
	g_autofree char *outside = path_in(*state, "outside");
	g_autofree char *victim = path_in(outside, "file");

	assert_true(files_make_directory(outside, NULL));
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
		g_autoptr(GError) error = NULL;

		make_hostile(*state, commands[i]);
		assert_false(packages_unpack(deb, place, NULL, &error));
		assert_non_null(strstr(error->message, "hostile.deb"));
		if (g_file_test(victim, G_FILE_TEST_EXISTS))
			fail_msg("case %zu was written", i);
	}
}

/* A hard link would let what is outside be read, or be written by a later member. */
static void test_nothing_elsewhere_is_linked(void **state)
{
	g_autofree char *deb = path_in(*state, "hostile.deb");
	g_autofree char *place = path_in(*state, "place");
	g_autofree char *outside = path_in(*state, "outside");
	g_autoptr(GError) error = NULL;

	assert_true(files_make_directory(outside, NULL));
	write_text(outside, "file", "secret\n");
	make_hostile(*state, "ln -s ../outside way; tar -cf data.tar way; ln file other;"
			     "tar -rf data.tar --transform 's,^file$,way/file,RSh' file other");
	assert_false(packages_unpack(deb, place, NULL, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "symlink");
	g_autofree char *links = output_of(outside, "stat", "-c", "%h", "file", NULL);
	assert_string_equal(links, "1\n");
}

static void test_tarball_loses_its_first_directory(void **state)
{
	g_autofree char *tarball = path_in(*state, "t.tar.xz");
	g_autofree char *place = path_in(*state, "place");
	g_autoptr(GError) error = NULL;

	g_free(output_of(*state, "sh", "-c",
			 "mkdir -p top/a/b; echo one >top/a/b/one; ln -s b/one top/a/link;"
			 "ln top/a/b/one top/two; chmod 755 top/two; tar -cJf t.tar.xz top",
			 NULL));
	packages_unpack_tarball(tarball, place, NULL, &error);
	assert_no_error(error);
	g_autofree char *same = output_of(*state, "diff", "-r", "top", "place", NULL);
	g_autofree char *link = output_of(place, "readlink", "a/link", NULL);
	g_autofree char *mode = output_of(place, "stat", "-c", "%a %h", "two", NULL);
	assert_string_equal(link, "b/one\n");
	assert_string_equal(mode, "755 2\n");
}

static void test_cut_tarball_is_refused(void **state)
{
	g_autofree char *tarball = path_in(*state, "t.tar.gz");
	g_autofree char *place = path_in(*state, "place");
	g_autoptr(GError) error = NULL;

	g_free(output_of(*state, "sh", "-c",
			 "mkdir top; head -c 100000 /dev/urandom >top/file; tar -czf t.tar.gz top;"
			 "truncate -s 50000 t.tar.gz",
			 NULL));
	assert_false(packages_unpack_tarball(tarball, place, NULL, &error));
	assert_error(&error, KLATCH_INPUT, "t.tar.gz");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_version_is_found),
		TEST(test_newest_whole_version_is_chosen),
		TEST(test_two_versions_are_named),
		TEST(test_missing_package_is_named),
		TEST(test_damaged_package_is_named),
		TEST(test_names_by_flavour),
		TEST(test_image_alone),
		TEST(test_mirror_of_a_suite),
		TEST(test_what_is_no_suite),
		TEST(test_fetched_once_and_kept),
		TEST(test_nothing_is_written_elsewhere),
		TEST(test_nothing_elsewhere_is_linked),
		TEST(test_tarball_loses_its_first_directory),
		TEST(test_cut_tarball_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
