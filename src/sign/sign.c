/*
 * As the kernel's scripts/sign-file does it: libcrypto makes the message, SHA-256, without signed
 * attributes and certificates.
 */
#include "sign/sign.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"

#define WHAT "the module can't be signed"

/* enum pkey_id_type */
#define PKEY_ID_PKCS7 2

#define PASSPHRASE_VARIABLE "KBUILD_SIGN_PIN"

/* The kernel's struct, by bytes. */
struct module_signature {
	guint8 algorithm, hash; /* both 0: the message says them */
	guint8 type;
	guint8 signer_length, key_id_length; /* 0 as well */
	guint8 pad[3];
	guint32 signature_length; /* big endian */
};
G_STATIC_ASSERT(sizeof(struct module_signature) == 12);

/* libcrypto's names for its structures do not fit the macro. */
typedef CMS_ContentInfo cms_message;
typedef EVP_PKEY private_key;
typedef X509 certificate_file;
typedef BIO stream;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cms_message, CMS_ContentInfo_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(private_key, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(certificate_file, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(stream, BIO_free_all)

/* Takes libcrypto's own reason. */
static void fail(GError **error, enum klatch_code code, const char *where, const char *hint)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	klatch_fail(error, code, WHAT, where, hint, "%s", why ? why : "libcrypto says nothing");
	ERR_clear_error();
}

gsize sign_content_size(const void *file, gsize size, gboolean *is_signed)
{
	const gsize mark = strlen(SIGN_MARK);
	const guint8 *bytes = file;
	struct module_signature end;
	gsize behind = mark + sizeof(end);
	gboolean found = size >= behind && !memcmp(bytes + size - mark, SIGN_MARK, mark);

	if (found) {
		memcpy(&end, bytes + size - behind, sizeof(end));
		behind += ntohl(end.signature_length);
		found = behind <= size;
	}
	if (is_signed)
		*is_signed = found;
	return found ? size - behind : size;
}

/* Goes into, or over, the next element, if it is of that kind. */
static gboolean pass(const guint8 **at, const guint8 *end, int tag, gboolean into)
{
	long length;
	int found, class;
	int kind = ASN1_get_object(at, &length, &found, &class, end - *at);

	if ((kind & 0x80) || found != tag)
		return FALSE;
	*at += into ? 0 : length;
	return TRUE;
}

/* The kernel's reader (crypto/asymmetric_keys/pkcs7_parser.c) takes one version of each only. */
static gboolean versions_are_known(const guint8 *at, gsize size)
{
	static const guint8 version[] = {V_ASN1_INTEGER, 1, 1};
	const guint8 *end = at + size;

	return pass(&at, end, V_ASN1_SEQUENCE, TRUE) && pass(&at, end, V_ASN1_OBJECT, FALSE) &&
	       pass(&at, end, 0, TRUE) && pass(&at, end, V_ASN1_SEQUENCE, TRUE) &&
	       end - at > (long)sizeof(version) && !memcmp(at, version, sizeof(version)) &&
	       pass(&at, end, V_ASN1_INTEGER, FALSE) && pass(&at, end, V_ASN1_SET, FALSE) &&
	       pass(&at, end, V_ASN1_SEQUENCE, FALSE) && pass(&at, end, V_ASN1_SET, TRUE) &&
	       pass(&at, end, V_ASN1_SEQUENCE, TRUE) && end - at > (long)sizeof(version) &&
	       !memcmp(at, version, sizeof(version));
}

/* Distinguished: written again it would be the same. */
static gboolean message_is_whole(const guint8 *data, gsize size)
{
	g_autoptr(stream) in = BIO_new_mem_buf(data, (int)size);
	g_autoptr(stream) out = BIO_new(BIO_s_mem());
	g_autoptr(cms_message) message = in ? d2i_CMS_bio(in, NULL) : NULL;
	STACK_OF(CMS_SignerInfo) *signers = message ? CMS_get0_SignerInfos(message) : NULL;
	gboolean is_whole = FALSE;
	char *again;

	if (out && sk_CMS_SignerInfo_num(signers) == 1 && i2d_CMS_bio(out, message) == 1)
		is_whole = BIO_get_mem_data(out, &again) == (long)size &&
			   !memcmp(again, data, size) &&
			   OBJ_obj2nid(CMS_get0_eContentType(message)) == NID_pkcs7_data &&
			   versions_are_known(data, size);
	ERR_clear_error();
	return is_whole;
}

gboolean sign_is_whole(const void *file, gsize size)
{
	static const struct module_signature form = {.type = PKEY_ID_PKCS7};
	gboolean is_signed;
	gsize content = sign_content_size(file, size, &is_signed);
	const guint8 *message = (const guint8 *)file + content;
	gsize length = size - content - strlen(SIGN_MARK) - sizeof(struct module_signature);

	return is_signed && length <= G_MAXINT &&
	       !memcmp(message + length, &form,
		       offsetof(struct module_signature, signature_length)) &&
	       message_is_whole(message, length);
}

static int passphrase(char *buffer, int size, int writing, void *data)
{
	const char *text = g_getenv(PASSPHRASE_VARIABLE);

	if (!text || strlen(text) >= (gsize)size)
		return -1;
	strcpy(buffer, text);
	return (int)strlen(text);
}

static stream *open_file(const char *path, GError **error)
{
	stream *file = BIO_new_file(path, "rb");

	if (!file)
		fail(error, KLATCH_ENVIRONMENT, path, NULL);
	return file;
}

static private_key *read_key(const char *path, GError **error)
{
	g_autoptr(stream) file = open_file(path, error);
	private_key *key = file ? PEM_read_bio_PrivateKey(file, NULL, passphrase, NULL) : NULL;

	if (file && !key)
		fail(error, KLATCH_INPUT, path,
		     "a private key in PEM is wanted; its passphrase is $" PASSPHRASE_VARIABLE);
	return key;
}

static certificate_file *read_certificate(const char *path, GError **error)
{
	g_autoptr(stream) file = open_file(path, error);
	certificate_file *certificate = file ? PEM_read_bio_X509(file, NULL, NULL, NULL) : NULL;

	if (file && !certificate && !BIO_reset(file))
		certificate = d2i_X509_bio(file, NULL);
	if (file && !certificate)
		fail(error, KLATCH_INPUT, path, "an X.509 certificate in PEM or DER is wanted");
	return certificate;
}

/* The message, in DER.  Caller unrefs. */
static GBytes *make_message(const void *content, gsize size, private_key *key,
			    certificate_file *certificate, GError **error)
{
	const unsigned int flags = CMS_NOCERTS | CMS_BINARY;
	g_autoptr(stream) in = BIO_new_mem_buf(content, (int)size);
	g_autoptr(stream) out = BIO_new(BIO_s_mem());
	g_autoptr(cms_message) message =
		CMS_sign(NULL, NULL, NULL, NULL, flags | CMS_PARTIAL | CMS_DETACHED | CMS_STREAM);
	char *data;

	if (!in || !out || !message ||
	    !CMS_add1_signer(message, certificate, key, EVP_sha256(),
			     flags | CMS_NOSMIMECAP | CMS_NOATTR) ||
	    CMS_final(message, in, NULL, flags) != 1 ||
	    i2d_CMS_bio_stream(out, message, NULL, 0) != 1) {
		fail(error, KLATCH_INPUT, NULL, "are key and certificate those of each other?");
		return NULL;
	}
	long length = BIO_get_mem_data(out, &data);
	return g_bytes_new(data, (gsize)length);
}

static gboolean write_signed(const char *output, const void *content, gsize size, GBytes *message,
			     GError **error)
{
	g_autoptr(GByteArray) file = g_byte_array_new();
	gsize length = g_bytes_get_size(message);
	const struct module_signature end = {
		.type = PKEY_ID_PKCS7,
		.signature_length = htonl((guint32)length),
	};

	g_byte_array_append(file, content, (guint)size);
	g_byte_array_append(file, g_bytes_get_data(message, NULL), (guint)length);
	g_byte_array_append(file, (const guint8 *)&end, sizeof(end));
	g_byte_array_append(file, (const guint8 *)SIGN_MARK, strlen(SIGN_MARK));
	return files_write(output, file->data, file->len, error);
}

gboolean sign_module(const char *path, const char *key, const char *certificate, const char *output,
		     GError **error)
{
	g_autoptr(GBytes) file = files_map(path, error);
	g_autoptr(private_key) secret = file ? read_key(key, error) : NULL;
	g_autoptr(certificate_file) public = secret ? read_certificate(certificate, error) : NULL;
	g_autoptr(GBytes) message = NULL;
	gsize size;

	if (!public)
		return FALSE;
	const void *content = g_bytes_get_data(file, &size);
	size = sign_content_size(content, size, NULL);
	if (!size || size > G_MAXINT) {
		klatch_fail(error, KLATCH_INPUT, WHAT, path, NULL, "its size can't be right");
		return FALSE;
	}
	message = make_message(content, size, secret, public, error);
	return message && write_signed(output, content, size, message, error);
}
