/* SPDX-License-Identifier: Apache-2.0 */
/* judge(trace) -> results: a pure function of stored lines.
 *
 * No clock, no driver, no card, no environment: the same trace gives the same results, byte for
 * byte.  The oracle runs its known answers first; if one is wrong, nothing is judged.  Cases are
 * judged as their events end, so memory follows the cases under way and not the length of the
 * trace. */
#ifndef MDCTS_JUDGE_H
#define MDCTS_JUDGE_H

#include "results.h"

/* Exit codes of a command that could not judge. */
enum judge_status {
    JUDGE_OK = 0,
    JUDGE_BAD_TRACE = 2, /* no trace, or of an unknown format; the diagnostics say what */
    JUDGE_OWN_FAULT = 4, /* the oracle is wrong; the diagnostics say what */
};

/* Results live in keep. */
enum judge_status judge_trace(struct diags *diags, struct arena *keep, const char *path,
                              struct results *out);

#endif
