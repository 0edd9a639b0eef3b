/* SPDX-License-Identifier: Apache-2.0 */
/* The PC/SC tap: a libpcsclite.so.1 that tells what passes through it and forwards to the real one.
 *
 * Who loads it hands it a table of functions by the symbol MDCTS_TAP_ATTACH; without one it only
 * forwards.  They run in the driver's thread.  Reports and troubles are valid during the call only.
 * No pcsc-lite type crosses this line. */
#ifndef MDCTS_TAP_H
#define MDCTS_TAP_H

#include <stdbool.h>
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

/* What happens to a command in place of, or after, the real exchange. */
struct tap_trouble {
    enum {
        TAP_NO_TROUBLE,
        TAP_RETURN, /* SCardTransmit returns value, an SCARD_* code; nothing is sent */
        TAP_ANSWER, /* bytes are the answer; nothing is sent */
        TAP_CUT,    /* at most value bytes of the answer arrive */
        TAP_SHORT,  /* at most value bytes of its data, and the status word */
    } kind;
    uint32_t value;
    const uint8_t *bytes; /* TAP_ANSWER */
    size_t len;
};

struct tap_host {
    /* After each call of the driver's. */
    void (*report)(const struct tap_report *report);
    /* Before each SCardTransmit. */
    struct tap_trouble (*trouble)(void);
    /* Before and after each call of the real library: whether what the thread does is the driver's
     * doing; returns what held before. */
    bool (*is_drivers)(bool drivers);
};

#define MDCTS_TAP_ATTACH "mdcts_tap_attach"
typedef void tap_attach(const struct tap_host *host);
/* The table has to live on. */
void mdcts_tap_attach(const struct tap_host *host);

#endif
