/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_watchers.h"

#include "mdcts/cardmod.h"
#include "mdcts/status.h"
#include "places.h"

#include <inttypes.h>

/* ---- memory ---- */

static const char *step_words(struct arena *keep, uint64_t step)
{
    return step == 0 ? "at the case's end" : arena_printf(keep, "in step %" PRIu64, step);
}

/* What a block that was left behind is charged to. */
enum leak_owner { LEAK_CONTEXT, LEAK_AGREEMENT, LEAK_REFUSAL };

static enum leak_owner leak_owner(const struct case_record *record, const struct block *block,
                                  const struct call_record *deletion)
{
    const struct call_record *call = block->call;
    if (watcher_is_entry(call, "CardDeriveKey") && call->returned &&
        call->status != SCARD_S_SUCCESS)
        return LEAK_REFUSAL;
    bool dh = watcher_is_entry(call, "CardConstructDHAgreement") ||
              watcher_is_entry(call, "CardDeriveKey");
    return dh && case_agreements_live(record, deletion) > 0 ? LEAK_AGREEMENT : LEAK_CONTEXT;
}

static enum check_answer leaks(struct watcher_view *view, enum leak_owner owner,
                               const char *expected)
{
    struct arena *keep = view->facts->keep;
    const struct case_record *record = view->record;
    const struct call_record *deletion = watcher_call(view);
    const struct block *first = NULL;
    uint64_t count = 0;
    for (size_t i = 0; i < record->block_count; i++) {
        const struct block *block = &record->blocks[i];
        if (!block->live || block->handed_out || block->call == NULL ||
            block->call->host != deletion->host ||
            !same_context(block->call->context, deletion->context) ||
            leak_owner(record, block, deletion) != owner)
            continue;
        first = first == NULL ? block : first;
        count++;
    }
    if (count == 0)
        return CHECK_HOLDS;
    return watcher_broken(
        view, expected,
        arena_printf(keep, "%" PRIu64 " block%s left, the first of %" PRIu64 " bytes from %s %s%s",
                     count, count == 1 ? "" : "s", first->size, first->call->entry,
                     step_words(keep, first->call->step), places_words(keep, first->frames)));
}

static bool is_deletion(const struct watcher_view *view)
{
    const struct call_record *call = watcher_call(view);
    return watcher_is_entry(call, "CardDeleteContext") && call->status == SCARD_S_SUCCESS &&
           node_get(node_get(call->args, "raw"), "pCardData") == NULL;
}

enum check_answer context_returns_memory(struct watcher_view *view)
{
    if (!is_deletion(view))
        return CHECK_SILENT;
    return leaks(view, LEAK_CONTEXT, "CardDeleteContext returns all memory");
}

enum check_answer agreements_return_memory(struct watcher_view *view)
{
    if (!is_deletion(view) || case_agreements_live(view->record, watcher_call(view)) == 0)
        return CHECK_SILENT;
    return leaks(view, LEAK_AGREEMENT, "CardDeleteContext returns the memory of live agreements");
}

static bool points_to_block(const struct node *pointer)
{
    return node_get(pointer, "block") != NULL || node_get(pointer, "wild") != NULL;
}

enum check_answer refusal_hands_nothing_out(struct watcher_view *view)
{
    const struct call_record *call = watcher_call(view);
    if (is_deletion(view))
        return leaks(view, LEAK_REFUSAL, "a refused CardDeriveKey keeps no memory");
    if (!watcher_is_entry(call, "CardDeriveKey") || call->status == SCARD_S_SUCCESS)
        return CHECK_SILENT;
    if (points_to_block(node_get(call->out, "pbDerivedKey")))
        return watcher_broken(view, "a refusal hands no buffer out", "a pointer in pbDerivedKey");
    if (node_get_bool(call->out, "filled", false))
        return watcher_broken(view, "a refusal writes no key", "bytes in the caller's buffer");
    return CHECK_HOLDS;
}

/* Bytes that were handed out as they came: what a caller reads there is chance, or somebody else's
 * secret. */
static enum check_answer written(struct watcher_view *view, const char *member,
                                 const char *length_member, const struct node *pointer,
                                 enum outcome outcome)
{
    static const struct {
        const char *key, *words;
    } rows[] = {
        {"unwritten", "nobody has written"},
        {"unwritten_stack", "are what lay on the stack before the call"},
    };
    struct arena *keep = view->facts->keep;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t count = node_get_uint(pointer, rows[i].key, 0);
        if (count == 0)
            continue;
        view->why->outcome = outcome;
        return watcher_broken(
            view, arena_printf(keep, "%s is written over all of its %s", member, length_member),
            arena_printf(keep, "uninitialised: %" PRIu64 " bytes in a row that %s", count,
                         rows[i].words));
    }
    return CHECK_HOLDS;
}

/* Whether what a pointer of out points to came from pfnCspAlloc, is large enough and was written;
 * unwritten: what it is if not the latter. */
static enum check_answer registered(struct watcher_view *view, const char *member,
                                    const char *length_member, enum outcome unwritten)
{
    struct arena *keep = view->facts->keep;
    const struct call_record *call = watcher_call(view);
    const struct node *pointer = node_get(call->out, member);
    uint64_t length = node_get_uint(call->out, length_member, 0), id;
    const char *expected = arena_printf(keep, "%s is a live block from pfnCspAlloc", member);
    if (pointer == NULL || node_is_null(pointer) || node_get(pointer, "input") != NULL)
        return CHECK_SILENT;
    if (!node_to_uint(node_get(pointer, "block"), &id))
        return watcher_broken(view, expected, "memory of another origin");
    const struct block *block = case_block(view->record, id);
    if (node_get_bool(pointer, "freed", false) || (block != NULL && !block->live))
        return watcher_broken(view, expected, "a block that was freed");
    uint64_t offset = node_get_uint(pointer, "offset", 0);
    uint64_t size = block == NULL ? node_get_uint(pointer, "size", UINT64_MAX) : block->size;
    if (offset != 0)
        return watcher_broken(view, expected, "a place inside a block, which can't be freed");
    if (length > size)
        return watcher_broken(
            view, arena_printf(keep, "%s holds %s bytes", member, length_member),
            arena_printf(keep, "a block of %" PRIu64 " for %" PRIu64 " bytes", size, length));
    return written(view, member, length_member, pointer, unwritten);
}

static bool succeeded(const struct watcher_view *view, const char *entry)
{
    const struct call_record *call = watcher_call(view);
    return watcher_is_entry(call, entry) && call->status == SCARD_S_SUCCESS;
}

enum check_answer key_buffer_is_registered(struct watcher_view *view)
{
    if (!succeeded(view, "CardDeriveKey") ||
        (node_get_uint(watcher_call(view)->args, "flags", 0) & CARD_BUFFER_SIZE_ONLY) != 0)
        return CHECK_SILENT;
    return registered(view, "pbDerivedKey", "cbDerivedKey", OUTCOME_FAIL);
}

enum check_answer blobs_are_registered(struct watcher_view *view)
{
    if (!succeeded(view, "CardGetContainerInfo"))
        return CHECK_SILENT;
    enum check_answer answer =
        registered(view, "pbKeyExPublicKey", "cbKeyExPublicKey", OUTCOME_FAIL);
    if (answer == CHECK_BROKEN)
        return answer;
    enum check_answer other = registered(view, "pbSigPublicKey", "cbSigPublicKey", OUTCOME_FAIL);
    return other == CHECK_SILENT ? answer : other;
}

enum check_answer outputs_are_registered(struct watcher_view *view)
{
    if (!succeeded(view, "CardReadFile"))
        return CHECK_SILENT;
    return registered(view, "ppbData", "pcbData", OUTCOME_WARN);
}

/* extra: what befell it; NULL: nothing to add. */
static const char *block_words(const struct watcher_view *view, const struct node *id,
                               const char *extra)
{
    struct arena *keep = view->facts->keep;
    uint64_t number;
    const struct block *block = node_to_uint(id, &number) ? case_block(view->record, number) : NULL;
    const char *comma = extra == NULL ? "" : ", ";
    extra = extra == NULL ? "" : extra;
    if (block == NULL || block->call == NULL)
        return arena_printf(keep, "a block%s%s", comma, extra);
    const char *freed = block->freed_by == NULL
                            ? ""
                            : arena_printf(keep, ", freed by %s %s%s", block->freed_by,
                                           step_words(keep, block->freed_step),
                                           places_words(keep, block->freed_frames));
    return arena_printf(
        keep,
        "a block of %" PRIu64 " bytes that %s allocated%s%s (block %" PRIu64 ", allocated %s%s%s)",
        block->size, block->call->entry, comma, extra, number, step_words(keep, block->call->step),
        places_words(keep, block->frames), freed);
}

/* by: pfnCspFree or pfnCspReAlloc.  Both take a block that lives, or NULL. */
static enum check_answer gives_back(struct watcher_view *view, const char *by, const char *state,
                                    const struct node *block)
{
    static const struct {
        const char *state, *words;
    } rows[] = {
        {"freed", "given back again"},
        {"foreign", "memory that it did not allocate"},
        {"inside", "a place inside it"},
        {"libc", "given to the C library's free or realloc"},
    };
    struct arena *keep = view->facts->keep;
    const char *damage = node_get_text(view->event->node, "damage");
    const char *here = places_words(keep, node_get_text(view->event->node, "frames"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (watcher_is_text(state, rows[i].state)) {
            const char *words = arena_printf(keep, "%s%s", rows[i].words, here);
            return watcher_broken(view, arena_printf(keep, "%s gets live blocks only", by),
                                  block == NULL ? words : block_words(view, block, words));
        }
    if (damage != NULL)
        return watcher_broken(
            view, "nothing written outside a block",
            arena_printf(keep, "%s of %s", damage, block_words(view, block, NULL)));
    return CHECK_HOLDS;
}

enum check_answer frees_only_live_blocks(struct watcher_view *view)
{
    const struct node *node = view->event->node;
    return gives_back(view, "pfnCspFree", node_get_text(node, "state"), node_get(node, "block"));
}

enum check_answer reallocs_only_live_blocks(struct watcher_view *view)
{
    const struct node *node = view->event->node;
    return gives_back(view, "pfnCspReAlloc", node_get_text(node, "from_state"),
                      node_get(node, "from"));
}

enum check_answer blocks_are_not_exceeded(struct watcher_view *view)
{
    const struct node *node = view->event->node;
    const char *kind = node_get_text(node, "kind");
    return watcher_broken(view, "nothing written outside a block",
                          arena_printf(view->facts->keep, "%s of %s",
                                       kind == NULL ? "damage" : kind,
                                       block_words(view, node_get(node, "block"), NULL)));
}

/* ---- what the runner found when it searched a freed block ---- */

enum check_answer searched_block(struct watcher_view *view)
{
    return node_get_bool(view->event->node, "searched", false) ? CHECK_HOLDS : CHECK_SILENT;
}

static enum check_answer wiped(struct watcher_view *view, bool key)
{
    const struct node *node = view->event->node;
    const char *what = node_get_text(node, "what");
    if (watcher_is_text(what, "key") != key)
        return CHECK_SILENT;
    view->why->outcome = OUTCOME_WARN;
    return watcher_broken(view, "secrets are wiped before their memory is given back",
                          arena_printf(view->facts->keep, "%s in %s",
                                       what == NULL ? "a secret" : what,
                                       block_words(view, node_get(node, "block"), NULL)));
}

enum check_answer secret_is_wiped(struct watcher_view *view)
{
    return wiped(view, false);
}

enum check_answer key_is_wiped(struct watcher_view *view)
{
    return wiped(view, true);
}

/* ---- what the runner found when it searched the process ---- */

/* "block 12 ...", or the part of the process. */
static const char *place_words(const struct watcher_view *view, const struct node *hit)
{
    const char *where = node_get_text(hit, "where");
    if (watcher_is_text(where, "block"))
        return block_words(view, node_get(hit, "block"), NULL);
    return where == NULL ? "memory" : where;
}

/* A PIN is looked for only where nobody needs it any more: the event says whether it was. */
static enum check_answer gone(struct watcher_view *view, bool pin)
{
    struct arena *keep = view->facts->keep;
    const struct node *node = view->event->node, *hits = node_get(node, "found");
    const char *when = node_get_text(node, "after");
    if (node_get_bool(node, "log", false) || !node_get_bool(node, pin ? "pin" : "secrets", false))
        return CHECK_SILENT;
    for (const struct node *hit = hits == NULL ? NULL : hits->first; hit != NULL; hit = hit->next) {
        const char *what = node_get_text(hit, "what");
        if (watcher_is_text(what, "PIN") != pin)
            continue;
        view->why->outcome = OUTCOME_WARN;
        return watcher_broken(
            view, pin ? "no PIN in the process' memory" : "no secret in the process' memory",
            arena_printf(keep, "%s, %" PRIu64 " bytes of it, in %s after %s",
                         what == NULL ? "a secret" : what, node_get_uint(hit, "length", 0),
                         place_words(view, hit), when == NULL ? "the call" : when));
    }
    return CHECK_HOLDS;
}

enum check_answer secret_is_gone(struct watcher_view *view)
{
    return gone(view, false);
}

enum check_answer pin_is_gone(struct watcher_view *view)
{
    return gone(view, true);
}

enum check_answer log_holds_no_secret(struct watcher_view *view)
{
    const struct node *node = view->event->node, *hits = node_get(node, "found");
    if (!node_get_bool(node, "log", false))
        return CHECK_SILENT;
    if (hits == NULL || hits->first == NULL)
        return CHECK_HOLDS;
    const char *what = node_get_text(hits->first, "what");
    view->why->outcome = OUTCOME_WARN;
    return watcher_broken(view, "no secret in what the driver writes",
                          arena_printf(view->facts->keep, "%s in %s",
                                       what == NULL ? "a secret" : what,
                                       place_words(view, hits->first)));
}
