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

/* A call being prepared: what the entry point gets, and what the event "call" says about it. */
struct step_call {
    struct case_run *run;
    const struct step *step;
    struct run_context *context;
    uint32_t context_id;
    struct call_image *image;
    struct node *args;
    const char *entry;
    uint32_t sub;     /* 0-based number of the call within the step */
    bool keep_blocks; /* don't free what the driver returned */
    struct host_result result;
    struct step_result outcome;
};

/* Starts preparing a call; false, with *why set, if there is no context to make it in. */
bool step_call_begin(struct step_call *call, const char *entry);

/* Applies raw:, records the call, makes it.  call->outcome says whether it ran and what came out.
 */
void step_call_make(struct step_call *call);

/* Records what came back, to which a player may have added, and frees what the driver returned. */
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

/* Each plays its step; call->outcome.why is set where it can't. */
step_player play_acquire, play_delete_context, play_authenticate, play_deauthenticate,
    play_construct, play_derive, play_destroy, play_destroy_key, play_container_info,
    play_query_key_sizes, play_capabilities, play_get_property, play_container_property,
    play_read_file, play_call, play_card, play_ledger, play_set_card_data;

#endif
