/* SPDX-License-Identifier: Apache-2.0 */
/* Known answers of the key derivation functions, against which the oracle is held before each run.
 *
 * The rows are constants; hexadecimal in either case.  A row that must differ is a mistake that
 * drivers make: an oracle that agrees with it makes the same one. */
#ifndef MDCTS_ORACLE_ANSWERS_H
#define MDCTS_ORACLE_ANSWERS_H

#include "oracle.h"

/* One agreement: whose secret is known. */
struct known_secret {
    const char *name, *curve;
    const char *private_key; /* hexadecimal, like the rest */
    const char *peer_x, *peer_y;
    const char *z;
};

enum known_form { KNOWN_NONE, KNOWN_HEX, KNOWN_TEXT, KNOWN_NAME };

struct known_parameter {
    uint32_t type;
    enum known_form form; /* KNOWN_NONE ends the list */
    const char *value;    /* as hexadecimal, as ASCII, as ASCII to be sent as UTF-16 with NUL */
};

enum { KNOWN_PARAMETERS_MAX = 6 };

struct known_answer {
    const char *name; /* unique */
    const struct known_secret *secret;
    const char *kdf;
    uint32_t flags;
    struct known_parameter parameters[KNOWN_PARAMETERS_MAX];
    const char *key;
    bool differs; /* key is wrong and must not be met */
};

/* NULL behind the last row. */
const struct known_answer *known_answer_at(size_t index);

/* False if the agreement of private key and peer is not z. */
bool known_secret_check(const struct known_secret *secret);

/* Derives as the row says, from z.  False if the answer is not met. */
bool known_answer_check(const struct oracle *oracle, const struct known_answer *row);

/* The row's request, in keep; key_bytes is that of the row's key. */
struct oracle_request known_answer_request(struct arena *keep, const struct known_answer *row);

#endif
