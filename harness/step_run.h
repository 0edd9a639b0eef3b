/* SPDX-License-Identifier: Apache-2.0 */
/* One step: its arguments resolved, its call made, its events recorded.
 *
 * step_run.c dispatches and makes calls; step_context.c plays the life of contexts, step_dh.c the
 * three agreement calls, step_card.c the rest.  A step whose needs are not met says why and is not
 * run. */
#ifndef MDCTS_STEP_RUN_H
#define MDCTS_STEP_RUN_H

#include "call_image.h"
#include "case_run.h"

struct step_result step_run(struct case_run *run, const struct step *step);

/* CardDeleteContext of a context that a case left alive. */
void step_delete_context(struct case_run *run, uint32_t context);

/* ---- for step_*.c ---- */

/* What a call that runs beside others needs to know of those before it in its script. */
struct step_beside {
    struct step_call *query;              /* the size query to be made first; NULL: none */
    const char *agreement;                /* that an earlier call of the script makes; NULL: none */
    size_t maker;                         /* the place of that call in the block */
    void (*late)(struct step_call *call); /* completes args when the call begins; NULL: nothing */
};

/* A call being prepared: what the entry point gets, and what the event "call" says about it. */
struct step_call {
    struct case_run *run;
    const struct step *step;
    struct run_context *context;
    uint32_t context_id;
    struct call_image *image;
    struct node *args;
    const char *entry;
    const struct node *raw; /* still to be applied to the image */
    bool plain;   /* a preparation for the call that the step is about: neither raw nor faults */
    void *kept;   /* by a preparer, for its concluder */
    uint32_t sub; /* 0-based number of the call within the step */
    struct step_beside beside;
    struct host_result result;
    struct step_result outcome;
};

/* Starts preparing a call; false, with *why set, if there is no context to make it in. */
bool step_call_begin(struct step_call *call, const char *entry);

/* Applies raw: and the callbacks' script; false, with *why set, if the call can't be made. */
bool step_call_draft(struct step_call *call, struct host_call *out);
/* Records that it begins. */
void step_call_record(struct step_call *call);
/* What came of it; call->result is filled in. */
void step_call_take(struct step_call *call, enum host_outcome outcome);

/* Applies raw:, records the call, makes it.  call->outcome says whether it ran and what came out.
 */
void step_call_make(struct step_call *call);

/* Records what came back, to which a player may have added, and that what the driver returned is
 * freed; of calls that run beside others it is freed when all have ended. */
void step_call_finish(struct step_call *call);

/* The two in one, for steps that add nothing. */
void step_call_do(struct step_call *call);

/* Records that the step is not run, and why. */
struct step_result step_not_run(struct case_run *run, const char *why);

/* The container a step names: its index, and its row in the capabilities if there is one. */
bool step_find_container(const struct case_run *run, const struct step *step, uint8_t *index,
                         const struct node **row);

/* The index that a step's or an answer's agreement stands for, in that context. False with *why. */
bool step_resolve_agreement(struct case_run *run, const struct agreement_ref *ref, uint32_t context,
                            uint8_t *index, const char **why);

/* "P-256" of a row in the capabilities; NULL if it has none. */
const struct curve *container_curve(const struct node *row);

typedef void step_player(struct step_call *call);

/* Steps whose calls may run beside others are played in two parts: what comes before the call,
 * false with outcome.why where it can't be made, and what comes after it. */
struct step_parts {
    bool (*prepare)(struct step_call *call);
    step_player *conclude;
};
extern const struct step_parts acquire_parts, delete_context_parts, construct_parts, derive_parts,
    destroy_parts, container_info_parts;

/* NULL for an operation that isn't played in parts. */
const struct step_parts *step_parts_of(enum step_op op);

/* Each plays its step; call->outcome.why is set where it can't. */
step_player play_authenticate, play_deauthenticate, play_destroy_key, play_query_key_sizes,
    play_capabilities, play_get_property, play_container_property, play_read_file, play_call,
    play_card, play_ledger, play_set_card_data;

#endif
