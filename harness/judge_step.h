/* SPDX-License-Identifier: Apache-2.0 */
/* A step's own questions: its expectations, or the requirement that a step without any stands for.
 *
 * Findings are added to the verdict under construction; who puts no question adds nothing. */
#ifndef MDCTS_JUDGE_STEP_H
#define MDCTS_JUDGE_STEP_H

#include "finding.h"
#include "judge_key.h"

/* What judging needs to know besides the case itself. */
struct judge_facts {
    struct arena *keep; /* for what goes into the results */
    const struct requirements *rows;
    const struct node *header, *capabilities;
    struct key_judge key;
    struct tallies *tallies; /* of the whole run */
};

/* The verdict of a case as it grows. */
struct case_verdict {
    struct finding_list findings;
    uint64_t checks;        /* questions that were answered */
    const char *skip;       /* a question that this run can't answer, and why */
    const char *blocked_by; /* requirement of the unscored step that failed */
    const char *blocked_why;
    const char *blocked_code; /* the return code by name; NULL: none */
    enum outcome blocked_outcome;
    const char *broken; /* we could not tell */
    bool doubtful;      /* a key was made of a wrong secret; nothing after it is judged */
};

/* What a step saw in one repetition. */
struct step_view {
    const struct judge_facts *facts;
    struct case_record *record;
    struct case_verdict *verdict;
    struct watch *watch;
    const struct step *step;
    uint32_t number;
    const struct call_record *call; /* the step's last call; NULL: it made none */
    const struct expectation *expected;
    const struct requirement *row; /* that the expectation is charged to */
};

/* The requirement that a step without expectations stands for; NULL: none.  *may_refuse, unless
 * NULL, says whether its row lets a driver refuse such a call for good. */
const char *step_implicit_requirement(const struct judge_facts *facts, const struct step *step,
                                      bool *may_refuse);

/* The same for a call outside steps, by its entry point. */
const char *entry_implicit_requirement(const char *entry);

/* Judges one expectation of a step that made a call. */
void expect_judge(struct step_view *view);

/* The part of it that follows the return code and the key: outputs, counts, tables, public keys. */
void output_judge(struct step_view *view);

/* Judges relate. */
void relate_judge(struct step_view *view);

/* The outcome of a deviation about which the view's row says nothing more, within `worst`. */
enum outcome step_deviation(const struct step_view *view);

/* The outcome, or `worst` if that is less. */
enum outcome step_capped(const struct step_view *view, enum outcome outcome);

/* The outcome of a refusal for a row, given what the case had done to the card. */
enum outcome step_outcome(const struct requirement *row, const struct call_record *call);

/* Adds a finding about the view's step; texts must live in facts->keep. */
void step_report(struct step_view *view, enum outcome outcome, const char *expected,
                 const char *observed);

/* The same, with whose fault it may be instead (judge_suspect.h). */
struct suspects;
void step_report_suspects(struct step_view *view, enum outcome outcome, const char *expected,
                          const char *observed, const struct suspects *suspects);

/* "SCARD_E_NO_MEMORY (0x80100006)", "success". */
const char *status_words(struct arena *keep, uint32_t status);

#endif
