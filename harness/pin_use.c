/* SPDX-License-Identifier: Apache-2.0 */
#include "pin_use.h"

#include "pin_memory.h"

#include <stdio.h>

static struct pin_refusal refusal_of(const struct pin_use *use, uint32_t role)
{
    return (struct pin_refusal){use->card, role, use->secrets->pins[role]};
}

/* A PIN is remembered before it goes to a card for the first time, and forgotten when the card has
 * accepted it. */
static bool first_use(void *data, uint32_t role, bool accepted)
{
    struct pin_use *use = data;
    struct pin_refusal refusal = refusal_of(use, role);
    enum pin_note note = PIN_NOTED;
    if (accepted)
        note = pin_memory_remove(&refusal) ? PIN_NOTED : PIN_NOT_NOTED;
    else if ((use->noted >> role & 1) == 0)
        note = pin_memory_add(&refusal);
    if (note == PIN_NOT_NOTED)
        fputs("mdcts: warning: that the PIN was sent to the card could not be noted down\n",
              stderr);
    use->noted |= accepted ? 0 : 1u << role;
    use->elsewhere |= note == PIN_NOTED_BEFORE;
    return note != PIN_NOTED_BEFORE;
}

const char *pin_use_begin(struct pin_use *use, const char *card, struct card_secrets *secrets)
{
    *use = (struct pin_use){.card = card, .secrets = secrets};
    secrets->first_use = first_use;
    secrets->first_use_data = use;
    for (uint32_t role = 0; role < ROLES_COUNT; role++) {
        struct pin_refusal refusal = refusal_of(use, role);
        if (refusal.pin.data != NULL && pin_memory_knows(&refusal))
            return "this card refused this PIN in an earlier run, or that run was stopped before "
                   "the card answered; it is not sent again before 'mdcts pin --forget'";
    }
    return NULL;
}

const char *pin_use_refused(const struct pin_use *use)
{
    return use->elsewhere ? "another run is just sending this PIN to this card, which may refuse it"
                          : "the card refused the PIN; it was sent once and is not sent again";
}
