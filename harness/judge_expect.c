/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_step.h"

#include "judge_invariant.h"
#include "judge_suspect.h"

#include "mdcts/status.h"
#include "status_name.h"

#include <inttypes.h>
#include <string.h>

/* A refusal that no row names and that isn't one of those that make Windows prompt. */
#define STATUS_PLAIN_REFUSAL SCARD_E_SERVER_TOO_BUSY

#define KEY_AND_SIZE "R127" /* pbDerivedKey and cbDerivedKey hold the key */

const char *status_words(struct arena *keep, uint32_t status)
{
    const char *name = status_name(status);
    if (status == SCARD_S_SUCCESS)
        return "success";
    return name == NULL ? arena_printf(keep, "0x%08" PRIx32, status)
                        : arena_printf(keep, "%s (0x%08" PRIx32 ")", name, status);
}

static struct finding make_finding(const struct step_view *view, const char *requirement,
                                   enum outcome outcome, const char *expected, const char *observed)
{
    struct arena *keep = view->facts->keep;
    const char *file = case_step_file(view->record, view->step);
    const struct call_record *call = view->call;
    return (struct finding){
        .requirement = arena_strdup(keep, requirement),
        .outcome = outcome,
        .expected = expected,
        .observed = observed,
        .code = call != NULL && call->returned ? status_text(keep, call->status) : NULL,
        .op = view->step->op_name == NULL ? NULL : arena_strdup(keep, view->step->op_name),
        .file = file == NULL ? NULL : arena_strdup(keep, file),
        .step = view->number,
        .line = view->step->line,
        .iteration = call == NULL ? 0 : call->iteration,
    };
}

void step_report_suspects(struct step_view *view, enum outcome outcome, const char *expected,
                          const char *observed, const struct suspects *suspects)
{
    struct finding finding = make_finding(view, view->row->id, outcome, expected, observed);
    suspects_keep(view->facts->keep, suspects, &finding);
    finding_add(view->facts->keep, &view->verdict->findings, &finding);
}

void step_report(struct step_view *view, enum outcome outcome, const char *expected,
                 const char *observed)
{
    const struct suspects suspects = suspects_of_call(view);
    step_report_suspects(view, outcome, expected, observed, &suspects);
}

enum outcome step_capped(const struct step_view *view, enum outcome outcome)
{
    enum outcome worst = view->expected == NULL ? OUTCOME_PASS : view->expected->worst;
    return worst != OUTCOME_PASS && outcome > worst ? worst : outcome;
}

enum outcome step_deviation(const struct step_view *view)
{
    return step_capped(view, requirement_deviation(view->row));
}

enum outcome step_outcome(const struct requirement *row, const struct call_record *call)
{
    enum outcome outcome = requirement_outcome(row, call->status);
    if (outcome == OUTCOME_FAIL && status_prompts(call->status) &&
        card_state_explains(&call->before, call->status))
        for (size_t i = 0;; i++) {
            if (i == row->fail.count)
                return requirement_outcome(row, STATUS_PLAIN_REFUSAL);
            if (row->fail.items[i].kind == CODE_EXACT && row->fail.items[i].status == call->status)
                break;
        }
    return outcome;
}

/* ---- the return code ---- */

static const char *accepted_words(const struct step_view *view)
{
    struct arena *keep = view->facts->keep;
    const struct code_list *accept = &view->row->accept;
    const char *words = "";
    for (size_t i = 0; i < accept->count; i++)
        words = arena_printf(keep, "%s%s%s", words, i == 0 ? "" : " or ", accept->items[i].name);
    return accept->count == 0 ? arena_printf(keep, "what %s asks for", view->row->id) : words;
}

static const char *expected_words(const struct step_view *view)
{
    struct arena *keep = view->facts->keep;
    const struct expectation *expected = view->expected;
    const char *words = "";
    switch (expected->returns) {
    case RETURN_CODES:
        for (size_t i = 0; i < expected->code_count; i++)
            words = arena_printf(keep, "%s%s%s", words, i == 0 ? "" : " or ",
                                 status_text(keep, expected->codes[i]));
        return words;
    case RETURN_PER_REQUIREMENT: return accepted_words(view);
    case RETURN_SUCCESS: return "success";
    case RETURN_FAILURE: return "a refusal";
    case RETURN_UNSAID:
    case RETURN_ANY: break;
    }
    return "anything";
}

static bool is_among(const uint32_t *codes, size_t count, uint32_t status)
{
    for (size_t i = 0; i < count; i++)
        if (codes[i] == status)
            return true;
    return false;
}

/* A code that the case did not ask for, where it is narrower than the row. */
static enum outcome deviation_outcome(const struct step_view *view)
{
    enum outcome outcome = step_outcome(view->row, view->call);
    return outcome == OUTCOME_PASS ? requirement_deviation(view->row) : outcome;
}

static bool prompts_without_cause(const struct call_record *call)
{
    return status_prompts(call->status) && !card_state_explains(&call->before, call->status);
}

static enum outcome return_outcome(const struct step_view *view)
{
    const struct call_record *call = view->call;
    const struct expectation *expected = view->expected;
    bool ok = call->status == SCARD_S_SUCCESS;
    if (is_among(expected->warn_codes, expected->warn_count, call->status))
        return OUTCOME_WARN;
    switch (expected->returns) {
    case RETURN_CODES:
        return is_among(expected->codes, expected->code_count, call->status)
                   ? OUTCOME_PASS
                   : deviation_outcome(view);
    case RETURN_PER_REQUIREMENT: return step_outcome(view->row, call);
    case RETURN_SUCCESS: return ok ? OUTCOME_PASS : deviation_outcome(view);
    case RETURN_FAILURE:
        if (ok)
            return deviation_outcome(view);
        /* A refusal was asked for, but one that makes Windows prompt needs a cause, or a row that
         * names it. */
        return prompts_without_cause(call) ? step_outcome(view->row, call) : OUTCOME_PASS;
    case RETURN_UNSAID:
    case RETURN_ANY: break;
    }
    return OUTCOME_PASS;
}

/* Returns whether the code was as asked for. */
static bool check_return(struct step_view *view)
{
    struct arena *keep = view->facts->keep;
    if (view->expected->returns == RETURN_UNSAID)
        return true;
    view->verdict->checks++;
    enum outcome outcome = return_outcome(view);
    if (outcome == OUTCOME_PASS)
        return true;
    step_report(view, step_capped(view, outcome), expected_words(view),
                status_words(keep, view->call->status));
    return false;
}

/* ---- the key ---- */

/* The right bytes and more: whatever asks for a key sees it, so it is one red line. */
static void report_long_key(struct step_view *view, const char *expected, const char *observed)
{
    struct case_verdict *verdict = view->verdict;
    if (strcmp(view->row->id, KEY_AND_SIZE) == 0) {
        step_report(view, OUTCOME_FAIL, expected, observed);
        return;
    }
    struct finding finding = make_finding(view, KEY_AND_SIZE, OUTCOME_FAIL, expected, observed);
    watch_observe(view->watch, view->record, KEY_AND_SIZE, &finding);
    if (verdict->findings.worst >= OUTCOME_WARN)
        return;
    verdict->blocked_by = KEY_AND_SIZE;
    verdict->blocked_outcome = OUTCOME_FAIL;
    verdict->blocked_why = arena_printf(view->facts->keep, "by %s, step %" PRIu32 ": %s",
                                        KEY_AND_SIZE, view->number, observed);
}

/* At any level: the peer would have another key.  Who answers for it is settled when all cases are
 * in (judge_settle.h). */
static void report_wrong_key(struct step_view *view, const struct key_answer *answer,
                             struct bytes key)
{
    struct arena *keep = view->facts->keep;
    const char *observed = arena_printf(keep, "key %s", key_text(keep, key));
    const char *expected = answer->expected == NULL
                               ? "the oracle's key"
                               : arena_printf(keep, "key %s", answer->expected);
    if (answer->too_long && requirement_find(view->facts->rows, KEY_AND_SIZE) != NULL) {
        report_long_key(view, expected, observed);
        return;
    }
    const char *words = NULL;
    const struct suspects suspects = suspects_of_key(view, key, &words);
    view->verdict->doubtful = words != NULL && suspects.count > 0;
    if (words != NULL)
        observed = arena_printf(keep, "%s, made of %s", observed, words);
    step_report_suspects(view, OUTCOME_FAIL, expected, observed, &suspects);
}

/* What can't be compared, since the driver's own answer to another question is wrong. */
static void block_by_key(struct step_view *view, const char *why)
{
    struct case_verdict *verdict = view->verdict;
    if (verdict->findings.worst >= OUTCOME_WARN)
        return;
    verdict->blocked_by = "R227";
    verdict->blocked_outcome = OUTCOME_FAIL;
    verdict->blocked_why = arena_printf(view->facts->keep, "by R227: %s", why);
}

static void check_key_oracle(struct step_view *view)
{
    struct arena *keep = view->facts->keep;
    struct bytes key;
    bool masked;
    if (view->call->status != SCARD_S_SUCCESS)
        return; /* refused, and the return code was judged */
    if (!key_of_call(&view->record->arena, view->call, &key, &masked)) {
        if (masked)
            view->verdict->broken = "the key was blanked because it held a PIN";
        else
            step_report(view, OUTCOME_FAIL, "a derived key", "success without a readable key");
        return;
    }
    struct key_answer answer =
        key_check(&view->facts->key, view->record, view->call, &view->expected->key, key);
    const char *got = key_text(keep, key);
    switch (answer.match) {
    case KEY_ACCEPTED: suspects_note_right(view); break;
    case KEY_WARNED:
        step_report(view, OUTCOME_WARN, "the key of the step as written",
                    arena_printf(keep, "the key of a tolerated reading: %s", got));
        break;
    case KEY_UNDEFINED: step_report(view, OUTCOME_INFO, arena_strdup(keep, answer.why), got); break;
    case KEY_WRONG: report_wrong_key(view, &answer, key); break;
    case KEY_UNTOLD: block_by_key(view, answer.why); break;
    case KEY_UNJUDGED: view->verdict->broken = arena_strdup(keep, answer.why); break;
    }
}

static bool key_was_given(const struct call_record *call)
{
    const struct node *pointer = node_get(call->out, "pbDerivedKey");
    return node_get(pointer, "block") != NULL || node_get(pointer, "wild") != NULL ||
           node_get_bool(call->out, "filled", false);
}

static void check_key_none(struct step_view *view)
{
    if (key_was_given(view->call))
        step_report(view, step_deviation(view), "no key",
                    node_get_bool(view->call->out, "filled", false) ? "bytes in the caller's buffer"
                                                                    : "a pointer in pbDerivedKey");
}

static void check_key_length(struct step_view *view)
{
    struct arena *keep = view->facts->keep;
    uint64_t length, wanted = view->expected->key.length_bytes;
    if (view->call->status != SCARD_S_SUCCESS)
        return;
    bool told = node_to_uint(node_get(view->call->out, "cbDerivedKey"), &length);
    const struct suspects suspects = suspects_of_length();
    if (!told || length != wanted)
        step_report_suspects(
            view, step_deviation(view), arena_printf(keep, "a key of %" PRIu64 " bytes", wanted),
            told ? arena_printf(keep, "%" PRIu64 " bytes", length) : "no cbDerivedKey", &suspects);
}

static void check_key(struct step_view *view)
{
    static void (*const checkers[])(struct step_view *) = {
        [KEY_UNSAID] = NULL,
        [KEY_ORACLE] = check_key_oracle,
        [KEY_NONE] = check_key_none,
        [KEY_LENGTH] = check_key_length,
    };
    enum key_rule rule = view->expected->key.rule;
    if (checkers[rule] == NULL)
        return;
    view->verdict->checks++;
    checkers[rule](view);
}

/* ---- all of them ---- */

void expect_judge(struct step_view *view)
{
    if (!check_return(view)) {
        /* The rest was not reached, but a key that came all the same must not be wrong. */
        if (view->call->status == SCARD_S_SUCCESS && view->expected->key.rule == KEY_ORACLE)
            check_key_oracle(view);
        return;
    }
    check_key(view);
    output_judge(view);
}
