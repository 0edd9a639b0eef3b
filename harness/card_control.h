/* SPDX-License-Identifier: Apache-2.0 */
/* The runner's hand on a virtual card: its control socket (fixtures/card/README.md).
 *
 * Every function is one exchange and false when the card is gone, says no or takes too long; what
 * it said last is in `answer`. */
#ifndef MDCTS_CARD_CONTROL_H
#define MDCTS_CARD_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

enum { CARD_CONTROL_TEXT_MAX = 256 };

struct card_control {
    int fd;                /* -1: a card without a control socket */
    uint64_t apdus_before; /* those before card_control_restore() */
    char answer[CARD_CONTROL_TEXT_MAX];
};

struct card_status {
    bool present, powered;
    unsigned watchers; /* readers that want to hear of insertion and removal */
    uint64_t apdus, resets, power_ons;
    uint32_t fired; /* faults, since the last clear */
    unsigned pin_tries, puk_tries;
};

/* Connect to the socket at path.  False with errno. */
bool card_control_open(struct card_control *c, const char *path);
void card_control_close(struct card_control *c);

/* Any command of the control socket. */
bool card_control_command(struct card_control *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

bool card_control_status(struct card_control *c, struct card_status *status);

bool card_control_remove(struct card_control *c);
bool card_control_insert(struct card_control *c);

/* The security status is lost, as after a dip of power; the reader isn't told. */
bool card_control_reset(struct card_control *c);

/* Remember the card as it is now, for card_control_restore(): in the reader, as remembered, without
 * faults, its APDU count at zero.  A removed card is inserted and waited for until it has power. */
bool card_control_save(struct card_control *c);
bool card_control_restore(struct card_control *c);

/* APDUs since the last restore. */
bool card_control_count(struct card_control *c, uint64_t *apdus);

/* what: "sw 6F00", "cut 3", "short 3", "delay 20", "remove" or "reset", at the n-th APDU from now
 * (0: each).
 */
bool card_control_fault(struct card_control *c, unsigned n, const char *what);

/* what: "none", "slow" or "INS MS". */
bool card_control_latency(struct card_control *c, const char *what);
bool card_control_clear(struct card_control *c);

#endif
