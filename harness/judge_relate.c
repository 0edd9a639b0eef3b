/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_step.h"

#include "mdcts/status.h"

#include <string.h>

/* What a name stands for, as bytes: a derived key, or a container's public key. */
struct related {
    const char *name;
    struct bytes value;
};

static const struct call_record *last_call(const struct case_record *record, uint64_t step)
{
    for (size_t i = record->call_count; i-- > 0;)
        if (record->calls[i]->step == step)
            return record->calls[i];
    return NULL;
}

static const struct call_record *bound_call(const struct case_record *record, uint64_t before,
                                            const char *name)
{
    for (uint64_t n = before; n-- > 1;) {
        const struct step *step = case_step(record, n);
        const char *bound = step == NULL ? NULL : step_binds(step);
        if (bound != NULL && strcmp(bound, name) == 0)
            return last_call(record, n);
    }
    return NULL;
}

/* False if the name stands for nothing: the step behind it failed and was judged itself. */
static bool read_related(struct step_view *view, const struct node *node, struct related *out)
{
    struct arena *keep = &view->record->arena;
    bool masked = false;
    out->name = reference_name(node);
    const struct call_record *call =
        out->name == NULL ? NULL : bound_call(view->record, view->number, out->name);
    if (call == NULL || !call->returned || call->status != SCARD_S_SUCCESS)
        return false;
    bool found = key_of_call(keep, call, &out->value, &masked) ||
                 (node_get_hex(keep, call->out, "key_ex", &out->value) && out->value.len > 0) ||
                 node_get_hex(keep, call->out, "sig", &out->value);
    if (masked)
        view->verdict->broken = "a key was blanked because it held a PIN";
    return found;
}

static void relate_two(struct step_view *view, const struct related *a, const struct related *b,
                       bool equal)
{
    struct arena *keep = view->facts->keep;
    view->verdict->checks++;
    if (bytes_equal(a->value, b->value) == equal)
        return;
    step_report(
        view, requirement_deviation(view->row),
        arena_printf(keep, "%s and %s %s", a->name, b->name, equal ? "are equal" : "differ"),
        arena_printf(keep, "%s and %s", key_text(keep, a->value), key_text(keep, b->value)));
}

static void relate_list(struct step_view *view, const struct node *list, bool equal)
{
    for (const struct node *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        struct related a, b;
        if (!read_related(view, one, &a))
            continue;
        /* Equality is passed on; difference has to hold for each pair. */
        for (const struct node *two = one->next; two != NULL; two = equal ? NULL : two->next)
            if (read_related(view, two, &b))
                relate_two(view, &a, &b, equal);
    }
}

void relate_judge(struct step_view *view)
{
    relate_list(view, step_arg(view->step, "equal"), true);
    relate_list(view, step_arg(view->step, "different"), false);
}
