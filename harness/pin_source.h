/* SPDX-License-Identifier: Apache-2.0 */
/* Where PINs come from: the environment, a descriptor, a prompt on a terminal; never a command line
 * or file.
 *
 * What is read goes into the secrets, whose bytes pin_source_wipe() wipes, and into the mask that
 * keeps it out of traces.  The variables are removed from our own environment, so that no child
 * inherits them. */
#ifndef MDCTS_PIN_SOURCE_H
#define MDCTS_PIN_SOURCE_H

#include "card_secret.h"
#include "profile.h"
#include "secret_mask.h"

#define PIN_VARIABLE  "MDCTS_PIN" /* the user's, where the profile says nothing */
#define PIN_BYTES_MAX SECRET_LENGTH_MAX

struct pin_storage {
    char text[ROLES_COUNT][PIN_BYTES_MAX + 1];
};

/* Reads what the profile names.  NULL, or a sentence in keep about what is wrong. */
const char *pin_source_read(struct arena *keep, const struct profile *profile,
                            struct pin_storage *storage, struct card_secrets *secrets,
                            struct secret_mask *mask);

/* A PIN that is known beforehand: the virtual card's own.  False if it is too long. */
bool pin_source_set(const char *pin, uint32_t role, struct pin_storage *storage,
                    struct card_secrets *secrets, struct secret_mask *mask);

void pin_source_wipe(struct pin_storage *storage, struct card_secrets *secrets);

#endif
