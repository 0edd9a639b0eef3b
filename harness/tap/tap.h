/* SPDX-License-Identifier: Apache-2.0 */
/* The PC/SC tap: a libpcsclite.so.1 that tells what passes through it and forwards to the real one.
 *
 * Who loads it hands it a sink by the symbol MDCTS_TAP_SET_SINK; without a sink it only forwards.
 * The sink runs in the driver's thread after the real call.  Reports are valid during the sink's
 * call only.  No pcsc-lite type crosses this line. */
#ifndef MDCTS_TAP_H
#define MDCTS_TAP_H

#include <stddef.h>
#include <stdint.h>

enum tap_kind { TAP_TRANSMIT, TAP_BEGIN, TAP_END, TAP_OTHER };

struct tap_report {
    enum tap_kind kind;
    const char *function;   /* SCard... */
    uint32_t status;        /* low 32 bits of what the real function returned */
    uint32_t disposition;   /* TAP_END */
    const uint8_t *command; /* TAP_TRANSMIT: the command; without its data if that is a PIN */
    size_t command_len;
    size_t lc;               /* bytes of command data, dropped or not */
    const uint8_t *response; /* without the status word */
    size_t response_len;
    uint32_t sw; /* status word; 0: none came */
    uint64_t us;
};

typedef void tap_sink(const struct tap_report *report);
typedef void tap_set_sink(tap_sink *sink);

#define MDCTS_TAP_SET_SINK "mdcts_tap_set_sink"
void mdcts_tap_set_sink(tap_sink *sink);

#endif
