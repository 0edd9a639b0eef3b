/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, for saying which driver and which case files a trace belongs to. */
#ifndef MDCTS_DIGEST_H
#define MDCTS_DIGEST_H

#include "base/bytes.h"

/* Of the bytes, as lower-case hexadecimal in keep. */
const char *digest_bytes(struct arena *keep, struct bytes data);

/* Of a file's contents; NULL if it can't be read. */
const char *digest_file(struct arena *keep, const char *path);

/* Of several files' contents one after the other; one that can't be read counts as empty. */
const char *digest_files(struct arena *keep, const char *const *paths, size_t count);

/* scrypt of a text, so slow that guessing short secrets takes long; hexadecimal in keep, NULL if it
 * can't be. */
const char *digest_slow(struct arena *keep, const char *salt, const char *text);

#endif
