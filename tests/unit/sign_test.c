/*
 * Signatures, which openssl and modinfo take for what they are.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "cmd/command.h"
#include "machine.h"
#include "sign/sign.h"

/* A key with its certificate, another key, and a livepatch fix.o. */
static int make_keys(void **state)
{
	if (make_directory(state))
		return -1;
	g_free(output_of(*state, "sh", "-c",
			 "for i in one two; do openssl req -x509 -newkey rsa:2048 -nodes"
			 " -subj /CN=$i -keyout $i.key -out $i.pem -days 2 2>/dev/null; done;"
			 "openssl x509 -in one.pem -outform DER -out one.der;"
			 "openssl rsa -aes128 -passout pass:secret -in one.key -out locked.key",
			 NULL));
	const struct machine machine = {.directory = *state};
	g_free(make_livepatch(&machine, "fix", FALSE));
	return 0;
}

static gboolean sign(const char *directory, const char *key, const char *certificate,
		     GError **error)
{
	g_autofree char *module = path_in(directory, "fix.o");
	g_autofree char *key_path = path_in(directory, key);
	g_autofree char *certificate_path = path_in(directory, certificate);
	g_autofree char *output = path_in(directory, "signed.ko");

	return sign_module(module, key_path, certificate_path, output, error);
}

static gsize size_of(const char *directory, const char *file)
{
	g_autofree char *path = path_in(directory, file);
	GStatBuf status;

	assert_int_equal(g_stat(path, &status), 0);
	return (gsize)status.st_size;
}

/* Whether openssl finds the module unchanged, and signed by the owner of the certificate. */
static void verify(const char *directory)
{
	g_autofree char *path = path_in(directory, "signed.ko");
	g_autofree char *content = path_in(directory, "content");
	g_autofree char *message = path_in(directory, "message");
	g_autoptr(GBytes) file = files_map(path, NULL);
	gboolean is_signed;
	gsize size, inner;

	const char *bytes = g_bytes_get_data(file, &size);
	inner = sign_content_size(bytes, size, &is_signed);
	assert_true(is_signed);
	assert_int_equal(inner, size_of(directory, "fix.o"));
	gsize end = size - strlen(SIGN_MARK) - 12;
	assert_true(files_write(content, bytes, inner, NULL));
	assert_true(files_write(message, bytes + inner, end - inner, NULL));
	g_free(output_of(directory, "cmp", "content", "fix.o", NULL));
	g_free(output_of(directory, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in",
			 "message", "-content", "content", "-certfile", "one.pem", "-noverify",
			 "-out", "/dev/null", NULL));
}

static void test_signed(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_true(sign(*state, "one.key", "one.pem", &error));
	verify(*state);
	g_autofree char *about = output_of(*state, "/sbin/modinfo", "./signed.ko", NULL);
	assert_non_null(strstr(about, "sig_id:         PKCS#7"));
	assert_non_null(strstr(about, "signer:         one"));
	assert_non_null(strstr(about, "sig_hashalgo:   sha256"));
}

static void test_certificate_in_der(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_true(sign(*state, "one.key", "one.der", &error));
	verify(*state);
}

static void test_passphrase(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_false(sign(*state, "locked.key", "one.pem", &error));
	assert_error(&error, KLATCH_INPUT, "KBUILD_SIGN_PIN");
	g_setenv("KBUILD_SIGN_PIN", "secret", TRUE);
	assert_true(sign(*state, "locked.key", "one.pem", &error));
	g_unsetenv("KBUILD_SIGN_PIN");
	verify(*state);
}

static void test_wrong_files(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_false(sign(*state, "two.key", "one.pem", &error));
	assert_error(&error, KLATCH_INPUT, "those of each other");
	assert_false(sign(*state, "one.pem", "one.pem", &error));
	assert_error(&error, KLATCH_INPUT, "one.pem");
	assert_false(sign(*state, "one.key", "one.key", &error));
	assert_error(&error, KLATCH_INPUT, "one.key");
	assert_false(sign(*state, "nothing", "one.pem", &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "nothing");
}

/* What ends in the mark but can't hold a signature has none. */
static void test_content_size(void **state)
{
	guint8 file[64] = {0};
	gboolean is_signed = TRUE;
	const gsize mark = strlen(SIGN_MARK);

	assert_int_equal(sign_content_size(file, sizeof(file), &is_signed), sizeof(file));
	assert_false(is_signed);
	memcpy(file + sizeof(file) - mark, SIGN_MARK, mark);
	assert_int_equal(sign_content_size(file, sizeof(file), &is_signed), 64 - mark - 12);
	assert_true(is_signed);
	file[sizeof(file) - mark - 1] = 64 - mark - 12 + 1;
	assert_int_equal(sign_content_size(file, sizeof(file), &is_signed), sizeof(file));
	assert_false(is_signed);
	assert_int_equal(sign_content_size(SIGN_MARK, mark, &is_signed), mark);
	assert_false(is_signed);
}

/* The command signs in place, and again in place of the signature. */
static void test_command(void **state)
{
	g_autofree char *module = path_in(*state, "fix.o");
	g_autofree char *key = g_strdup_printf("--key=%s/one.key", (char *)*state);
	g_autofree char *certificate = g_strdup_printf("--cert=%s/one.pem", (char *)*state);
	char *argv[] = {(char *)"sign", key, certificate, module, NULL};
	char *wrong[] = {(char *)"sign", key, module, NULL};
	g_autofree char *first = NULL, *second = NULL, *third = NULL;

	g_free(output_of(*state, "cp", "fix.o", "fix.ko", NULL));
	assert_int_equal(run_command(*state, command_sign, argv, &first), EXIT_DONE);
	assert_true(g_str_has_suffix(first, "fix.o: signed\n"));
	gsize size = size_of(*state, "fix.o");
	assert_true(size > size_of(*state, "fix.ko"));
	assert_int_equal(run_command(*state, command_sign, argv, &second), EXIT_DONE);
	assert_int_equal(size_of(*state, "fix.o"), size);
	assert_int_equal(run_command(*state, command_sign, wrong, &third), EXIT_CANNOT);
	assert_non_null(strstr(third, "--cert"));
	g_free(output_of(*state, "mv", "fix.ko", "fix.o", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signed),	     cmocka_unit_test(test_certificate_in_der),
		cmocka_unit_test(test_passphrase),   cmocka_unit_test(test_wrong_files),
		cmocka_unit_test(test_content_size), cmocka_unit_test(test_command),
	};

	return cmocka_run_group_tests(tests, make_keys, remove_directory);
}
