/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_step.h"
#include "judge_suspect.h"

#include "curve.h"
#include "mdcts/status.h"

#include <inttypes.h>
#include <string.h>

/* ---- outputs ---- */

static const char *node_words(struct arena *keep, const struct node *node)
{
    if (node == NULL)
        return "nothing";
    if (node_get(node, "wild") != NULL)
        return "a pointer to nowhere known";
    if (node->kind == NODE_MAP)
        return arena_printf(keep, "a pointer into %s",
                            node_get(node, "block") != NULL ? "a block" : "an input");
    return node_text(node) == NULL ? "a list" : arena_strdup(keep, node_text(node));
}

static bool same_number_or_text(const struct node *a, const struct node *b)
{
    uint64_t x, y;
    if (node_to_uint(a, &x) && node_to_uint(b, &y))
        return x == y;
    return node_text(a) != NULL && node_text(b) != NULL && strcmp(node_text(a), node_text(b)) == 0;
}

/* Pointers come as maps, so an input's stays the same when it still points into that input. */
static bool is_unchanged(const struct node *out, const struct node *in)
{
    uint64_t zero = 1;
    if (out == NULL)
        return true;
    if (out->kind == NODE_MAP)
        return node_get(out, "input") != NULL;
    if (in != NULL && in->kind != NODE_MAP)
        return same_number_or_text(out, in);
    return node_is_null(out) || (node_to_uint(out, &zero) && zero == 0);
}

static bool is_in_list(const struct node *value, const struct node *list)
{
    for (const struct node *one = list->first; one != NULL; one = one->next)
        if (same_number_or_text(value, one))
            return true;
    return false;
}

static bool is_in_range(const struct output_expectation *one, const struct node *value)
{
    uint64_t number;
    if (one->in != NULL && !is_in_list(value, one->in))
        return false;
    bool bounded =
        one->range.at_least > 0 || one->range.at_most < UINT64_MAX || one->multiple_of > 0;
    if (!bounded)
        return value != NULL;
    return node_to_uint(value, &number) && number >= one->range.at_least &&
           number <= one->range.at_most &&
           (one->multiple_of == 0 || number % one->multiple_of == 0);
}

static bool output_holds(const struct step_view *view, const struct output_expectation *one)
{
    const struct node *value = node_get(view->call->out, one->name);
    uint64_t number = 0;
    bool zero = node_is_null(value) || (node_to_uint(value, &number) && number == 0);
    switch (one->rule) {
    case OUTPUT_EQUALS: return same_number_or_text(value, one->value);
    case OUTPUT_IS_NULL: return value == NULL || zero;
    case OUTPUT_NOT_NULL: return value != NULL && !zero;
    case OUTPUT_UNCHANGED: return is_unchanged(value, node_get(view->call->args, one->name));
    case OUTPUT_RANGE: return is_in_range(one, value);
    }
    return false;
}

static const char *output_words(struct arena *keep, const struct output_expectation *one)
{
    const char *words = one->name;
    switch (one->rule) {
    case OUTPUT_EQUALS: return arena_printf(keep, "%s = %s", one->name, node_text(one->value));
    case OUTPUT_IS_NULL: return arena_printf(keep, "%s is null", one->name);
    case OUTPUT_NOT_NULL: return arena_printf(keep, "%s is not null", one->name);
    case OUTPUT_UNCHANGED: return arena_printf(keep, "%s is left as it was", one->name);
    case OUTPUT_RANGE: break;
    }
    if (one->range.at_least > 0)
        words = arena_printf(keep, "%s at least %" PRIu64, words, one->range.at_least);
    if (one->range.at_most < UINT64_MAX)
        words = arena_printf(keep, "%s at most %" PRIu64, words, one->range.at_most);
    if (one->multiple_of > 0)
        words = arena_printf(keep, "%s a multiple of %" PRIu64, words, one->multiple_of);
    for (const struct node *value = one->in == NULL ? NULL : one->in->first; value != NULL;
         value = value->next)
        words = arena_printf(keep, "%s%s%s", words, value == one->in->first ? " one of " : ", ",
                             node_text(value));
    return words;
}

static void check_outputs(struct step_view *view)
{
    struct arena *keep = view->facts->keep;
    if (view->expected->output_of_success && view->call->status != SCARD_S_SUCCESS)
        return;
    for (size_t i = 0; i < view->expected->output_count; i++) {
        const struct output_expectation *one = &view->expected->outputs[i];
        view->verdict->checks++;
        if (output_holds(view, one))
            continue;
        step_report(view, step_deviation(view), output_words(keep, one),
                    arena_printf(keep, "%s = %s", one->name,
                                 node_words(keep, node_get(view->call->out, one->name))));
    }
}

/* ---- counts ---- */

static const struct counted_callback {
    const char *name;
    enum event_kind kind;
} counted_callbacks[] = {
    {"CspGetDHAgreement", EVENT_GET_DH_AGREEMENT},
    {"CspAlloc", EVENT_ALLOC},
    {"CspReAlloc", EVENT_REALLOC},
    {"CspFree", EVENT_FREE},
    {"CspPadData", EVENT_PAD},
    {"CspUnpadData", EVENT_UNPAD},
};

static const char *range_words(struct arena *keep, const struct range *range)
{
    if (range->at_least == range->at_most)
        return arena_printf(keep, "%" PRIu64, range->at_least);
    if (range->at_most == UINT64_MAX)
        return arena_printf(keep, "at least %" PRIu64, range->at_least);
    return arena_printf(keep, "%" PRIu64 " to %" PRIu64, range->at_least, range->at_most);
}

static void check_count(struct step_view *view, const char *what, uint64_t seen,
                        const struct range *wanted)
{
    struct arena *keep = view->facts->keep;
    view->verdict->checks++;
    if (seen < wanted->at_least || seen > wanted->at_most)
        step_report(view, step_deviation(view),
                    arena_printf(keep, "%s %s", range_words(keep, wanted), what),
                    arena_printf(keep, "%" PRIu64, seen));
}

/* False if no event tells about that callback. */
static bool count_callback(const struct call_record *call, const char *name, uint64_t *count)
{
    enum cache_function cached = cache_function_find(name);
    if (cached < CACHE_FUNCTIONS) {
        *count = call->cache_calls[cached];
        return true;
    }
    for (size_t i = 0; i < sizeof counted_callbacks / sizeof counted_callbacks[0]; i++)
        if (strcmp(counted_callbacks[i].name, name) == 0) {
            *count = call->events[counted_callbacks[i].kind];
            return true;
        }
    return false;
}

static void check_calls(struct step_view *view)
{
    struct arena *keep = view->facts->keep;
    for (size_t i = 0; i < view->expected->call_count; i++) {
        const struct calls_expectation *one = &view->expected->calls[i];
        uint64_t count = view->call->other_callback;
        if (one->other || count_callback(view->call, one->callback, &count))
            check_count(view, arena_printf(keep, "calls of pfn%s", one->callback), count,
                        &one->count);
        else
            view->verdict->broken =
                arena_printf(keep, "calls of %s are not counted", one->callback);
    }
}

static void check_apdus(struct step_view *view)
{
    const char *tap = node_get_text(view->facts->capabilities, "tap");
    const struct expectation *expected = view->expected;
    if (!expected->has_apdus && !expected->has_selects)
        return;
    if (tap == NULL || strcmp(tap, "active") != 0) {
        view->verdict->skip = "tap-bypassed: the driver's APDUs can't be seen";
        return;
    }
    if (expected->has_apdus)
        check_count(view, "APDUs", view->call->events[EVENT_APDU], &expected->apdus);
    if (expected->has_selects)
        check_count(view, "SELECTs by name", view->call->selects, &expected->selects);
}

/* ---- the entry table ---- */

static const char *const dh_entries[] = {"pfnCardConstructDHAgreement", "pfnCardDeriveKey",
                                         "pfnCardDestroyDHAgreement"};
/* Members that the specification lets be NULL. */
static const char *const optional_entries[] = {"pfnCardRSADecrypt", "pfnCardDeauthenticate",
                                               "pvVendorSpecific"};
#define DH_ENTRIES (sizeof dh_entries / sizeof dh_entries[0])

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool is_null_member(const struct node *member)
{
    return node_is_null(member) ||
           (node_text(member) != NULL && strcmp(node_text(member), "null") == 0);
}

static bool member_is_set(const struct node *members, const char *name)
{
    const struct node *member = node_get(members, name);
    return member != NULL && !is_null_member(member);
}

static const char *missing_entry(const struct node *members)
{
    for (const struct node *one = members == NULL ? NULL : members->first; one != NULL;
         one = one->next)
        if (is_null_member(one) && !is_one_of(one->key, dh_entries, DH_ENTRIES) &&
            !is_one_of(one->key, optional_entries,
                       sizeof optional_entries / sizeof optional_entries[0]))
            return one->key;
    return NULL;
}

/* A driver without key agreement may fill the table with functions that say so: probing has called
 * one. */
static bool are_stubs(const struct node *capabilities)
{
    return !node_get_bool(capabilities, "dh", true) &&
           node_get_uint(capabilities, "dh_refusal", SCARD_E_UNSUPPORTED_FEATURE) ==
               SCARD_E_UNSUPPORTED_FEATURE;
}

static void check_dh_entries(struct step_view *view, size_t set, size_t present)
{
    struct arena *keep = view->facts->keep;
    const char *seen = arena_printf(keep, "%zu of %zu set", set, present);
    enum outcome outcome = step_deviation(view);
    switch (view->expected->entry_points) {
    case ENTRY_POINTS_DH_CONSISTENT:
        if (set != 0 && set != present)
            step_report(view, outcome, "the DH entry points all NULL or all set", seen);
        break;
    case ENTRY_POINTS_DH_PRESENT:
        if (set != present)
            step_report(view, outcome, "the DH entry points all set", seen);
        break;
    case ENTRY_POINTS_DH_NULL:
        if (set != 0)
            step_report(view, are_stubs(view->facts->capabilities) ? OUTCOME_WARN : outcome,
                        "the DH entry points all NULL", seen);
        break;
    case ENTRY_POINTS_UNSAID:
    case ENTRY_POINTS_RSA_NULL:
    case ENTRY_POINTS_COMPLETE: break;
    }
}

static void check_entry_points(struct step_view *view)
{
    struct arena *keep = view->facts->keep;
    const struct node *members = node_get(view->call->out, "members");
    size_t set = 0, present = 0;
    if (view->expected->entry_points == ENTRY_POINTS_UNSAID ||
        view->call->status != SCARD_S_SUCCESS)
        return;
    view->verdict->checks++;
    if (members == NULL) {
        view->verdict->broken = "the entry table is not in the trace";
        return;
    }
    for (size_t i = 0; i < DH_ENTRIES; i++) {
        present += node_get(members, dh_entries[i]) != NULL;
        set += member_is_set(members, dh_entries[i]);
    }
    const char *missing = missing_entry(members);
    if (view->expected->entry_points == ENTRY_POINTS_COMPLETE && missing != NULL)
        step_report(view, step_deviation(view), "every entry point of the negotiated version",
                    arena_printf(keep, "%s is NULL", missing));
    if (view->expected->entry_points == ENTRY_POINTS_RSA_NULL &&
        member_is_set(members, "pfnCardRSADecrypt"))
        step_report(view, step_deviation(view), "pfnCardRSADecrypt NULL", "set");
    check_dh_entries(view, set, present);
}

/* ---- the container map ---- */

static const struct node *nth_item(const struct node *list, uint64_t n)
{
    const struct node *item = list == NULL ? NULL : list->first;
    while (item != NULL && n-- > 0)
        item = item->next;
    return item;
}

/* Each container that agrees has a valid record with its curve's size. */
static void check_container_map(struct step_view *view)
{
    struct arena *keep = view->facts->keep;
    const struct node *map = node_get(view->call->out, "container_map");
    const struct node *list = node_get(view->facts->capabilities, "containers");
    if (!view->expected->container_map_fits || view->call->status != SCARD_S_SUCCESS)
        return;
    view->verdict->checks++;
    for (const struct node *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        const char *use = node_get_text(one, "use"), *name = node_get_text(one, "curve");
        const struct curve *curve = name == NULL ? NULL : curve_by_name(name);
        uint64_t index = node_get_uint(one, "index", 0);
        const struct node *row = nth_item(map, index);
        uint64_t bits = node_get_uint(row, "key_ex", 0);
        if (use == NULL || strcmp(use, "agree") != 0 || curve == NULL)
            continue;
        if (bits != curve->bits || (node_get_uint(row, "flags", 0) & 1) == 0)
            step_report(view, step_deviation(view),
                        arena_printf(keep, "container %" PRIu64 " is valid and has %u bits", index,
                                     curve->bits),
                        row == NULL ? "no record"
                                    : arena_printf(keep, "flags %" PRIu64 ", %" PRIu64 " bits",
                                                   node_get_uint(row, "flags", 0), bits));
    }
}

/* Of a property that tells a container's index. */
static void check_named_container(struct step_view *view)
{
    struct arena *keep = view->facts->keep;
    struct bytes index = {NULL, 0};
    const struct node *list = node_get(view->facts->capabilities, "containers");
    if (!view->expected->container_agrees || view->call->status != SCARD_S_SUCCESS)
        return;
    view->verdict->checks++;
    bool told = node_get_hex(keep, view->call->out, "data", &index) && index.len > 0;
    for (const struct node *one = list == NULL ? NULL : list->first; told && one != NULL;
         one = one->next) {
        const char *use = node_get_text(one, "use");
        if (use != NULL && strcmp(use, "agree") == 0 &&
            node_get_uint(one, "index", UINT64_MAX) == index.data[0])
            return;
    }
    step_report(view, step_deviation(view), "the index of a container that agrees",
                told ? arena_printf(keep, "%u", index.data[0]) : "no index");
}

/* ---- public keys and indices ---- */

static bool agrees_by_probe(const struct step_view *view)
{
    uint64_t index;
    const struct node *list = node_get(view->facts->capabilities, "containers");
    if (!node_to_uint(node_get(view->call->args, "bContainerIndex"), &index) &&
        !node_to_uint(node_get(view->call->args, "container"), &index))
        return false;
    for (const struct node *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        const char *use = node_get_text(one, "use");
        if (node_get_uint(one, "index", UINT64_MAX) == index)
            return use != NULL && strcmp(use, "agree") == 0;
    }
    return false;
}

/* NULL if the blob is a public key that can agree; *tolerated tells of the ECDSA dialect. */
static const char *blob_problem(struct bytes blob, bool sig, bool *tolerated)
{
    const struct curve *curve;
    struct bytes point;
    *tolerated = false;
    if (!curve_blob_read(blob, &curve, &point))
        return "no BCRYPT_ECCKEY_BLOB whose magic, cbKey and length agree";
    if (!curve_point_is_valid(curve, point))
        return "a point that is not on the curve";
    uint32_t magic = (uint32_t)blob.data[0] | (uint32_t)blob.data[1] << 8 |
                     (uint32_t)blob.data[2] << 16 | (uint32_t)blob.data[3] << 24;
    *tolerated = true;
    if (magic != curve->ecdh_magic)
        return "an ECDSA magic";
    return sig ? "the key in pbSigPublicKey" : NULL;
}

static void check_public_key(struct step_view *view)
{
    struct arena *keep = &view->record->arena;
    struct bytes blob = {.len = 0};
    bool tolerated = false;
    if (!view->expected->public_key_valid || view->call->status != SCARD_S_SUCCESS)
        return;
    view->verdict->checks++;
    bool in_key_ex = node_get_hex(keep, view->call->out, "key_ex", &blob) && blob.len > 0;
    bool found = in_key_ex || (node_get_hex(keep, view->call->out, "sig", &blob) && blob.len > 0);
    const char *problem = found ? blob_problem(blob, !in_key_ex, &tolerated) : "no public key";
    if (problem != NULL)
        step_report(view, tolerated && agrees_by_probe(view) ? OUTCOME_WARN : step_deviation(view),
                    "an ECDH public key in pbKeyExPublicKey", problem);
}

static void check_index(struct step_view *view)
{
    struct arena *keep = view->facts->keep;
    uint64_t index;
    if (!view->expected->index_distinct || view->call->status != SCARD_S_SUCCESS)
        return;
    view->verdict->checks++;
    if (!node_to_uint(node_get(view->call->out, "bSecretAgreementIndex"), &index)) {
        step_report(view, OUTCOME_FAIL, "an index of its own", "no index");
        return;
    }
    const struct agreement *other = case_agreement_at(view->record, view->call, index);
    if (other == NULL)
        return;
    const struct suspects suspects = suspects_of_index(view, other);
    step_report_suspects(
        view, step_deviation(view), "an index of its own",
        arena_printf(keep, "index %" PRIu64 ", that of step %" PRIu64, index, other->call->step),
        &suspects);
}

void output_judge(struct step_view *view)
{
    check_outputs(view);
    check_calls(view);
    check_apdus(view);
    check_entry_points(view);
    check_container_map(view);
    check_named_container(view);
    check_public_key(view);
    check_index(view);
}
