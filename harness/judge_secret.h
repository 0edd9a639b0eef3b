/* SPDX-License-Identifier: Apache-2.0 */
/* Whose fault a wrong key is: the arithmetic's, or the secret's that went into it.
 *
 * A driver whose secret is wrong derives nothing but wrong keys.  Each of them would be a red line
 * although only one thing is wrong, so a key that is right for a secret of another kind names the
 * requirement that the secret breaks (judge_settle.h says what becomes of the case). */
#ifndef MDCTS_JUDGE_SECRET_H
#define MDCTS_JUDGE_SECRET_H

#include "judge_key.h"

struct wrong_secret {
    const char *requirement; /* NULL: the key fits no secret that is known */
    const char *words;       /* what the driver took for the secret */
};

/* fits tells whether the key is right for another secret; data is handed to it.  Texts live in the
 * record's arena. */
struct wrong_secret wrong_secret_find(const struct key_judge *judge, struct case_record *record,
                                      const struct agreement *agreement,
                                      bool (*fits)(void *data, struct bytes z), void *data);

#endif
