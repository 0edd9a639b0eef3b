/* SPDX-License-Identifier: Apache-2.0 */
/* The CARD_DATA structures of this host: the caller's side of a card context.
 *
 * Each lies either so that it ends at an inaccessible page or amid canary.  The host writes the
 * caller's members and later compares; everything else in it belongs to the driver. */
#ifndef MDCTS_HOST_CONTEXT_H
#define MDCTS_HOST_CONTEXT_H

#include "protocol.h"
#include "region.h"

struct context {
    bool used, open;        /* open: accessible */
    uint32_t reader;        /* whose card it is of */
    uint32_t inside;        /* calls in progress that run side by side */
    struct region region;   /* data: CARD_DATA, as much of it as the driver may touch */
    uint8_t *before;        /* its page when the call began */
    struct region *strings; /* HOST_MEMBERS_MAX; what members of it point to */
    size_t string_count;
};

/* The card connected there, for the caller's members of contexts to come. */
void context_set_card(uint32_t reader, const struct wire_card *card);

/* lengths and data: the byte strings; members: exceptions from the defaults. */
bool context_new(const struct wire_context *spec, struct bytes members, struct bytes lengths,
                 struct bytes data);
bool context_set_members(uint32_t id, struct bytes members);
bool context_after_acquire(uint32_t id);
bool context_drop(uint32_t id);

/* NULL if there is none of that number or it was dropped. */
struct context *context_get(uint32_t id);
/* The context whose CARD_DATA starts at the address; HOST_CONTEXTS_MAX if there is none. */
uint32_t context_find(uintptr_t card_data);
/* The context that an address lies in, guards and canary included; HOST_CONTEXTS_MAX if there is
 * none. */
uint32_t context_locate(uintptr_t address, int64_t *offset);
/* Keeps copies for the comparison after the call: of all contexts, or, where calls run side by
 * side, of the one that the call is in, unless another one is in it, too. */
void contexts_remember(uint32_t id);
/* The call is over. */
void contexts_forget(uint32_t id);
/* Whether the call that is over in this context may be asked for changes of that one. */
bool context_is_compared(uint32_t other, uint32_t id);

#endif
