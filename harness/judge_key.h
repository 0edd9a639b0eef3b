/* SPDX-License-Identifier: Apache-2.0 */
/* Derived keys against the oracle: the secret of an agreement, and which reading of a derivation a
 * key fits.
 *
 * The secret Z is computed from the peer's private scalar in the trace and the card's public key,
 * so the card is never believed about it.  What is missing for that is said, never guessed. */
#ifndef MDCTS_JUDGE_KEY_H
#define MDCTS_JUDGE_KEY_H

#include "judge_case.h"
#include "oracle.h"

struct key_judge {
    const struct oracle *oracle;
    const struct node *capabilities;
};

enum key_match {
    KEY_ACCEPTED,
    KEY_WARNED,    /* fits a reading that only warns */
    KEY_UNDEFINED, /* no source defines the key, so no key is wrong */
    KEY_WRONG,     /* fits no reading */
    KEY_UNTOLD,    /* the driver tells no valid public key of the container: R227's question */
    KEY_UNJUDGED,  /* we could not tell: our own fault or a trace without the facts */
};

struct key_answer {
    enum key_match match;
    const char *expected; /* for KEY_WRONG */
    bool too_long;        /* KEY_WRONG: the right one and more */
    const char *why;      /* for KEY_UNDEFINED, KEY_UNTOLD and KEY_UNJUDGED */
};

/* Judges the key that a CardDeriveKey gave. */
struct key_answer key_check(const struct key_judge *judge, struct case_record *record,
                            const struct call_record *call, const struct key_expectation *expected,
                            struct bytes key);

/* The agreement that a CardDeriveKey was asked of; NULL if the trace does not tell. */
const struct agreement *key_agreement(const struct case_record *record,
                                      const struct call_record *call);

/* Whether the key would be right if the agreement's secret were z.  TRUNCATE gives the secret
 * itself and tells nothing: whatever it gives would be right for some other secret. */
bool key_fits_secret(const struct key_judge *judge, struct case_record *record,
                     const struct call_record *call, const struct key_expectation *expected,
                     struct bytes key, struct bytes z);

/* The key of a successful CardDeriveKey; false if the call has none. *masked tells that it held a
 * PIN. */
bool key_of_call(struct arena *keep, const struct call_record *call, struct bytes *key,
                 bool *masked);

/* The secret of an agreement; NULL on success, else why it can't be computed. */
const char *key_secret(const struct key_judge *judge, struct case_record *record,
                       const struct agreement *agreement, const struct curve **curve,
                       struct bytes *z);

/* Likewise if the driver had taken the peer's key of another agreement for its own. */
const char *key_secret_with(const struct key_judge *judge, struct case_record *record,
                            const struct agreement *agreement, const struct agreement *peer,
                            const struct curve **curve, struct bytes *z);

/* How the second secret of a successful CardDeriveKey with one secret handle entered the key;
 * *known is false where the trace does not tell enough, true with NULL where no known way fits. */
const char *key_second_secret(const struct key_judge *judge, struct case_record *record,
                              const struct call_record *call, bool *known);

/* The first bytes in hexadecimal and how many there are. */
const char *key_text(struct arena *keep, struct bytes key);

#endif
