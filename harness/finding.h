/* SPDX-License-Identifier: Apache-2.0 */
/* What was found against one requirement, and the verdicts that findings add up to.
 *
 * A finding belongs to exactly one requirement; where a profile's own claim is wrong, to none.  Its
 * texts live in the arena of whoever made it. */
#ifndef MDCTS_FINDING_H
#define MDCTS_FINDING_H

#include "requirement.h"

#define FINDINGS_MAX 64 /* kept per case; the worst outcome counts all of them */

/* In the order in which a worse one hides a better one; SKIP, BLOCKED and WAIVED are decided by
 * rule. */
enum verdict {
    VERDICT_PASS,
    VERDICT_INFO,
    VERDICT_WARN,
    VERDICT_FAIL,
    VERDICT_CRASH,
    VERDICT_HANG,
    VERDICT_SKIP,
    VERDICT_BLOCKED,
    VERDICT_WAIVED,
    VERDICT_BROKEN,
};
#define VERDICT_COUNT (VERDICT_BROKEN + 1)

/* Whose fault a finding may be instead of its own requirement's (judge_suspect.h). */
struct suspect {
    const char *requirement;
    struct tally *tally; /* of what the two have in common; NULL: any failure counts */
};

struct finding {
    const char *requirement; /* NULL: a claim of the profile's */
    enum outcome outcome;
    const char *expected, *observed; /* in words, names with numbers */
    const char *code;                /* the return code by name, for waivers; NULL: none */
    const char *op;                  /* of the step; NULL: none */
    const char *file;                /* of the case language; NULL: none */
    uint32_t step;                   /* 1-based, fixture steps first; 0: none */
    uint32_t line;
    uint64_t iteration;
    const char *waiver;             /* the reason why it is forgiven; NULL: it is not */
    const struct suspect *suspects; /* the likeliest first */
    size_t suspect_count;
    const struct suspect *due_to; /* once settled (judge_settle.h); NULL: its own requirement */
    enum settling { UNSETTLED, SETTLING, SETTLED } settling;
};

struct finding_list {
    struct finding *items;
    size_t count, capacity;
    uint64_t total; /* count and those beyond FINDINGS_MAX */
    enum outcome worst;
};

/* Copies the finding; beyond FINDINGS_MAX it is only counted. */
void finding_add(struct arena *keep, struct finding_list *list, const struct finding *finding);

/* "PASS", for results and reports. */
const char *verdict_name(enum verdict verdict);
/* "pass", the key of the totals. */
const char *verdict_key(enum verdict verdict);

enum verdict verdict_of_outcome(enum outcome outcome);

/* Whether a person has to look: FAIL, CRASH, HANG, BLOCKED, BROKEN. */
bool verdict_is_red(enum verdict verdict);

#endif
