/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define ALIGNMENT   16u
#define CANARY_ROOM 32u /* in front of every block, at least */
#define CANARY_NEAR 64u /* looked at after every call; all of it when the block is freed */

struct block {
    struct region region; /* its data is rounded up to ALIGNMENT */
    size_t size;
    uint32_t number;
    uint32_t step;
    bool live, reported, unmapped;
};

/* Block n is at (n - 1) % LEDGER_BLOCKS_MAX until another takes its place. */
static struct block blocks[LEDGER_BLOCKS_MAX];
static uint32_t newest;      /* number of the newest block, 0: none */
static uint32_t oldest_live; /* no live block has a smaller number */
static uint32_t live_count;
static size_t live_bytes;
static uint32_t quarantine[LEDGER_QUARANTINE_MAX]; /* numbers, a ring */
static uint32_t freed_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

const char *ledger_state_name(enum ledger_state state)
{
    static const char *const names[] = {"null", "live", "freed", "inside", "foreign"};
    return names[state];
}

const char *ledger_damage_name(enum ledger_damage damage)
{
    static const char *const names[] = {NULL, "overrun", "underrun"};
    return names[damage];
}

static struct block *block_of(uint32_t number)
{
    if (number == 0 || number > newest)
        return NULL;
    struct block *block = &blocks[(number - 1) % LEDGER_BLOCKS_MAX];
    return block->number == number ? block : NULL;
}

/* A block that left the quarantine is known by its start only: others may live around it now. */
static bool block_holds(const struct block *block, uintptr_t address)
{
    return block->unmapped ? address == (uintptr_t)block->region.data
                           : region_holds(&block->region, address);
}

/* The newest block that holds the address, guards included: an address may have had several. */
static struct block *block_at(uintptr_t address)
{
    uint32_t kept = newest < LEDGER_BLOCKS_MAX ? newest : LEDGER_BLOCKS_MAX;
    for (uint32_t i = 1; i <= kept; i++) {
        struct block *block = &blocks[(newest - i) % LEDGER_BLOCKS_MAX];
        if (block->number != 0 && block_holds(block, address))
            return block;
    }
    return NULL;
}

static enum ledger_damage damage_of(const struct block *block, size_t room)
{
    const uint8_t *data = block->region.data;
    size_t in_front = (size_t)(data - block->region.pages);
    if (room > in_front)
        room = in_front;
    if (!region_is_canary(data + block->size, block->region.size - block->size))
        return LEDGER_OVERRUN;
    return region_is_canary(data - room, room) ? LEDGER_SOUND : LEDGER_UNDERRUN;
}

static struct ledger_fact fact_of(uintptr_t address)
{
    if (address == 0)
        return (struct ledger_fact){.state = LEDGER_NULL};
    const struct block *block = block_at(address);
    if (block == NULL)
        return (struct ledger_fact){.state = LEDGER_FOREIGN};
    struct ledger_fact fact = {.block = block->number, .size = block->size, .step = block->step};
    fact.offset = (int64_t)(address - (uintptr_t)block->region.data);
    fact.state = !block->live ? LEDGER_FREED : fact.offset == 0 ? LEDGER_LIVE : LEDGER_INSIDE;
    return fact;
}

static _Atomic uintptr_t lowest = UINTPTR_MAX, highest; /* of all blocks so far */

bool ledger_spans(uintptr_t address)
{
    return address >= lowest && address <= highest;
}

static void *take_block(size_t size, uint32_t step, uint32_t *number)
{
    *number = 0;
    if (size > REGION_BYTES_MAX || size > LEDGER_BYTES_MAX - live_bytes ||
        live_count >= LEDGER_LIVE_MAX)
        return NULL;
    while (blocks[newest % LEDGER_BLOCKS_MAX].live)
        newest++; /* an old block lives on in its place, and this number is never given */
    struct block *block = &blocks[newest % LEDGER_BLOCKS_MAX];
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded == 0)
        rounded = ALIGNMENT;
    struct region region = region_new(rounded, CANARY_ROOM, true);
    if (region.map == NULL)
        return NULL;
    memset(region.data, LEDGER_POISON, size);
    memset(region.data + size, REGION_CANARY, rounded - size);
    if (!block->unmapped)
        region_free(&block->region);
    *block = (struct block){region, size, ++newest, step, true, false, false};
    if ((uintptr_t)region.data < lowest)
        lowest = (uintptr_t)region.data;
    if ((uintptr_t)region.data > highest)
        highest = (uintptr_t)region.data;
    live_bytes += size;
    if (live_count++ == 0)
        oldest_live = newest;
    *number = newest;
    return region.data;
}

static void retire(struct block *block, uint32_t step)
{
    region_close(&block->region);
    block->live = false;
    block->step = step;
    live_count--;
    live_bytes -= block->size;
    uint32_t *slot = &quarantine[freed_count++ % LEDGER_QUARANTINE_MAX];
    struct block *leaving = block_of(*slot);
    if (leaving != NULL) {
        /* The record stays, so that a very late second free is still recognised. */
        struct region kept = leaving->region;
        region_free(&kept);
        leaving->unmapped = true;
    }
    *slot = block->number;
}

void *ledger_alloc(size_t size, uint32_t step, uint32_t *block)
{
    pthread_mutex_lock(&lock);
    void *data = take_block(size, step, block);
    pthread_mutex_unlock(&lock);
    return data;
}

struct ledger_fact ledger_free(void *pointer, uint32_t step, struct ledger_content *content)
{
    pthread_mutex_lock(&lock);
    struct ledger_fact fact = fact_of((uintptr_t)pointer);
    if (content != NULL)
        content->len = 0;
    if (fact.state == LEDGER_LIVE) {
        struct block *block = block_of(fact.block);
        fact.damage = damage_of(block, SIZE_MAX);
        if (content != NULL) {
            content->len = block->size < LEDGER_CONTENT_MAX ? block->size : LEDGER_CONTENT_MAX;
            memcpy(content->bytes, pointer, content->len);
        }
        retire(block, step);
    }
    pthread_mutex_unlock(&lock);
    return fact;
}

void *ledger_realloc(void *pointer, size_t size, uint32_t step, struct ledger_fact *from,
                     uint32_t *block)
{
    pthread_mutex_lock(&lock);
    *block = 0;
    *from = fact_of((uintptr_t)pointer);
    void *data = NULL;
    if (from->state == LEDGER_LIVE || from->state == LEDGER_NULL)
        data = take_block(size, step, block);
    if (data != NULL && from->state == LEDGER_LIVE) {
        struct block *old = block_of(from->block);
        from->damage = damage_of(old, SIZE_MAX);
        memcpy(data, pointer, old->size < size ? old->size : size);
        retire(old, step);
    }
    pthread_mutex_unlock(&lock);
    return data;
}

/* Without the lock: a signal handler may have interrupted its holder. */
struct ledger_fact ledger_locate(uintptr_t address)
{
    return fact_of(address);
}

void *ledger_address(uint32_t number)
{
    pthread_mutex_lock(&lock);
    const struct block *block = block_of(number);
    void *data = block != NULL && block->live ? block->region.data : NULL;
    pthread_mutex_unlock(&lock);
    return data;
}

uint32_t ledger_live(void)
{
    pthread_mutex_lock(&lock);
    uint32_t count = live_count;
    pthread_mutex_unlock(&lock);
    return count;
}

void ledger_check(void (*damaged)(uint32_t block, enum ledger_damage damage))
{
    pthread_mutex_lock(&lock);
    uint32_t first_live = 0;
    for (uint32_t number = oldest_live; live_count > 0 && number <= newest; number++) {
        struct block *block = block_of(number);
        if (block == NULL || !block->live)
            continue;
        if (first_live == 0)
            first_live = number;
        enum ledger_damage damage = damage_of(block, CANARY_NEAR);
        if (damage == LEDGER_SOUND || block->reported)
            continue;
        block->reported = true;
        damaged(number, damage);
    }
    if (first_live != 0)
        oldest_live = first_live;
    pthread_mutex_unlock(&lock);
}

void ledger_reset(void)
{
    for (size_t i = 0; i < LEDGER_BLOCKS_MAX; i++)
        if (!blocks[i].unmapped)
            region_free(&blocks[i].region);
    memset(blocks, 0, sizeof blocks);
    memset(quarantine, 0, sizeof quarantine);
    newest = oldest_live = live_count = freed_count = 0;
    live_bytes = 0;
}
