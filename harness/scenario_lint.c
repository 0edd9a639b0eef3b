/* SPDX-License-Identifier: Apache-2.0 */
/* What a suite file can only be told when all files are read and the matrices are multiplied out.
 */
#include "case_expand.h"
#include "fields.h"
#include "plan_require.h"
#include "scenario.h"

#include <string.h>

#define COUNT(array)    (sizeof(array) / sizeof((array)[0]))
#define BOUND_NAMES_MAX (2 * STEPS_MAX)
#define SUGGESTIONS_MAX 512

struct lint {
    struct diags *diags;
    struct arena *keep;
    struct scenario *scenario;
};

/* ---- requirement ids and fixtures ---- */

static bool unknown_requirement(struct lint *l, struct source_pos at, const char *id)
{
    const struct requirements *all = &l->scenario->requirements;
    const char *names[SUGGESTIONS_MAX];
    size_t count = 0;
    for (; count < all->count && count < SUGGESTIONS_MAX; count++)
        names[count] = all->items[count].id;
    const char *near = nearest_name(id, names, count);
    return diag_error(l->diags, at, "unknown requirement '%s'%s", id,
                      near == NULL ? ""
                                   : arena_printf(&l->diags->arena, "; did you mean '%s'?", near));
}

static const struct fixture *find_in_suite(const struct suite *suite, const char *name)
{
    for (size_t i = 0; i < suite->fixture_count; i++)
        if (strcmp(suite->fixtures[i].name, name) == 0)
            return &suite->fixtures[i];
    return NULL;
}

/* A suite's own fixtures win over those of files without cases. */
static const struct fixture *find_fixture(const struct lint *l, const struct suite *suite,
                                          const char *name)
{
    const struct fixture *found = find_in_suite(suite, name);
    for (size_t i = 0; found == NULL && i < l->scenario->suite_count; i++)
        if (l->scenario->suites[i]->case_count == 0)
            found = find_in_suite(l->scenario->suites[i], name);
    return found;
}

static size_t fixture_names(const struct lint *l, const struct suite *suite, const char **names,
                            size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < l->scenario->suite_count; i++) {
        const struct suite *s = l->scenario->suites[i];
        for (size_t j = 0; (s == suite || s->case_count == 0) && j < s->fixture_count; j++)
            if (count < most)
                names[count++] = s->fixtures[j].name;
    }
    return count;
}

static bool resolve_fixture(struct lint *l, struct scenario_case *c)
{
    const char *names[64];
    if (c->fixture == NULL)
        return true;
    const struct fixture *found = find_fixture(l, c->suite, c->fixture->name);
    if (found == NULL) {
        size_t count = fixture_names(l, c->suite, names, COUNT(names));
        if (count == 0)
            return diag_error(l->diags, c->fixture->at, "unknown fixture '%s': none is defined",
                              c->fixture->name);
        return field_unknown(l->diags, c->fixture->at, "fixture", c->fixture->name, names, count);
    }
    c->fixture = found;
    return steps_are_readable(found->steps); /* else its reader has complained */
}

/* ---- names that steps bind ---- */

enum bound_kind {
    BOUND_CONTEXT,
    BOUND_AGREEMENT,
    BOUND_KEY,
    BOUND_SUCCESS,
    BOUND_BLOB,
    BOUND_BALANCE,
    BOUND_NOTHING
};

static const char *const bound_words[] = {"a context", "an agreement", "a key",
                                          "a success", "a public key", "a balance"};

struct bound {
    const char *name;
    enum bound_kind kind;
    struct source_pos at;
    size_t step;
};

struct scope {
    struct lint *l;
    struct bound names[BOUND_NAMES_MAX];
    size_t count;
};

static enum bound_kind binds_what(const struct step *step)
{
    if (step->op == STEP_ACQUIRE)
        return BOUND_CONTEXT;
    if (step->op == STEP_CONSTRUCT)
        return BOUND_AGREEMENT;
    if (step->op == STEP_DERIVE)
        return BOUND_KEY;
    if (step->op == STEP_LEDGER)
        return BOUND_BALANCE;
    if (step->op == STEP_AUTHENTICATE || step->op == STEP_DEAUTHENTICATE)
        return BOUND_SUCCESS;
    return step->op == STEP_CONTAINER_INFO ? BOUND_BLOB : BOUND_NOTHING;
}

static const struct bound *find_bound(const struct scope *s, const char *name, bool context)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->names[i].name, name) == 0 && (s->names[i].kind == BOUND_CONTEXT) == context)
            return &s->names[i];
    return NULL;
}

static bool bind_names(struct scope *s, const struct step *steps, size_t count)
{
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        const char *name = step_binds(&steps[i]);
        enum bound_kind kind = binds_what(&steps[i]);
        if (name == NULL || kind == BOUND_NOTHING)
            continue;
        const struct bound *earlier = find_bound(s, name, kind == BOUND_CONTEXT);
        if (earlier != NULL && kind == BOUND_CONTEXT)
            continue; /* the same context again, after it was deleted */
        if (earlier != NULL)
            ok = diag_error(s->l->diags, node_get(steps[i].args, "as")->at,
                            "'%s' already names %s of line %u", name, bound_words[earlier->kind],
                            earlier->at.line);
        else if (s->count < BOUND_NAMES_MAX)
            s->names[s->count++] = (struct bound){name, kind, steps[i].at, i};
    }
    return ok;
}

static const char *suggestion(struct scope *s, const char *name)
{
    const char *names[BOUND_NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->names[i].kind != BOUND_CONTEXT)
            names[count++] = s->names[i].name;
    const char *near = nearest_name(name, names, count);
    return near == NULL ? "" : arena_printf(&s->l->diags->arena, "; did you mean '$%s'?", near);
}

/* wanted: BOUND_NOTHING for what can be compared. */
static bool check_use(struct scope *s, const struct node *node, size_t step, enum bound_kind wanted)
{
    const char *name = reference_name(node);
    struct diags *diags = s->l->diags;
    if (name == NULL)
        return true;
    const char *what =
        wanted == BOUND_NOTHING ? "a key, a public key or a balance" : bound_words[wanted];
    const struct bound *bound = find_bound(s, name, false);
    if (bound == NULL)
        return diag_error(diags, node->at,
                          "'$%s' is neither a matrix variable nor %s: no step has 'as: %s'%s", name,
                          what, name, suggestion(s, name));
    if (bound->step >= step)
        return diag_error(diags, node->at, "'$%s' doesn't exist yet: line %u makes it", name,
                          bound->at.line);
    bool comparable = bound->kind >= BOUND_KEY && bound->kind <= BOUND_BALANCE;
    bool fits = wanted == BOUND_NOTHING ? comparable : bound->kind == wanted;
    return fits || diag_error(diags, node->at, "'$%s' is %s, but %s is needed here", name,
                              bound_words[bound->kind], what);
}

static bool check_answers(struct scope *s, const struct step *step, size_t number)
{
    const struct node *callbacks = node_get(step->node, "callbacks");
    const struct node *list = node_get(callbacks, "CspGetDHAgreement");
    bool ok = true;
    for (const struct node *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next)
        ok = check_use(s, node_get(item, "index"), number, BOUND_AGREEMENT) && ok;
    return ok;
}

/* Steps about the card itself, and comparisons, need no context. */
static bool needs_context(const struct step *step)
{
    static const enum step_op without[] = {STEP_ACQUIRE, STEP_RESET,  STEP_REMOVE, STEP_INSERT,
                                           STEP_FOREIGN, STEP_RELATE, STEP_LEDGER};
    for (size_t i = 0; i < COUNT(without); i++)
        if (without[i] == step->op)
            return false;
    return node_get(step->raw, "pCardData") == NULL;
}

static bool check_context(struct scope *s, const struct step *step, size_t number)
{
    if (!needs_context(step))
        return true;
    const struct bound *bound = find_bound(s, step->context, true);
    if (bound != NULL && bound->step < number)
        return true;
    const struct node *said = node_get(step->node, "context");
    return diag_error(s->l->diags, said != NULL ? said->at : step->at,
                      "%s needs the context '%s', which no earlier step acquires", step->op_name,
                      step->context);
}

/* A balance is compared with balances only. */
static bool check_one_kind(struct scope *s, const struct node *list)
{
    size_t balances = 0, known = 0;
    for (const struct node *item = list->first; item != NULL; item = item->next) {
        const char *name = reference_name(item);
        const struct bound *bound = name == NULL ? NULL : find_bound(s, name, false);
        known += bound != NULL;
        balances += bound != NULL && bound->kind == BOUND_BALANCE;
    }
    return balances == 0 || balances == known ||
           diag_error(s->l->diags, list->at, "a balance of memory can't be compared with a key");
}

static bool check_condition(struct scope *s, const struct step *step, size_t number)
{
    const struct node *node = node_get(step->node, step->unless ? "unless" : "if");
    const struct bound *bound =
        step->condition == NULL ? NULL : find_bound(s, step->condition, false);
    if (step->condition == NULL)
        return true;
    if (bound == NULL)
        bound = find_bound(s, step->condition, true);
    if (bound == NULL || bound->step >= number)
        return diag_error(s->l->diags, node->at, "no earlier step binds '$%s'", step->condition);
    return bound->kind <= BOUND_SUCCESS ||
           diag_error(s->l->diags, node->at, "'$%s' is %s, which is always there", step->condition,
                      bound_words[bound->kind]);
}

static bool is_call(const struct step *step)
{
    return step_entry(step) != NULL || step->op == STEP_AUTHENTICATE ||
           step->op == STEP_DEAUTHENTICATE;
}

/* What only a call can have. */
static bool check_calls_only(struct scope *s, const struct step *step)
{
    static const struct {
        const char *key, *why;
    } rows[] = {
        {"card", "that a card could disturb"},
        {"pcsc", "that a card could disturb"},
        {"thread", "that a thread could make"},
    };
    bool ok = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !is_call(step); i++) {
        const struct node *node = node_get(step->node, rows[i].key);
        if (node != NULL)
            ok = diag_error(s->l->diags, node->key_at, "%s is no call %s", step->op_name,
                            rows[i].why);
    }
    return ok;
}

/* What stands beside an operation that it does nothing for. */
static bool check_attributes(struct scope *s, const struct step *step)
{
    struct diags *diags = s->l->diags;
    bool ok = check_calls_only(s, step);
    const struct node *meet = node_get(step->node, "meet");
    if (meet != NULL && !step->beside)
        ok = diag_error(diags, meet->key_at, "only steps of a block 'parallel' can meet");
    if (step->op == STEP_SET_CARD_DATA && (step->raw == NULL || step->raw->count == 0))
        ok = diag_error(diags, step->at, "set_card_data needs 'raw' with the members that it sets");
    for (size_t i = 0; i < step->expect_count; i++)
        for (size_t k = 0; k < step->expects[i].call_count; k++)
            if (step->expects[i].calls[k].other &&
                strcmp(step->expects[i].calls[k].callback, "CspGetDHAgreement") != 0)
                ok = diag_error(diags, step->expects[i].at,
                                "only calls of CspGetDHAgreement are told apart by 'other'");
    return ok;
}

static bool check_references(struct scope *s, const struct step *step, size_t number)
{
    bool ok = check_context(s, step, number);
    ok = check_attributes(s, step) && ok;
    ok = check_condition(s, step, number) && ok;
    ok = check_use(s, step_arg(step, "agreement"), number, BOUND_AGREEMENT) && ok;
    ok = check_use(s, step_arg(step, "key"), number, BOUND_KEY) && ok;
    ok = check_use(s, node_get(step_arg(step, "peer"), "same"), number, BOUND_AGREEMENT) && ok;
    for (const struct node *list = step->op == STEP_RELATE ? step->args->first : NULL; list != NULL;
         list = list->next) {
        for (const struct node *item = list->first; item != NULL; item = item->next)
            ok = check_use(s, item, number, BOUND_NOTHING) && ok;
        ok = check_one_kind(s, list) && ok;
    }
    return check_answers(s, step, number) && ok;
}

/* ---- what the oracle needs ---- */

static uint64_t reader_of(const struct step *steps, size_t count, const char *context)
{
    uint64_t reader = 1;
    for (size_t i = 0; i < count; i++)
        if (steps[i].op == STEP_ACQUIRE && strcmp(step_binds(&steps[i]), context) == 0)
            reader = step_arg_uint(&steps[i], "reader", 1);
    return reader;
}

static bool wants_oracle(const struct step *step)
{
    for (size_t i = 0; i < step->expect_count; i++)
        if (step->expects[i].key.rule == KEY_ORACLE)
            return true;
    return false;
}

/* Probing has met the first reader's card only. */
static bool check_known_key(struct lint *l, const struct step *steps, size_t count, size_t at)
{
    uint64_t reader = reader_of(steps, count, steps[at].context);
    if (reader == 1 || !wants_oracle(&steps[at]))
        return true;
    for (size_t i = 0; i < count; i++)
        if (steps[i].op == STEP_CONTAINER_INFO &&
            reader_of(steps, count, steps[i].context) == reader)
            return true;
    return diag_error(l->diags, node_get(steps[at].node, "expect")->key_at,
                      "the oracle doesn't know this card's key: no container_info asks for it in a "
                      "context of reader %u",
                      (unsigned)reader);
}

/* ---- variables nobody replaces ---- */

static bool is_bound_somewhere(const struct expanded_case *x, const char *name)
{
    for (size_t i = 0; i < x->step_count; i++)
        for (const struct node *op = x->nodes[i]->first; op != NULL; op = op->next) {
            const char *as = node_get_text(op, "as");
            if (as != NULL && strcmp(as, name) == 0)
                return true;
        }
    return false;
}

/* An unknown variable is named as such, once, before its step is read and complains about its kind.
 */
static bool check_variables(struct lint *l, const struct expanded_case *x, const struct node *node)
{
    const char *name = reference_name(node);
    bool ok = true;
    if (name != NULL && !is_bound_somewhere(x, name))
        return diag_error(l->diags, node->at,
                          "'$%s' is unknown: no matrix variable and no step's 'as' has this name",
                          name);
    for (const struct node *child = node->first; child != NULL; child = child->next)
        ok = check_variables(l, x, child) && ok;
    return ok;
}

/* ---- expectations ---- */

static bool check_expectations(struct lint *l, const struct expanded_case *x,
                               const struct step *steps)
{
    const struct requirement *own =
        requirement_find(&l->scenario->requirements, x->base->requirement);
    bool ok = true, own_asserted = false;
    for (size_t i = 0; i < x->step_count; i++) {
        bool in_fixture = i < x->fixture_steps;
        own_asserted |= steps[i].op == STEP_RELATE && !in_fixture;
        for (size_t j = 0; j < steps[i].expect_count; j++) {
            const struct expectation *e = &steps[i].expects[j];
            const struct requirement *row =
                e->requirement == NULL
                    ? own
                    : requirement_find(&l->scenario->requirements, e->requirement);
            own_asserted |= row == own && !in_fixture;
            if (in_fixture && e->requirement == NULL)
                ok = diag_error(l->diags, e->at,
                                "a fixture belongs to no requirement: its "
                                "expectations need 'for'");
            else if (row == NULL && e->requirement != NULL)
                ok = unknown_requirement(l, e->at, e->requirement);
            else if (row != NULL && e->returns == RETURN_PER_REQUIREMENT &&
                     !requirement_has_codes(row))
                ok = diag_error(l->diags, e->at,
                                "requirement %s lists no return codes, so "
                                "'per-requirement' says nothing",
                                row->id);
        }
    }
    if (!own_asserted)
        ok = diag_error(l->diags, x->base->at,
                        "case '%s' asserts nothing about %s: no step of it "
                        "has an 'expect' for that requirement",
                        x->base->id, x->base->requirement);
    return ok;
}

/* ---- sweeps ---- */

static const char *sweep_problem(const struct step *step, bool in_fixture)
{
    if (in_fixture)
        return "a fixture can't be swept: the step has to stand in the case";
    if (!is_call(step))
        return "only calls can be swept";
    if (step->repeat > 1)
        return "a repeated step can't be swept";
    if (step->card.kind != TROUBLE_NONE || step->pcsc.kind != TROUBLE_NONE ||
        step->callbacks.alloc_fail != 0 || step->callbacks.alloc_fail_from != 0)
        return "a swept step has no other fault";
    return NULL;
}

static bool check_sweeps(struct lint *l, const struct expanded_case *x, const struct step *steps)
{
    bool ok = true;
    size_t first = steps_swept(steps, x->step_count);
    for (size_t i = first; i < x->step_count; i++) {
        const struct node *node = node_get(steps[i].node, "sweep");
        const char *why = node == NULL ? NULL : sweep_problem(&steps[i], i < x->fixture_steps);
        if (node != NULL && why == NULL && i != first)
            why = "a case has one sweep: this is the second";
        if (why != NULL)
            ok = diag_error(l->diags, node->key_at, "%s", why);
    }
    return ok;
}

/* ---- one case ---- */

static bool check_expanded(struct lint *l, const struct expanded_case *x)
{
    struct arena scratch = {0};
    struct step *steps;
    struct scope *scope = arena_new(&scratch, struct scope);
    bool ok = true;
    scope->l = l;
    for (size_t i = 0; i < x->step_count; i++)
        ok = check_variables(l, x, x->nodes[i]) && ok;
    for (size_t i = 0; i < 2; i++)
        ok = require_check(l->diags, x->requires[i]) && ok;
    ok = ok && case_read_steps(l->diags, &scratch, x, &steps);
    if (ok) {
        ok = bind_names(scope, steps, x->step_count);
        for (size_t i = 0; i < x->step_count; i++)
            ok = check_references(scope, &steps[i], i) &&
                 check_known_key(l, steps, x->step_count, i) && ok;
        for (size_t i = 0; i < x->step_count; i++)
            if (steps[i].beside && steps[i].block != 0)
                ok = parallel_check(l->diags, steps, x->step_count, i) && ok;
        ok = check_sweeps(l, x, steps) && ok;
        ok = check_expectations(l, x, steps) && ok;
    }
    arena_free(&scratch);
    return ok;
}

static bool is_known(const struct diags *diags, const struct diag *new)
{
    size_t kept = diags->count < DIAG_MAX ? diags->count : DIAG_MAX;
    for (size_t i = 0; i < kept; i++) {
        const struct diag *old = &diags->items[i];
        if (old->at.line == new->at.line &&
            old->at.column == new->at.column &&strcmp(old->text, new->text) == 0)
            return true;
    }
    return false;
}

/* A mistake outside the matrix shows in every combination, and is told once. */
static void merge(struct diags *into, const struct diags *from)
{
    size_t kept = from->count < DIAG_MAX ? from->count : DIAG_MAX;
    for (size_t i = 0; i < kept; i++)
        if (!is_known(into, &from->items[i]))
            diag_error(into, from->items[i].at, "%s", from->items[i].text);
}

static bool check_combinations(struct lint *l, const struct scenario_case *c,
                               const struct matrix *matrix)
{
    struct diags all = {0};
    struct arena scratch = {0};
    for (size_t i = 0; i < matrix->combinations && all.count < DIAG_MAX; i++) {
        struct diags one = {0};
        struct lint inner = {&one, l->keep, l->scenario};
        struct expanded_case x;
        if (case_expand(&one, &scratch, c, matrix, i, &x))
            check_expanded(&inner, &x);
        merge(&all, &one);
        diags_free(&one);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    bool ok = all.count == 0;
    merge(l->diags, &all);
    diags_free(&all);
    return ok;
}

static bool check_duplicate(struct lint *l, const struct scenario_case *c)
{
    const struct scenario_case *first = scenario_find_case(l->scenario, c->id);
    if (first == c)
        return true;
    return diag_error(l->diags, c->at, "case '%s' is already in %s line %u", c->id,
                      first->suite->file, first->at.line);
}

static bool check_case(struct lint *l, struct scenario_case *c)
{
    struct matrix matrix;
    bool ok = check_duplicate(l, c);
    ok = resolve_fixture(l, c) && ok;
    if (requirement_find(&l->scenario->requirements, c->requirement) == NULL)
        ok = unknown_requirement(l, c->requirement_at, c->requirement);
    return matrix_read(l->diags, l->keep, c->matrix, &matrix) && ok &&
           check_combinations(l, c, &matrix);
}

bool scenario_check(struct diags *diags, struct arena *keep, struct scenario *scenario)
{
    struct lint l = {diags, keep, scenario};
    bool ok = true;
    for (size_t i = 0; i < scenario->suite_count; i++) {
        struct suite *suite = scenario->suites[i];
        for (size_t j = 0; j < suite->case_count; j++) {
            struct scenario_case *c = &suite->cases[j];
            /* What its reader refused has been told already. */
            bool read = c->id != NULL && c->requirement != NULL && steps_are_readable(c->steps);
            ok = read && check_case(&l, c) && ok;
        }
    }
    return ok;
}
