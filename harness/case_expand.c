/* SPDX-License-Identifier: Apache-2.0 */
#include "case_expand.h"

struct expander {
    struct diags *diags;
    struct arena *keep;
    const struct matrix *matrix;
    size_t combination;
};

static bool expand_requires(struct expander *x, const struct node *from, struct node **out)
{
    *out = NULL;
    return from == NULL || matrix_expand(x->diags, x->keep, x->matrix, x->combination, from, out);
}

static bool expand_step(struct expander *x, const struct node *step, struct expanded_case *out)
{
    struct node *copy;
    bool ok = matrix_expand(x->diags, x->keep, x->matrix, x->combination, step, &copy);
    out->nodes[out->step_count++] = copy;
    return ok;
}

/* A block becomes its steps: each is repeated as often as the block, the first says how many belong
 * together. */
static bool expand_block(struct expander *x, const struct node *block, struct expanded_case *out)
{
    struct node *whole;
    if (!matrix_expand(x->diags, x->keep, x->matrix, x->combination, block, &whole))
        return false;
    const struct node *steps = block_steps(whole), *repeat = node_get(whole, "repeat");
    for (struct node *step = steps->first, *next = NULL; step != NULL; step = next) {
        next = step->next;
        step->key = NULL;
        if (step->kind == NODE_MAP)
            node_add(step, "repeat", node_copy(x->keep, repeat));
        if (step->kind == NODE_MAP && step == steps->first)
            node_add(step, "block", node_new_uint(x->keep, steps->count));
        out->nodes[out->step_count++] = step;
    }
    return true;
}

/* Scripts become steps, one script after the other, each step with its script's number. */
static bool expand_scripts(struct expander *x, const struct node *block, struct expanded_case *out)
{
    struct node *whole;
    uint64_t thread = 0, count = 0;
    if (!matrix_expand(x->diags, x->keep, x->matrix, x->combination, block, &whole))
        return false;
    const struct node *scripts = block_scripts(whole), *repeat = node_get(whole, "repeat");
    for (const struct node *script = scripts->first; script != NULL; script = script->next)
        count += script->count;
    for (const struct node *script = scripts->first; script != NULL; script = script->next) {
        thread++;
        for (struct node *step = script->first, *next = NULL; step != NULL; step = next) {
            next = step->next;
            out->nodes[out->step_count++] = step;
            if (step->kind != NODE_MAP)
                continue;
            if (repeat != NULL)
                node_add(step, "repeat", node_copy(x->keep, repeat));
            if (step == scripts->first->first)
                node_add(step, "block", node_new_uint(x->keep, count));
            node_add(step, "beside", node_new_bool(x->keep, true));
            node_add(step, "thread", node_new_uint(x->keep, thread));
        }
    }
    return true;
}

static bool expand_item(struct expander *x, const struct node *item, struct expanded_case *out)
{
    if (block_scripts(item) != NULL)
        return expand_scripts(x, item, out);
    return block_steps(item) != NULL ? expand_block(x, item, out) : expand_step(x, item, out);
}

static bool expand_steps(struct expander *x, const struct node *steps, struct expanded_case *out)
{
    bool ok = true;
    for (const struct node *item = steps->first; item != NULL; item = item->next)
        ok = expand_item(x, item, out) && ok;
    return ok;
}

bool case_expand(struct diags *diags, struct arena *keep, const struct scenario_case *base,
                 const struct matrix *matrix, size_t combination, struct expanded_case *out)
{
    struct expander x = {diags, keep, matrix, combination};
    const struct fixture *fixture = base->fixture;
    bool ok = true;
    *out = (struct expanded_case){.base = base};
    out->nodes =
        arena_array(keep, const struct node *,
                    steps_count(base->steps) + (fixture != NULL ? steps_count(fixture->steps) : 0));
    if (fixture != NULL) {
        ok = expand_requires(&x, fixture->requires, &out->requires[0]);
        ok = expand_steps(&x, fixture->steps, out) && ok;
        out->fixture_steps = out->step_count;
    }
    ok = expand_requires(&x, base->requires, &out->requires[1]) && ok;
    return expand_steps(&x, base->steps, out) && ok;
}

bool case_read_steps(struct diags *diags, struct arena *keep, const struct expanded_case *expanded,
                     struct step **out)
{
    bool ok = true;
    *out = arena_array(keep, struct step, expanded->step_count);
    for (size_t i = 0; i < expanded->step_count; i++)
        ok = scenario_read_step(diags, keep, expanded->nodes[i], &(*out)[i]) && ok;
    return ok;
}
