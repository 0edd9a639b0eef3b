/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_suspect.h"

#include "mdcts/status.h"

#include <inttypes.h>
#include <string.h>

/* What a name stands for, as bytes: a derived key, or a container's public key. */
struct related {
    const char *name;
    struct bytes value;
    bool derived;
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

static const struct balance *bound_balance(const struct case_record *record, uint64_t before,
                                           const char *name)
{
    for (size_t i = record->balance_count; name != NULL && i-- > 0;) {
        const struct step *step = case_step(record, record->balances[i].step);
        if (step != NULL && record->balances[i].step < before &&
            strcmp(step_binds(step), name) == 0)
            return &record->balances[i];
    }
    return NULL;
}

/* Blocks are counted, not bytes: a table may keep the size that it has grown to. */
static bool relate_balances(struct step_view *view, const struct node *one, const struct node *two,
                            bool equal)
{
    struct arena *keep = view->facts->keep;
    const char *name = reference_name(one), *other = reference_name(two);
    const struct balance *a = bound_balance(view->record, view->number, name);
    const struct balance *b = bound_balance(view->record, view->number, other);
    if (a == NULL || b == NULL)
        return a != NULL || b != NULL;
    view->verdict->checks++;
    if ((a->blocks == b->blocks) != equal)
        step_report(view, step_deviation(view),
                    arena_printf(keep, "the driver holds %s blocks at %s as at %s",
                                 equal ? "as many" : "not as many", other, name),
                    arena_printf(
                        keep, "%" PRIu64 " (%" PRIu64 " bytes) and %" PRIu64 " (%" PRIu64 " bytes)",
                        b->blocks, b->bytes, a->blocks, a->bytes));
    return true;
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
    out->derived = key_of_call(keep, call, &out->value, &masked);
    bool found = out->derived ||
                 (node_get_hex(keep, call->out, "key_ex", &out->value) && out->value.len > 0) ||
                 node_get_hex(keep, call->out, "sig", &out->value);
    if (masked)
        view->verdict->broken = "a key was blanked because it held a PIN";
    return found;
}

static void relate_two(struct step_view *view, const struct related *a, const struct related *b,
                       bool equal)
{
    static const struct suspects nobody;
    struct arena *keep = view->facts->keep;
    view->verdict->checks++;
    if (bytes_equal(a->value, b->value) == equal)
        return;
    const struct suspects suspects =
        !equal && a->derived && b->derived ? suspects_of_equal_keys() : nobody;
    step_report_suspects(
        view, step_deviation(view),
        arena_printf(keep, "%s and %s %s", a->name, b->name, equal ? "are equal" : "differ"),
        arena_printf(keep, "%s and %s", key_text(keep, a->value), key_text(keep, b->value)),
        &suspects);
}

static void relate_list(struct step_view *view, const struct node *list, bool equal)
{
    for (const struct node *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        struct related a, b;
        if (one->next != NULL && relate_balances(view, one, one->next, equal))
            continue;
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
