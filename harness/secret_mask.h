/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps PINs out of the trace: blanks every form of a registered secret in an event before it is
 * written.
 *
 * Forms: ASCII, UTF-16 of either byte order, packed BCD, an ISO 9564 block, each with the FF bytes
 * that pad it, and hexadecimal digits in text, with or without separators.  What is blanked becomes
 * '*', so a byte string that held a secret is no hexadecimal any more and the judge refuses to
 * judge it.
 *
 * Bare packed BCD is looked for from SECRET_BCD_BYTES_MIN bytes up, and ASCII from SECRET_TEXT_MIN
 * characters up: shorter runs stand in honest keys by chance.  Shorter ones are found where padding
 * frames them or where they are the whole value.
 *
 * The registry copies what it is given; secret_mask_free() wipes it. */
#ifndef MDCTS_SECRET_MASK_H
#define MDCTS_SECRET_MASK_H

#include "base/node.h"

#define SECRETS_MAX          16
#define SECRET_LENGTH_MAX    64
#define SECRET_TEXT_MIN      4
#define SECRET_BCD_BYTES_MIN 4

struct secret {
    char text[SECRET_LENGTH_MAX + 1];
    size_t len;
};

/* A zeroed struct secret_mask knows no secret and changes nothing. */
struct secret_mask {
    struct secret items[SECRETS_MAX];
    size_t count;
};

/* False if the secret is empty or too long or there is no room for it: then the run must not start.
 */
bool secret_mask_add(struct secret_mask *mask, const char *secret);

/* Blanks the secrets in every string of the tree, its numbers excepted.  New texts live in keep.
 * Returns how many strings were changed. */
size_t secret_mask_apply(const struct secret_mask *mask, struct arena *keep, struct node *tree);

void secret_mask_free(struct secret_mask *mask);

#endif
