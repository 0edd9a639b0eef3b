/* SPDX-License-Identifier: Apache-2.0 */
/* The PINs of a run, by role.  They come from the environment, a descriptor or a prompt, are given
 * to hosts as secret objects, and are written nowhere. */
#ifndef MDCTS_CARD_SECRET_H
#define MDCTS_CARD_SECRET_H

#include "base/bytes.h"

#define ROLES_COUNT 8 /* ROLE_EVERYONE to the last PIN */

struct card_secrets {
    struct bytes pins[ROLES_COUNT]; /* data NULL: none is known */
    bool refused;                   /* an unproven one was refused: nothing more may be sent */
    uint32_t refused_role;          /* whose it was */
    bool proven[ROLES_COUNT];       /* accepted by the card in this run */
    bool ours;                      /* the user's is our own card's: who refuses it is no owner */
    /* Of a card that is somebody's: called before a PIN that nobody has proven goes to the driver,
     * and when the card has accepted it.  What happens in between (a crash, a SIGKILL) then costs
     * no second try.  False: another run has sent it in the meantime, so this one must not.  NULL:
     * nobody asks. */
    bool (*first_use)(void *data, uint32_t role, bool accepted);
    void *first_use_data;
};

#endif
