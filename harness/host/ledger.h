/* SPDX-License-Identifier: Apache-2.0 */
/* The heap that the driver sees: pfnCspAlloc, pfnCspReAlloc and pfnCspFree, with a memory.
 *
 * A block is 16-byte aligned and ends, up to alignment, at an inaccessible page; canary lies in
 * front and in the slack behind, LEDGER_POISON inside.  A freed block becomes inaccessible and
 * keeps its address until LEDGER_QUARANTINE_MAX others were freed.  realloc always moves.  Nothing
 * the driver passes can make the ledger fail: it finds out what a pointer is and says so in a fact.
 * All functions may be called from any thread, ledger_locate() also from a signal handler. */
#ifndef MDCTS_HOST_LEDGER_H
#define MDCTS_HOST_LEDGER_H

#include "../base/poison.h"
#include "region.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_BLOCKS_MAX     65536u              /* records kept; numbers go on */
#define LEDGER_LIVE_MAX       16384u              /* the kernel limits mappings */
#define LEDGER_BYTES_MAX      ((size_t)256 << 20) /* of live blocks */
#define LEDGER_QUARANTINE_MAX 4096u
#define LEDGER_POISON         POISON_BLOCK
#define LEDGER_CONTENT_MAX    8192u

enum ledger_state {
    LEDGER_NULL,   /* the pointer was NULL */
    LEDGER_LIVE,   /* the start of a block that is not freed */
    LEDGER_FREED,  /* the start or inside of a block that was freed */
    LEDGER_INSIDE, /* inside a live block or its guards */
    LEDGER_FOREIGN /* not ours */
};
const char *ledger_state_name(enum ledger_state state);

enum ledger_damage { LEDGER_SOUND, LEDGER_OVERRUN, LEDGER_UNDERRUN };
const char *ledger_damage_name(enum ledger_damage damage); /* NULL for LEDGER_SOUND */

struct ledger_fact {
    enum ledger_state state;
    uint32_t block; /* 0: none */
    int64_t offset; /* of the pointer in the block */
    size_t size;
    uint32_t step; /* that allocated it, or freed it if it is freed */
    enum ledger_damage damage;
};

/* The bytes a block held when it was freed; len is cut to LEDGER_CONTENT_MAX. */
struct ledger_content {
    size_t len;
    uint8_t bytes[LEDGER_CONTENT_MAX];
};

/* NULL when out of memory or beyond LEDGER_LIVE_MAX or LEDGER_BYTES_MAX; *block is the new block's
 * number, 0 with NULL. */
void *ledger_alloc(size_t size, uint32_t step, uint32_t *block);
/* Frees a live block; from any other pointer nothing is freed.  content may be NULL. */
struct ledger_fact ledger_free(void *pointer, uint32_t step, struct ledger_content *content);
/* Moves a live block; NULL pointers allocate; from any other pointer NULL comes back and nothing
 * moves. */
void *ledger_realloc(void *pointer, size_t size, uint32_t step, struct ledger_fact *from,
                     uint32_t *block);

struct ledger_fact ledger_locate(uintptr_t address);
/* Whether there may be a block there, at little cost. */
bool ledger_spans(uintptr_t address);
/* The address of a live block; NULL if there is none of that number. */
void *ledger_address(uint32_t block);
uint32_t ledger_live(void);
/* Calls damaged() for every live block whose canaries were hit, once in its life. */
void ledger_check(void (*damaged)(uint32_t block, enum ledger_damage damage));
/* Gives all memory back (tests). */
void ledger_reset(void);

#endif
