/* SPDX-License-Identifier: Apache-2.0 */
/* The PC/SC readers of a daemon, asked for by a host process, since the runner never speaks PC/SC.
 */
#ifndef MDCTS_READERS_H
#define MDCTS_READERS_H

#include "base/bytes.h"

#define READERS_MAX 64

struct reader {
    const char *name;
    bool has_card;
    const char *atr; /* hexadecimal; "" without a card */
};

struct readers {
    struct reader items[READERS_MAX];
    size_t count;
};

/* pcsc_socket is PCSCLITE_CSOCK_NAME or NULL.  False with a sentence in *why: no daemon, no
 * library. */
bool readers_list(struct arena *keep, const char *pcsc_socket, struct readers *out,
                  const char **why);

/* The ATR of the card in a reader, in hexadecimal; "" if there is none. */
const char *reader_atr(struct arena *keep, const char *pcsc_socket, const char *name);

/* The reader that wanted names: its name, its number in the list, or a part of one name.  NULL with
 * *why. */
const char *reader_find(struct arena *keep, const char *pcsc_socket, const char *wanted,
                        const char **why);

#endif
