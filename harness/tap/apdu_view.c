/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu_view.h"

#define HEADER_BYTES 4

/* VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER, in every class (chained ones too); the odd
 * code is the same command with data objects. */
static bool carries_pin(uint8_t instruction)
{
    uint8_t even = instruction & 0xFE;
    return even == 0x20 || even == 0x24 || even == 0x2C;
}

struct apdu_view apdu_view(const uint8_t *command, size_t len)
{
    struct apdu_view view = {.shown = len};
    if (len <= HEADER_BYTES)
        return view;
    size_t header = HEADER_BYTES + 1;
    if (command[HEADER_BYTES] == 0 && len > HEADER_BYTES + 3) {
        header = HEADER_BYTES + 3;
        view.lc = (size_t)command[HEADER_BYTES + 1] << 8 | command[HEADER_BYTES + 2];
    } else if (len > header) {
        view.lc = command[HEADER_BYTES];
    }
    if (view.lc > len - header)
        view.lc = len - header;
    if (carries_pin(command[1]))
        view.shown = HEADER_BYTES;
    return view;
}
