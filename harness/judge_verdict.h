/* SPDX-License-Identifier: Apache-2.0 */
/* From the record of a case to its verdict: its steps in order, its end, what blocks or waives it.
 *
 * A scored step is judged by its expectations.  A step without any, and every step of a fixture,
 * stands for a requirement that has cases of its own: where it fails, the case is BLOCKED by that
 * requirement and what follows is not judged, unless the case is about that very requirement.
 *
 * A crash, a hang or an exit in a scored step is the case's own.  In any other step, and outside
 * steps, it is reported once per entry point and requirement as a shared case
 * (crash/CardDeriveKey/R127), and the cases that it ended are BLOCKED by it. */
#ifndef MDCTS_JUDGE_VERDICT_H
#define MDCTS_JUDGE_VERDICT_H

#include "judge_invariant.h"
#include "results.h"

#define SHARED_ENDINGS_MAX 64

struct shared_ending {
    const char *id, *requirement; /* requirement may be NULL */
    enum verdict verdict;
    struct finding_list findings; /* one: the first */
    const char *cases[WATCHED_CASES_MAX];
    size_t case_count;
    uint64_t case_total;
};

struct shared_endings {
    struct shared_ending items[SHARED_ENDINGS_MAX];
    size_t count;
};

struct verdict_context {
    const struct judge_facts *facts;
    struct watch *watch;
    struct shared_endings *endings;
    bool complete; /* the trace has its end */
};

/* Judges a case whose events are all in; what other cases and waivers say comes afterwards. */
void verdict_make(const struct verdict_context *context, struct case_record *record,
                  struct case_verdict *verdict, struct case_result *out);

/* Notes an end that belongs to no scored step: while probing, or in a fixture.  It is charged to
 * the requirement that the place of a bad access tells, else to the one given, else to the entry
 * point's. */
struct shared_ending *verdict_share_ending(const struct verdict_context *context,
                                           const struct case_record *record,
                                           const char *requirement);

/* Applies the waivers of the trace's profile. */
void verdict_waive(const struct judge_facts *facts, struct case_result *one);

/* ---- for judge_verdict.c: one step after the other ---- */

/* Judges every step up to the one that ended or blocked the case.  *own_ending says that the case's
 * own scored step crashed, hung or exited. */
void steps_judge(const struct verdict_context *context, struct case_record *record,
                 struct case_verdict *verdict, bool *own_ending);

#endif
