/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that are made on purpose: the n-th use of something during one call fails. */
#ifndef MDCTS_HOST_FAULT_H
#define MDCTS_HOST_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct fault {
    const char *function; /* what fails: "CspAlloc" */
    _Atomic uint32_t uses;
    uint32_t nth; /* 1: the first; 0: none */
    bool from_then_on;
    _Atomic bool fired;
};

/* For the call to come. */
void fault_arm(struct fault *fault, uint32_t nth, bool from_then_on);
/* Counts a use; true if it shall fail.  The first that does is an event. */
bool fault_now(struct fault *fault);
/* Called when one fires: a place for a debugger's breakpoint. */
void fault_fires(void);

#endif
