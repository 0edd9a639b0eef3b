/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include "case_expand.h"
#include "fields.h"
#include "plan_require.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A selector that is a file or folder of suites. */
struct place {
    bool is_one, narrowed;
};

struct planner {
    struct diags *diags;
    struct arena *keep, *scratch;
    const struct scenario *scenario;
    const struct plan_options *options;
    struct plan *plan;
    bool *selector_hit;
    struct place *places; /* by selector */
    bool has_places;
    bool whole;  /* all cases of the suite in hand */
    size_t seen; /* selected cases, for shards */
};

/* ---- selection ---- */

static bool ends_with_path(const char *file, const char *selector)
{
    size_t len = strlen(file), tail = strlen(selector);
    if (strncmp(selector, "./", 2) == 0)
        return ends_with_path(file, selector + 2);
    return tail <= len && strcmp(file + len - tail, selector) == 0 &&
           (tail == len || file[len - tail - 1] == '/');
}

static bool is_under(const char *id, const char *base)
{
    size_t len = strlen(base);
    return strncmp(id, base, len) == 0 && (id[len] == '/' || id[len] == '[' || id[len] == '\0');
}

static bool selects(const char *selector, const struct scenario_case *c, const char *id)
{
    return strcmp(selector, c->requirement) == 0 || strcmp(selector, id) == 0 ||
           is_under(id, selector) || glob_matches(selector, id) || glob_matches(selector, c->id);
}

bool plan_is_below(const char *dir, const char *path)
{
    char *folder = realpath(dir, NULL), *file = realpath(path, NULL);
    size_t len = folder == NULL ? 0 : strlen(folder);
    bool below = folder != NULL && file != NULL && strncmp(file, folder, len) == 0 &&
                 (file[len] == '/' || file[len] == '\0');
    free(folder);
    free(file);
    return below;
}

/* A word that is a file or folder of suites. */
static bool is_place(const char *word, const struct suite *suite)
{
    return suite->case_count > 0 &&
           (ends_with_path(suite->file, word) || plan_is_below(word, suite->file));
}

/* The words that are files or folders: kept apart, for they are no ids.  Many words are ids only.
 */
static void find_places(struct planner *p)
{
    for (size_t i = 0; i < p->options->selector_count; i++) {
        const char *word = p->options->selectors[i];
        bool exists = access(word, F_OK) == 0;
        for (size_t k = 0; k < p->scenario->suite_count && !p->places[i].is_one; k++)
            p->places[i].is_one = exists ? is_place(word, p->scenario->suites[k])
                                         : ends_with_path(p->scenario->suites[k]->file, word);
        p->has_places |= p->places[i].is_one;
    }
}

static bool is_chosen_by_others(const struct planner *p, const struct suite *suite)
{
    for (size_t i = 0; i < p->options->selector_count; i++)
        for (size_t k = 0; k < suite->case_count && !p->places[i].is_one; k++) {
            const char *word = p->options->selectors[i];
            const struct scenario_case *c = &suite->cases[k];
            if (selects(word, c, c->id) || is_under(word, c->id))
                return true;
        }
    return false;
}

/* A place beside words that choose some of its cases says only where those are. */
static void find_narrowed(struct planner *p)
{
    for (size_t k = 0; k < p->scenario->suite_count && p->has_places; k++) {
        const struct suite *suite = p->scenario->suites[k];
        if (!is_chosen_by_others(p, suite))
            continue;
        for (size_t i = 0; i < p->options->selector_count; i++)
            p->places[i].narrowed |=
                p->places[i].is_one && is_place(p->options->selectors[i], suite);
    }
}

static bool is_whole(const struct planner *p, const struct suite *suite)
{
    for (size_t i = 0; i < p->options->selector_count; i++)
        if (p->places[i].is_one && !p->places[i].narrowed &&
            is_place(p->options->selectors[i], suite))
            return true;
    return p->options->selector_count == 0;
}

static bool is_selected(struct planner *p, const struct scenario_case *c, const char *id)
{
    bool selected = p->whole;
    for (size_t i = 0; i < p->options->selector_count; i++)
        if (!p->places[i].is_one && selects(p->options->selectors[i], c, id))
            selected = p->selector_hit[i] = true;
    return selected;
}

static bool level_fits(const struct planner *p, const struct scenario_case *c)
{
    const struct requirement *row = requirement_find(&p->scenario->requirements, c->requirement);
    return !p->options->has_level || (row != NULL && row->level <= p->options->level);
}

/* ---- skips ---- */

static const char *forbidden(struct planner *p, const struct scenario_case *c)
{
    unsigned missing = c->allow & ~p->options->allow;
    for (unsigned one = 1; one <= ALLOW_ALL && missing != 0; one <<= 1)
        if ((missing & one) != 0)
            return arena_printf(p->keep, "needs --allow %s", case_allow_name(one));
    return NULL;
}

static bool has_tag(const struct scenario_case *c, const char *word)
{
    for (const struct node *tag = c->tags == NULL ? NULL : c->tags->first; tag != NULL;
         tag = tag->next)
        if (strcmp(tag->text, word) == 0)
            return true;
    return false;
}

static const char *skip_reason(struct planner *p, const struct plan_case *pc)
{
    const char *why = forbidden(p, pc->base);
    if (why == NULL && !p->options->exhaustive && has_tag(pc->base, EXHAUSTIVE_TAG))
        why = "only with --exhaustive";
    if (why != NULL || p->options->capabilities == NULL)
        return why;
    struct expanded_case x;
    struct step *steps;
    struct diags ignored = {0};
    bool ok = case_expand(&ignored, p->scratch, pc->base, pc->matrix, pc->combination, &x) &&
              case_read_steps(&ignored, p->scratch, &x, &steps);
    diags_free(&ignored);
    assert(ok); /* scenario_check() has read it */
    if (p->options->no_sweeps && steps_swept(steps, x.step_count) < x.step_count)
        return "sweeps are left out";
    struct require_case needs = {{x.requires[0], x.requires[1]}, steps, x.step_count};
    why = require_missing(p->scratch, &needs, p->options->capabilities, p->options->virtual_reader,
                          p->options->readers);
    why = why == NULL ? NULL : arena_strdup(p->keep, why);
    arena_reset(p->scratch);
    return why;
}

/* ---- planning ---- */

static bool in_shard(struct planner *p)
{
    size_t number = p->seen++;
    return p->options->shards <= 1 || number % p->options->shards == (size_t)p->options->shard - 1;
}

static bool plan_combination(struct planner *p, const struct scenario_case *c,
                             const struct matrix *matrix, size_t combination)
{
    struct plan *plan = p->plan;
    const char *id = matrix_id(p->scratch, matrix, c->id, combination);
    if (!is_selected(p, c, id) || !level_fits(p, c) || !in_shard(p))
        return true;
    if (plan->count >= PLAN_CASES_MAX)
        return diag_error(p->diags, c->at, "the plan has more than %d cases (PLAN_CASES_MAX)",
                          PLAN_CASES_MAX);
    struct plan_case pc = {c, matrix, combination, arena_strdup(p->keep, id), NULL};
    arena_reset(p->scratch);
    pc.skip = skip_reason(p, &pc);
    plan->cases =
        arena_grow(p->keep, plan->cases, plan->count, &plan->capacity, sizeof *plan->cases);
    plan->cases[plan->count++] = pc;
    return true;
}

static bool plan_suite(struct planner *p, const struct suite *suite)
{
    bool ok = true;
    for (size_t i = 0; i < suite->case_count && ok; i++) {
        const struct scenario_case *c = &suite->cases[i];
        struct matrix *matrix = arena_new(p->keep, struct matrix);
        ok = matrix_read(p->diags, p->keep, c->matrix, matrix);
        for (size_t j = 0; ok && j < matrix->combinations; j++)
            ok = plan_combination(p, c, matrix, j);
    }
    return ok;
}

/* The nearest id helps who mistyped one. */
static bool selects_nothing(struct planner *p, const char *selector)
{
    const char *names[256];
    size_t count = 0;
    p->plan->unselected = true;
    for (size_t i = 0; i < p->scenario->suite_count; i++)
        for (size_t j = 0; j < p->scenario->suites[i]->case_count; j++)
            if (count < sizeof names / sizeof names[0])
                names[count++] = p->scenario->suites[i]->cases[j].id;
    const char *near = nearest_name(selector, names, count);
    return diag_error(p->diags, (struct source_pos){NULL, 0, 0}, "'%s' selects no case%s%s%s",
                      selector, near == NULL ? "" : "; did you mean '", near == NULL ? "" : near,
                      near == NULL ? "" : "'?");
}

bool plan_make(struct diags *diags, struct arena *keep, const struct scenario *scenario,
               const struct plan_options *options, struct plan *out)
{
    struct arena scratch = {0};
    struct planner p = {diags, keep, &scratch, scenario, options, out, NULL, NULL, false, false, 0};
    bool ok = true;
    p.selector_hit = arena_array(keep, bool, options->selector_count);
    p.places = arena_array(keep, struct place, options->selector_count);
    find_places(&p);
    find_narrowed(&p);
    *out = (struct plan){0};
    for (size_t i = 0; i < scenario->suite_count && ok; i++) {
        p.whole = is_whole(&p, scenario->suites[i]);
        ok = plan_suite(&p, scenario->suites[i]);
    }
    for (size_t i = 0; i < options->selector_count && ok; i++)
        if (!p.places[i].is_one && !p.selector_hit[i])
            ok = selects_nothing(&p, options->selectors[i]);
    arena_free(&scratch);
    return ok;
}

/* ---- the trace's case map ---- */

static void add_text(struct arena *arena, struct node *map, const char *key, const char *text)
{
    if (text != NULL)
        node_add(map, key, node_new_string(arena, text));
}

static struct node *step_list(struct arena *arena, const struct expanded_case *x)
{
    struct node *list = node_new_list(arena);
    const char *file = x->base->suite->file;
    for (size_t i = 0; i < x->step_count; i++) {
        struct node *step = node_copy(arena, x->nodes[i]);
        step->key = NULL;
        if (node_get(step, "line") == NULL)
            node_add(step, "line", node_new_uint(arena, step->at.line));
        if (step->at.file != NULL && strcmp(step->at.file, file) != 0 &&
            node_get(step, "file") == NULL)
            add_text(arena, step, "file", step->at.file);
        node_append(list, step);
    }
    return list;
}

uint32_t plan_readers(const struct plan *plan)
{
    uint32_t most = 1;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->cases[i].skip != NULL ||
            (i > 0 && plan->cases[i].base == plan->cases[i - 1].base))
            continue;
        uint32_t count = scenario_case_readers(plan->cases[i].base);
        most = count > most ? count : most;
    }
    return most;
}

struct node *plan_case_node(const struct plan *plan, size_t n, struct arena *arena)
{
    const struct plan_case *pc = &plan->cases[n];
    const struct scenario_case *base = pc->base;
    struct expanded_case x;
    struct diags ignored = {0};
    bool ok = case_expand(&ignored, arena, base, pc->matrix, pc->combination, &x);
    diags_free(&ignored);
    assert(ok); /* scenario_check() has expanded it */
    struct node *map = node_new_map(arena);
    node_add(map, "n", node_new_uint(arena, n));
    add_text(arena, map, "id", pc->id);
    add_text(arena, map, "base", base->id);
    add_text(arena, map, "requirement", base->requirement);
    add_text(arena, map, "about", base->about);
    add_text(arena, map, "file", base->suite->file);
    node_add(map, "line", node_new_uint(arena, base->at.line));
    if (base->fixture != NULL)
        add_text(arena, map, "fixture", base->fixture->name);
    if (base->timeout_ms != 0)
        node_add(map, "timeout_ms", node_new_uint(arena, base->timeout_ms));
    node_add(map, "fixture_steps", node_new_uint(arena, x.fixture_steps));
    node_add(map, "steps", step_list(arena, &x));
    add_text(arena, map, "skip", pc->skip);
    return map;
}

bool planned_read(struct diags *diags, struct arena *keep, const struct node *node,
                  struct planned *out)
{
    const struct node *steps = node_get(node, "steps");
    *out = (struct planned){
        .n = node_get_uint(node, "n", 0),
        .id = node_get_text(node, "id"),
        .base = node_get_text(node, "base"),
        .requirement = node_get_text(node, "requirement"),
        .about = node_get_text(node, "about"),
        .file = node_get_text(node, "file"),
        .skip = node_get_text(node, "skip"),
        .fixture = node_get_text(node, "fixture"),
        .line = (uint32_t)node_get_uint(node, "line", 0),
        .timeout_ms = (uint32_t)node_get_uint(node, "timeout_ms", 0),
        .fixture_steps = (size_t)node_get_uint(node, "fixture_steps", 0),
    };
    bool complete = out->id != NULL && out->base != NULL && out->requirement != NULL &&
                    steps != NULL && steps->kind == NODE_LIST && steps->count <= 2 * STEPS_MAX &&
                    out->fixture_steps <= steps->count;
    if (!complete)
        return diag_error(diags, node->at, "this is no planned case");
    bool ok = true;
    out->steps = arena_array(keep, struct step, steps->count);
    for (const struct node *item = steps->first; item != NULL; item = item->next) {
        struct step *step = &out->steps[out->step_count++];
        ok = scenario_read_step(diags, keep, item, step) && ok;
        if (node_get(item, "file") == NULL)
            step->at.file = out->file;
    }
    return ok;
}
