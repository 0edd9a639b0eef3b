/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold in every case, whatever the case is about.
 *
 * A check is a row: the requirement, the event that puts the question, a predicate that explains
 * itself. Each requirement is reported once, as case invariant/Rnnn, with the cases that saw it
 * broken; it touches the verdict of such a case only for a fault in memory, and only where the
 * case's own scored step shows it.  A case that is about the same requirement keeps its own
 * findings, and the observation is then not charged a second time here. */
#ifndef MDCTS_JUDGE_INVARIANT_H
#define MDCTS_JUDGE_INVARIANT_H

#include "judge_step.h"

#define WATCHED_MAX       64 /* requirements */
#define WATCHED_CASES_MAX 20 /* case ids kept per requirement; all are counted */
#define WATCHED_EXAMPLES  8  /* different findings kept per requirement */
#define WATCH_WORDS_MAX   64 /* secrets looked for in output, per case */

enum check_answer {
    CHECK_SILENT, /* the event puts no such question */
    CHECK_HOLDS,
    CHECK_BROKEN,
};

struct watched {
    const char *requirement;
    uint64_t asked;                       /* how often the question was put */
    struct finding_list findings;         /* examples, one per kind of observation */
    const char *cases[WATCHED_CASES_MAX]; /* ids */
    size_t case_count;
    uint64_t case_total;
    uint64_t last_case; /* to count each case once */
    enum outcome worst;
};

struct watch {
    const struct judge_facts *facts;
    struct watched items[WATCHED_MAX];
    size_t count;
};

/* Looks at one event, after case_record_feed() has taken it. */
void watch_event(struct watch *watch, struct case_record *record, struct case_verdict *verdict,
                 const struct event *event);

/* Whether the requirement is an invariant's. */
bool watch_knows(const char *requirement);

/* Adds what a case's expectation `for:` an invariant saw; finding NULL: it held. */
void watch_observe(struct watch *watch, const struct case_record *record, const char *requirement,
                   const struct finding *finding);

/* Who takes events of that kind: "invariant", "expectation", "verdict", or why nothing is asked. */
const char *event_claim(enum event_kind kind);
/* Whether the table has a check on events of that kind. */
bool watch_has_check(enum event_kind kind);
/* The n-th row's requirement; NULL behind the last. */
const char *watch_requirement(size_t n);

#endif
