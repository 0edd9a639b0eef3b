/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_ending.h"

#include "places.h"

#include <inttypes.h>
#include <string.h>

#define SMALL_ADDRESS 65536 /* NULL and members of what NULL points to */

/* Who made a block, and who gave it back. */
static const char *block_frames(struct arena *keep, const struct case_record *record,
                                const struct node *id)
{
    uint64_t number;
    const struct block *block = node_to_uint(id, &number) ? case_block(record, number) : NULL;
    if (block == NULL || block->frames == NULL)
        return "";
    const char *freed = places_words(keep, block->freed_frames);
    return arena_printf(keep, "%s (allocated%s)", freed, places_words(keep, block->frames));
}

/* Where a bad access went, in words that are the same in each run: no address but a small one. */
static const char *place_text(struct arena *keep, const struct case_record *record,
                              const struct node *node)
{
    static const char *const kinds[] = {"block", "input", "card_data", "context"};
    const struct node *what = node_get(node, "what");
    uint64_t address = node_get_uint(node, "address", UINT64_MAX);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *value = node_get_text(what, kinds[i]), *state = node_get_text(what, "state");
        const char *offset = node_get_text(what, "offset"), *step = node_get_text(what, "step");
        if (value != NULL)
            return arena_printf(keep, "offset %s of %s %s%s%s%s%s%s", offset == NULL ? "?" : offset,
                                kinds[i], value, state == NULL ? "" : ", ",
                                state == NULL ? "" : state, step == NULL ? "" : " in step ",
                                step == NULL ? "" : step,
                                block_frames(keep, record, node_get(what, "block")));
    }
    return address < SMALL_ADDRESS ? arena_printf(keep, "address %" PRIu64, address)
                                   : "an address of no known object";
}

static const char *module_text(struct arena *keep, const struct node *node)
{
    const char *module = node_get_text(node, "module"), *frames = node_get_text(node, "frames");
    if (frames != NULL)
        return arena_printf(keep, ",%s", places_words(keep, frames));
    if (module == NULL)
        return "";
    const char *slash = strrchr(module, '/');
    return arena_printf(keep, ", at %s+0x%" PRIx64, slash == NULL ? module : slash + 1,
                        node_get_uint(node, "module_offset", 0));
}

static const char *signal_text(struct arena *keep, const struct case_record *record,
                               const struct node *node)
{
    uint64_t number = node_get_uint(node, "signal", 0);
    const char *name = number < 128 ? sigabbrev_np((int)number) : NULL;
    const char *access = node_get_text(node, "access");
    bool placed =
        access != NULL || node_get(node, "what") != NULL || node_get(node, "address") != NULL;
    return arena_printf(keep, "signal %" PRIu64 "%s%s%s%s%s%s%s", number,
                        name == NULL ? "" : " SIG", name == NULL ? "" : name, placed ? ", " : "",
                        !placed          ? ""
                        : access == NULL ? "access"
                                         : access,
                        placed ? " of " : "", placed ? place_text(keep, record, node) : "",
                        module_text(keep, node));
}

const char *ending_text(struct arena *keep, const struct case_record *record,
                        const struct event *event)
{
    const struct node *node = event->node;
    const char *why = node_get_text(node, "why"), *text = "";
    if (event->kind == EVENT_EXIT)
        text = arena_printf(keep, "called exit(%" PRIu64 ")", node_get_uint(node, "code", 0));
    else if (event->kind == EVENT_HANG)
        text = arena_printf(keep, "did not return within %" PRIu64 " ms",
                            node_get_uint(node, "ms", 0));
    else
        text = signal_text(keep, record, node);
    return why == NULL ? text : arena_printf(keep, "%s: %s", text, why);
}

const char *ending_requirement(const struct node *node, const char *entry)
{
    const struct node *what = node_get(node, "what");
    const char *input = node_get_text(what, "input"), *access = node_get_text(node, "access");
    bool written = access != NULL && strcmp(access, "write") == 0;
    bool deriving = entry != NULL && strcmp(entry, "CardDeriveKey") == 0;
    if (input != NULL && deriving && strcmp(input, "pAgreementInfo") == 0)
        return "R005";
    if (input != NULL && written)
        return "R007";
    if (node_get(what, "context") != NULL || node_get(what, "card_data") != NULL)
        return "R004";
    return node_get(what, "block") != NULL ? "R216" : NULL;
}
