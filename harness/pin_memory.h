/* SPDX-License-Identifier: Apache-2.0 */
/* Which PINs a card has refused, or was sent without our knowing its answer, so that no later run
 * spends another of its tries on the same mistake.
 *
 * The file is $XDG_STATE_HOME/mdcts/refused-pins (or ~/.local/state/mdcts/...): a salt, then one
 * line a refusal, the scrypt of card, role and PIN.  Whoever reads it can only guess PINs one by
 * one, each guess costing a scrypt; `mdcts pin --forget` removes it. */
#ifndef MDCTS_PIN_MEMORY_H
#define MDCTS_PIN_MEMORY_H

#include "base/bytes.h"

/* What is remembered: card is anything that names it, its ATR for instance. */
struct pin_refusal {
    const char *card;
    uint32_t role;
    struct bytes pin;
};

/* The file's path in keep; NULL if there is no folder for it. */
const char *pin_memory_path(struct arena *keep);

/* Whether this PIN was refused before. */
bool pin_memory_knows(const struct pin_refusal *refusal);

enum pin_note {
    PIN_NOTED,
    PIN_NOTED_BEFORE, /* by another run, since this one asked */
    PIN_NOT_NOTED     /* it could not be */
};

/* Of runs that add the same one at the same time, one alone has noted it. */
enum pin_note pin_memory_add(const struct pin_refusal *refusal);

/* Forgets that one.  False if that could not be written down; no such one is no error. */
bool pin_memory_remove(const struct pin_refusal *refusal);

/* Forgets all of them.  False with errno; no file is no error. */
bool pin_memory_forget(void);

#endif
