/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that belong together: {repeat: N, steps: [...]} and {parallel: [[...], ...]}. */
#include "fields.h"
#include "scenario.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LIST_WANTED  "a list of steps, each beginning with '- '"

const struct node *block_steps(const struct node *item)
{
    return item->kind == NODE_MAP ? node_get(item, "steps") : NULL;
}

const struct node *block_scripts(const struct node *item)
{
    return item->kind == NODE_MAP ? node_get(item, "parallel") : NULL;
}

void steps_visit(const struct node *list, void (*visit)(void *data, const struct node *step),
                 void *data)
{
    for (const struct node *item = list == NULL ? NULL : list->first; item != NULL;
         item = item->next) {
        const struct node *scripts = block_scripts(item);
        if (block_steps(item) != NULL)
            steps_visit(block_steps(item), visit, data);
        else if (scripts == NULL)
            visit(data, item);
        for (const struct node *script = scripts == NULL ? NULL : scripts->first; script != NULL;
             script = script->next)
            steps_visit(script, visit, data);
    }
}

static void count_one(void *data, const struct node *step)
{
    (void)step;
    ++*(size_t *)data;
}

size_t steps_count(const struct node *list)
{
    size_t count = 0;
    steps_visit(list, count_one, &count);
    return count;
}

/* ---- well made ---- */

static bool check_inner(struct diags *diags, const struct node *list)
{
    bool ok = true;
    if (list->kind != NODE_LIST)
        return field_wrong(diags, list, list->key == NULL ? "a script" : list->key, LIST_WANTED);
    if (list->count == 0)
        return diag_error(diags, list->at, "a block of steps has none");
    for (const struct node *step = list->first; step != NULL; step = step->next) {
        if (block_steps(step) != NULL || block_scripts(step) != NULL)
            ok = diag_error(diags, step->at, "a block of steps can't hold another one");
        else if (node_get(step, "repeat") != NULL)
            ok = diag_error(diags, node_get(step, "repeat")->at,
                            "a step of a block is repeated with the block");
    }
    return ok;
}

static bool check_scripts(struct diags *diags, const struct node *item)
{
    static const char *const keys[] = {"parallel", "repeat"};
    const struct node *scripts = block_scripts(item);
    bool ok = fields_check(diags, item, "a block of scripts", keys, COUNT(keys));
    if (scripts->kind != NODE_LIST || scripts->count < 2 || scripts->count > STEP_THREADS_MAX)
        return diag_error(diags, scripts->at,
                          "parallel needs 2 to %d scripts, each a list of steps that begins with "
                          "'- - '",
                          STEP_THREADS_MAX);
    for (const struct node *script = scripts->first; script != NULL; script = script->next)
        ok = check_inner(diags, script) && ok;
    return ok;
}

/* N of a repetition may still be a variable. */
bool block_check(struct diags *diags, const struct node *item)
{
    static const char *const keys[] = {"repeat", "steps"};
    if (block_scripts(item) != NULL)
        return check_scripts(diags, item);
    if (block_steps(item) == NULL)
        return true;
    bool ok = fields_check(diags, item, "a block of steps", keys, COUNT(keys));
    ok = field_required(diags, item, "a block of steps", "repeat") != NULL && ok;
    return check_inner(diags, block_steps(item)) && ok;
}

bool steps_are_readable(const struct node *list)
{
    struct diags ignored = {0};
    bool ok = list != NULL && list->kind == NODE_LIST && steps_count(list) <= STEPS_MAX;
    for (const struct node *item = ok ? list->first : NULL; ok && item != NULL; item = item->next)
        ok = block_check(&ignored, item);
    diags_free(&ignored);
    return ok;
}

/* ---- fit to run side by side ---- */

static bool can_run_beside(const struct step *step)
{
    static const enum step_op able[] = {STEP_ACQUIRE, STEP_DELETE_CONTEXT, STEP_CONSTRUCT,
                                        STEP_DERIVE,  STEP_DESTROY,        STEP_CONTAINER_INFO};
    for (size_t i = 0; i < COUNT(able); i++)
        if (able[i] == step->op)
            return true;
    return false;
}

/* What only makes sense where nothing else happens meanwhile. */
static bool check_lonely(struct diags *diags, const struct step *step)
{
    static const char *const lonely[] = {"thread", "if", "unless", "card"};
    bool ok = true;
    if (!can_run_beside(step))
        ok = diag_error(diags, step->at,
                        "%s can't run beside other steps; acquire, delete_context, construct, "
                        "derive, destroy and container_info can",
                        step->op_name);
    for (size_t i = 0; i < COUNT(lonely); i++) {
        const struct node *said = node_get(step->node, lonely[i]);
        /* Expansion has added the script's number, without a place in the file. */
        if (said != NULL && said->at.line != 0)
            ok = diag_error(diags, said->key_at, "a step of parallel can't have '%s'", lonely[i]);
    }
    if (step_arg(step, "process") != NULL)
        ok = diag_error(diags, step->at, "a step of parallel can't begin a process");
    for (size_t i = 0; i < step->expect_count; i++)
        if (step->expects[i].index_distinct)
            ok = diag_error(diags, step->expects[i].at,
                            "which indices live at a time depends on the order between threads");
    return ok;
}

struct use {
    const struct step *by;
    const struct node *said; /* NULL: nowhere */
    const char *name;
    bool is_context;
};

/* Names that another script of the block binds come too early or too late. */
static bool check_made(struct diags *diags, const struct step *steps, size_t count,
                       const struct use *use)
{
    for (size_t i = 0; i < count && use->name != NULL; i++) {
        const char *binds = step_binds(&steps[i]);
        if (steps[i].thread != use->by->thread && binds != NULL && strcmp(binds, use->name) == 0 &&
            (steps[i].op == STEP_ACQUIRE) == use->is_context)
            return diag_error(diags, use->said == NULL ? use->by->at : use->said->at,
                              "'%s' is made by another script of this block, which may be slower",
                              use->name);
    }
    return true;
}

/* No caller may use what it deletes meanwhile. */
static bool check_deleted(struct diags *diags, const struct step *steps, size_t count,
                          const struct step *deletion)
{
    for (size_t i = 0; i < count && deletion->op == STEP_DELETE_CONTEXT; i++)
        if (steps[i].thread != deletion->thread && steps[i].op != STEP_ACQUIRE &&
            strcmp(steps[i].context, deletion->context) == 0)
            return diag_error(diags, deletion->at,
                              "the context '%s' is deleted while another script of this block uses "
                              "it",
                              deletion->context);
    return true;
}

static bool check_meetings(struct diags *diags, const struct step *steps, size_t count)
{
    uint32_t scripts[STEP_THREADS_MAX + 1] = {0};
    const struct step *only = NULL;
    size_t meeting = 0;
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        if (steps[i].meet == NULL)
            continue;
        only = &steps[i];
        if (++scripts[steps[i].thread] == 1)
            meeting++;
        else
            ok = diag_error(diags, node_get(steps[i].node, "meet")->key_at,
                            "a script meets the others once");
    }
    return meeting != 1 ? ok
                        : diag_error(diags, node_get(only->node, "meet")->key_at,
                                     "there is nobody to meet: no other script has a step with "
                                     "'meet'");
}

bool parallel_check(struct diags *diags, const struct step *steps, size_t count, size_t first)
{
    const struct step *own = &steps[first];
    size_t together = own->block == 0 || own->block > count - first ? 0 : own->block;
    bool ok = true;
    for (size_t i = 0; i < together; i++) {
        const struct node *agreement = step_arg(&own[i], "agreement");
        struct use uses[] = {
            {&own[i], agreement, reference_name(agreement), false},
            {&own[i], node_get(own[i].node, "context"), own[i].context, true},
        };
        ok = check_lonely(diags, &own[i]) && ok;
        ok = check_made(diags, own, together, &uses[0]) && ok;
        ok = (own[i].op == STEP_ACQUIRE || check_made(diags, own, together, &uses[1])) && ok;
        ok = check_deleted(diags, own, together, &own[i]) && ok;
    }
    return check_meetings(diags, own, together) && ok;
}
