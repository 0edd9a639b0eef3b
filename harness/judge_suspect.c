/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_suspect.h"

#include "judge_secret.h"

#include "mdcts/cng.h"
#include "mdcts/status.h"

#include <inttypes.h>
#include <string.h>

static void add(struct suspects *out, const char *requirement, struct tally *tally)
{
    for (size_t i = 0; i < out->count; i++)
        if (out->items[i].tally == tally && strcmp(out->items[i].requirement, requirement) == 0)
            return;
    if (out->count < SUSPECTS_MAX)
        out->items[out->count++] = (struct suspect){requirement, tally};
}

void suspects_keep(struct arena *keep, const struct suspects *suspects, struct finding *finding)
{
    struct suspect *items = arena_array(keep, struct suspect, suspects->count);
    for (size_t i = 0; i < suspects->count; i++)
        items[i] = suspects->items[i];
    finding->suspects = items;
    finding->suspect_count = suspects->count;
}

/* ---- tallies ---- */

static struct tally *find_tally(const struct judge_facts *facts, const char *name)
{
    struct tallies *all = facts->tallies;
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i]->name, name) == 0)
            return all->items[i];
    if (all->count == TALLIES_MAX)
        return NULL;
    all->items =
        arena_grow(facts->keep, all->items, all->count, &all->capacity, sizeof *all->items);
    struct tally *one = arena_new(facts->keep, struct tally);
    one->name = arena_strdup(facts->keep, name);
    all->items[all->count++] = one;
    return one;
}

static const char *hash_of_call(const struct call_record *call)
{
    const struct node *list = node_get(call->args, "parameters");
    for (const struct node *one = list == NULL ? NULL : list->first; one != NULL; one = one->next)
        if (node_get_uint(one, "type", UINT64_MAX) == KDF_HASH_ALGORITHM)
            return node_get_text(one, "value");
    return NULL;
}

static bool has_handles(const struct call_record *call)
{
    const struct node *list = node_get(call->args, "parameters");
    for (const struct node *one = list == NULL ? NULL : list->first; one != NULL; one = one->next)
        if (node_get_uint(one, "type", UINT64_MAX) == KDF_SECRET_HANDLE)
            return true;
    return false;
}

/* What a derivation has in common with others, from the general to the particular, and who answers
 * for it if none of them goes right. */
static size_t tallies_of_key(const struct step_view *view, const struct agreement *agreement,
                             struct suspect *out)
{
    static const struct {
        const char *kdf, *requirement;
    } rows[] = {
        {"HASH", "R152"},     {"HMAC", "R164"}, {"TLS_PRF", "R174"}, {"SP800_56A_CONCAT", "R182"},
        {"TRUNCATE", "R190"},
    };
    struct arena *scratch = &view->record->arena;
    const char *kdf = node_get_text(view->call->args, "kdf");
    const char *hash = hash_of_call(view->call);
    const struct node *args = agreement->call->args;
    uint64_t container =
        node_get_uint(args, "bContainerIndex", node_get_uint(args, "container", 0));
    const char *curve = node_get_text(args, "curve");
    size_t count = 0;
    const char *name = arena_printf(scratch, "container %" PRIu64, container);
    out[count++] = (struct suspect){"R063", find_tally(view->facts, name)};
    for (size_t i = 0; kdf != NULL && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].kdf, kdf) != 0)
            continue;
        const char *with = arena_printf(scratch, "%s %s", kdf, hash == NULL ? "-" : hash);
        const char *on = arena_printf(scratch, "%s %s", with, curve == NULL ? "-" : curve);
        out[count++] = (struct suspect){rows[i].requirement, find_tally(view->facts, kdf)};
        out[count++] = (struct suspect){rows[i].requirement, find_tally(view->facts, with)};
        out[count++] = (struct suspect){rows[i].requirement, find_tally(view->facts, on)};
    }
    return count;
}

void suspects_note_right(const struct step_view *view)
{
    struct suspect common[4];
    const struct agreement *agreement = key_agreement(view->record, view->call);
    size_t count = agreement == NULL ? 0 : tallies_of_key(view, agreement, common);
    for (size_t i = 0; i < count; i++)
        if (common[i].tally != NULL)
            common[i].tally->right++;
}

/* ---- what happened to an agreement before ---- */

/* Indices that drivers are known to take for something else: for none, or for a negative number. */
static const struct odd_indices {
    uint64_t first, last;
    const char *name;
} odd_indices[] = {
    {0, 0, "index 0"},
    {128, 255, "indices from 128"},
    {255, 255, "index 255"},
};
#define ODD_COUNT (sizeof odd_indices / sizeof odd_indices[0])

static struct tally *find_odd(const struct judge_facts *facts, size_t i, uint64_t index)
{
    const struct odd_indices *odd = &odd_indices[i];
    return index < odd->first || index > odd->last ? NULL : find_tally(facts, odd->name);
}

static bool uses_agreement(const struct call_record *call)
{
    return strcmp(call->entry, "CardDeriveKey") == 0 ||
           strcmp(call->entry, "CardDestroyDHAgreement") == 0;
}

void suspects_note_call(const struct judge_facts *facts, const struct case_record *record,
                        const struct call_record *call)
{
    if (!uses_agreement(call) || call->status != SCARD_S_SUCCESS)
        return;
    const struct agreement *agreement = key_agreement(record, call);
    for (size_t i = 0; agreement != NULL && i < ODD_COUNT; i++) {
        struct tally *odd = find_odd(facts, i, agreement->index);
        if (odd != NULL)
            odd->right++;
    }
}

/* What may have ended or changed the agreement although it should not. */
struct past {
    bool derived, answered, other_destroyed, other_deleted;
};

static void look_at(struct past *past, const struct agreement *agreement,
                    const struct call_record *call)
{
    bool here = same_context(call->context, agreement->call->context);
    if (strcmp(call->entry, "CardDeriveKey") == 0 && here) {
        past->derived =
            past->derived || node_get_uint(call->args, "index", UINT64_MAX) == agreement->index;
        past->answered = past->answered || call->answer == agreement->index;
    }
    if (strcmp(call->entry, "CardDestroyDHAgreement") == 0 && here)
        past->other_destroyed = true;
    if (strcmp(call->entry, "CardDeleteContext") == 0 && !here)
        past->other_deleted = true;
}

static void add_past(struct suspects *out, const struct step_view *view,
                     const struct agreement *agreement)
{
    struct past past = {.derived = false};
    for (size_t i = 0; i < view->record->call_count; i++) {
        const struct call_record *call = view->record->calls[i];
        if (call->order > agreement->call->order && call->order < view->call->order &&
            call->returned && call->status == SCARD_S_SUCCESS)
            look_at(&past, agreement, call);
    }
    if (past.derived)
        add(out, "R137", NULL);
    if (past.answered)
        add(out, "R211", NULL);
    if (past.other_destroyed)
        add(out, "R200", NULL);
    if (past.other_deleted)
        add(out, "R055", NULL);
}

static void add_index(struct suspects *out, const struct step_view *view,
                      const struct agreement *agreement)
{
    bool derives = strcmp(view->call->entry, "CardDeriveKey") == 0;
    for (size_t i = 0; i < ODD_COUNT; i++) {
        struct tally *odd = find_odd(view->facts, i, agreement->index);
        if (odd == NULL)
            continue;
        add(out, "R202", odd);
        add(out, derives ? "R127" : "R193", odd);
        if (derives)
            add(out, "R091", odd); /* an agreement alone may never have that index */
    }
}

/* Of the answers only the last is known: what may be wrong with one of them is wrong with any. */
static void add_answers(struct suspects *out, const struct step_view *view)
{
    const struct call_record *call = view->call;
    const struct agreement *last = case_agreement_at(view->record, call, call->answer);
    for (uint64_t index = 0; index < 256; index++) {
        const struct agreement *one = case_agreement_at(view->record, call, index);
        if (one != NULL)
            add_index(out, view, one);
    }
    if (last != NULL)
        add_past(out, view, last);
    if (call->events[EVENT_GET_DH_AGREEMENT] > 1)
        add(out, "R211", NULL); /* one use of an answer may have ended it for the next */
}

struct suspects suspects_of_call(const struct step_view *view)
{
    struct suspects out = {.count = 0};
    const struct call_record *call = view->call;
    if (call == NULL || !call->returned || !uses_agreement(call))
        return out;
    if (call->status == SCARD_S_SUCCESS) {
        if (has_handles(call) && call->events[EVENT_GET_DH_AGREEMENT] == 0)
            add(&out, "R205", NULL);
        return out;
    }
    const struct agreement *agreement = key_agreement(view->record, call);
    if (agreement == NULL || agreement->ended < call->order)
        return out;
    add_index(&out, view, agreement);
    add_past(&out, view, agreement);
    if (call->events[EVENT_GET_DH_AGREEMENT] > 0)
        add_answers(&out, view);
    return out;
}

struct suspects suspects_of_index(const struct step_view *view, const struct agreement *other)
{
    struct suspects out = {.count = 0};
    add_past(&out, view, other);
    return out;
}

struct suspects suspects_of_equal_keys(void)
{
    struct suspects out = {.count = 0};
    add(&out, "R091", NULL);
    return out;
}

struct suspects suspects_of_length(void)
{
    struct suspects out = {.count = 0};
    add(&out, "R127", NULL);
    return out;
}

/* ---- wrong keys ---- */

struct question {
    const struct step_view *view;
    struct bytes key;
};

static bool fits(void *data, struct bytes z)
{
    const struct question *question = data;
    const struct step_view *view = question->view;
    return key_fits_secret(&view->facts->key, view->record, view->call, &view->expected->key,
                           question->key, z);
}

static bool came_before(const struct step_view *view, struct bytes key)
{
    struct arena *scratch = &view->record->arena;
    for (size_t i = 0; i < view->record->call_count; i++) {
        const struct call_record *call = view->record->calls[i];
        struct bytes other;
        bool masked;
        if (call->order < view->call->order && strcmp(call->entry, "CardDeriveKey") == 0 &&
            call->returned && call->status == SCARD_S_SUCCESS &&
            key_of_call(scratch, call, &other, &masked) && bytes_equal(other, key))
            return true;
    }
    return false;
}

struct suspects suspects_of_key(const struct step_view *view, struct bytes key, const char **words)
{
    struct suspects out = {.count = 0};
    struct suspect common[4];
    struct question question = {view, key};
    const struct agreement *agreement = key_agreement(view->record, view->call);
    struct wrong_secret secret =
        wrong_secret_find(&view->facts->key, view->record, agreement, fits, &question);
    *words = secret.words;
    /* What calls mix up only where they overlap stays their fault: one after the other, as in the
     * cases about it, agreements have their own secrets then. */
    if (secret.requirement != NULL && strcmp(secret.requirement, view->row->id) != 0)
        add(&out, secret.requirement, NULL);
    if (secret.requirement != NULL || agreement == NULL)
        return out;
    size_t count = tallies_of_key(view, agreement, common);
    for (size_t i = 0; i < count; i++)
        if (common[i].tally != NULL)
            add(&out, common[i].requirement, common[i].tally);
    if (came_before(view, key))
        add(&out, "R135", NULL);
    add_past(&out, view, agreement);
    return out;
}
