/* SPDX-License-Identifier: Apache-2.0 */
/* The predicates behind the table of invariants.
 *
 * Each looks at one event and says whether it puts the question at all, and if so whether the
 * answer is right.  If it is not, why->expected and why->observed are set, in facts->keep;
 * why->outcome holds what the row's level gives and may be changed. */
#ifndef MDCTS_JUDGE_WATCHERS_H
#define MDCTS_JUDGE_WATCHERS_H

#include "judge_invariant.h"

struct watcher_view {
    const struct judge_facts *facts;
    struct case_record *record;
    const struct requirement *row;
    const struct event *event;
    struct finding *why;
};

typedef enum check_answer watcher(struct watcher_view *view);

/* A return that puts the question of a change that was not reported: it holds. */
watcher any_call, construct_call, derive_call, buffer_call, searched_block;

watcher driver_loads, refusal_is_of_the_family, card_data_is_not_exceeded,
    derive_key_is_not_exceeded, agreement_info_is_kept, inputs_are_kept, version_is_kept,
    callers_members_are_kept, transactions_are_callers, context_returns_memory,
    agreements_return_memory, key_buffer_is_registered, buffer_is_not_exceeded,
    refusal_hands_nothing_out, callback_gets_card_data, callback_gets_no_flags,
    callback_names_parameter, second_secret_enters, outputs_are_registered, frees_only_live_blocks,
    reallocs_only_live_blocks, blocks_are_not_exceeded, output_holds_no_secret,
    blobs_are_registered, callback_needs_parameter, callback_gets_a_byte, secret_is_wiped,
    key_is_wiped, secret_is_gone, pin_is_gone, log_holds_no_secret;

/* ---- for judge_watchers.c and judge_memory.c ---- */

/* Fills why and answers CHECK_BROKEN. */
enum check_answer watcher_broken(struct watcher_view *view, const char *expected,
                                 const char *observed);
/* The call that the event belongs to; NULL: none. */
const struct call_record *watcher_call(const struct watcher_view *view);
bool watcher_is_entry(const struct call_record *call, const char *entry);
bool watcher_is_text(const char *text, const char *wanted);

#endif
