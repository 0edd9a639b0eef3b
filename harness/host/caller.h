/* SPDX-License-Identifier: Apache-2.0 */
/* One call into the driver: places its memory, calls, compares, reports. */
#ifndef MDCTS_HOST_CALLER_H
#define MDCTS_HOST_CALLER_H

#include "protocol.h"

/* Loads the driver into the server, so that every host forked from it has it.  driver is borrowed
 * for good. */
bool caller_preload(const char *driver);

/* dlopen and look-up of the export, with event "load"; false if there is nothing to call. */
bool caller_load(const char *driver);
/* How long that took. */
uint64_t caller_load_ns(void);

/* The arrays of a request, as they lie in its frame. */
struct caller_request {
    struct wire_call head;
    struct bytes args, objects, data, relocations, follows, answers, patches;
};

/* What a call left for later ones of its script. */
struct caller_kept {
    bool valid;
    uint64_t value;
};

/* How the outcome is told. */
struct caller_reply {
    uint16_t kind;            /* of the frame */
    uint32_t number;          /* NOTE_RETURNED: the call's */
    struct caller_kept *kept; /* of HOST_PARALLEL_MAX calls; NULL: the call is alone */
};

bool caller_parse(struct bytes fields, struct caller_request *out);
/* In any thread, in its lane.  Of objects and their memory nothing is left; scratch memory is. */
void caller_perform(const struct caller_request *request, const struct caller_reply *to);

/* Carries out REQUEST_CALL and sends its reply. */
void caller_run(struct bytes request);

/* The entry point that is running; NULL between calls.  For signal handlers. */
const char *caller_entry(void);

#endif
