/*
 * Signatures of modules in the kernel's own format: behind the file a PKCS#7 message without the
 * content, a struct module_signature, and a line of text (include/linux/module_signature.h).
 *
 * The signature comes last: whatever changes the file afterwards, strip for one, makes it
 * worthless.
 */
#ifndef KLATCH_SIGN_SIGN_H
#define KLATCH_SIGN_SIGN_H

#include <glib.h>

/* The line that a signed module ends with. */
#define SIGN_MARK "~Module signature appended~\n"

/*
 * The size of what is signed of a module: that of the file if there is no signature behind it.
 * *is_signed, which may be NULL, is whether there is one.
 */
gsize sign_content_size(const void *file, gsize size, gboolean *is_signed);

/*
 * Whether the signature of a signed file has the form that the kernel reads.  Whether it is right
 * is known only to who has the certificate.
 */
gboolean sign_is_whole(const void *file, gsize size);

/*
 * Signs a module's file, in place of a signature that it has.  key: a file with a private key in
 * PEM, whose passphrase, if it has one, is $KBUILD_SIGN_PIN; certificate: one in PEM or DER.  The
 * signed module is written to `output`.
 */
gboolean sign_module(const char *path, const char *key, const char *certificate, const char *output,
		     GError **error);

#endif
