/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target has: libFuzzer's two functions, and what they are made with.
 *
 * A target is one file that gives any bytes to one reader and asserts what must hold whatever they
 * are.  It keeps nothing from one input to the next, waits for nothing and leaves no file. */
#ifndef MDCTS_FUZZ_H
#define MDCTS_FUZZ_H

#include "base/bytes.h"
#include "base/diag.h"
#include "base/node.h"

#include <stdint.h>
#include <stdlib.h>

/* Once, before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
/* One input.  Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold; not assert(), so that a failure can't be mistaken for one of the code's own. */
#define FUZZ_HOLDS(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Inputs that are several messages: two bytes of length, little-endian, then so many bytes; what is
 * longer than the rest is the rest.  False at the end. */
static inline bool fuzz_take(struct bytes *rest, struct bytes *message)
{
    if (rest->len < 2)
        return false;
    size_t len = (size_t)(rest->data[0] | rest->data[1] << 8);
    if (len > rest->len - 2)
        len = rest->len - 2;
    *message = (struct bytes){rest->data + 2, len};
    *rest = (struct bytes){rest->data + 2 + len, rest->len - 2 - len};
    return true;
}

/* That the tree survives being written as JSON and read again. */
void fuzz_round_trip(struct arena *keep, const struct node *tree);

/* A file without a name that holds these bytes: its path, and in *fd what to close afterwards. */
const char *fuzz_file(struct bytes bytes, int *fd);

#endif
