/* SPDX-License-Identifier: Apache-2.0 */
/* The rounds of a swept case become one result: the worst of theirs, with all that they found. */
#ifndef MDCTS_JUDGE_SWEEP_H
#define MDCTS_JUDGE_SWEEP_H

#include "judge_case.h"
#include "results.h"

struct sweep_rounds {
    uint64_t count, struck; /* rounds; those whose fault happened */
    struct finding_list findings;
};

/* one: the result of the round that record tells of.  out: what the rounds so far add up to. */
void rounds_add(struct arena *keep, struct sweep_rounds *rounds, const struct case_record *record,
                const struct case_result *one, struct case_result *out);

/* The event `swept` has come: both ends of the sweep are known. */
void rounds_end(struct sweep_rounds *rounds, const struct event *swept, struct case_result *out);

/* No `swept` has come. */
void rounds_cut(struct case_result *out);

#endif
