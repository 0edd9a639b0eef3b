/* SPDX-License-Identifier: Apache-2.0 */
/* Whose fault a failed step may be instead of that of the requirement it was asked for.
 *
 * A defect shows wherever a case passes by it, but it is one defect: a key that is right for a
 * wrong secret, a derivation that is wrong for every case that tries it, an agreement that its
 * first use ended.  While a case is judged, each finding gets the requirements whose breach would
 * explain it; once all cases are in, one that has failed in a case of its own takes it
 * (judge_settle.h). */
#ifndef MDCTS_JUDGE_SUSPECT_H
#define MDCTS_JUDGE_SUSPECT_H

#include "judge_step.h"

#define SUSPECTS_MAX 12
#define TALLIES_MAX  4096

/* What several calls have in common: a container, a KDF with a hash.  If one of them went right, it
 * is not what makes the others go wrong. */
struct tally {
    const char *name;
    uint64_t right;
};

struct tallies {
    struct tally **items;
    size_t count, capacity;
};

struct suspects {
    struct suspect items[SUSPECTS_MAX];
    size_t count;
};

/* Those of a step whose return code, output or count is not as asked for. */
struct suspects suspects_of_call(const struct step_view *view);

/* Those of an index that is given out again while the agreement should live. */
struct suspects suspects_of_index(const struct step_view *view, const struct agreement *other);

/* Those of two derived keys that should differ since their secrets do. */
struct suspects suspects_of_equal_keys(void);

/* Those of a key that has another length than it should. */
struct suspects suspects_of_length(void);

/* Those of a wrong key.  *words, unless it stays NULL, tells what the key was made of. */
struct suspects suspects_of_key(const struct step_view *view, struct bytes key, const char **words);

/* Notes a key that was right, and a call that worked. */
void suspects_note_right(const struct step_view *view);
void suspects_note_call(const struct judge_facts *facts, const struct case_record *record,
                        const struct call_record *call);

/* Gives the finding a copy of them. */
void suspects_keep(struct arena *keep, const struct suspects *suspects, struct finding *finding);

#endif
