/* SPDX-License-Identifier: Apache-2.0 */
/* Lets a PIN that nobody has proven go to somebody's card once, and never again: not in this run,
 * not in later ones, not in two at the same time.  What was sent is in pin_memory.h's file. */
#ifndef MDCTS_PIN_USE_H
#define MDCTS_PIN_USE_H

#include "card_secret.h"

struct pin_use {
    const char *card; /* by what its PINs are remembered: the ATR */
    const struct card_secrets *secrets;
    unsigned noted; /* bits by role: as sent, by this run */
    bool elsewhere; /* not sent, for another run was sending it */
};

/* From here on secrets asks use before a first use; both stay where they are.  A sentence if one of
 * the PINs was refused before, and so must not be sent at all; NULL: none was. */
const char *pin_use_begin(struct pin_use *use, const char *card, struct card_secrets *secrets);

/* Why no PIN may be sent any more once secrets says that one was refused, as a sentence.  Of a card
 * of ours use is all zero. */
const char *pin_use_refused(const struct pin_use *use);

#endif
