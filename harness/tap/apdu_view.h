/* SPDX-License-Identifier: Apache-2.0 */
/* What a command APDU is made of (ISO 7816-4, 5.1), and whether its data may be shown. */
#ifndef MDCTS_TAP_APDU_VIEW_H
#define MDCTS_TAP_APDU_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct apdu_view {
    size_t shown; /* bytes from the start that may be recorded */
    size_t lc;    /* bytes of data */
};

/* Any bytes; a malformed command is shown whole unless its instruction carries a PIN. */
struct apdu_view apdu_view(const uint8_t *command, size_t len);

#endif
