/* SPDX-License-Identifier: Apache-2.0 */
/* Guarded memory: pages of our own between two inaccessible ones.
 *
 * The data either ends exactly at the page behind or starts exactly behind the page in front; the
 * rest of the pages is filled with REGION_CANARY.  Making one can fail (NULL data); nothing else
 * can. */
#ifndef MDCTS_HOST_REGION_H
#define MDCTS_HOST_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REGION_CANARY    0xC5
#define REGION_PAGE      4096u
#define REGION_BYTES_MAX (64u << 20)

struct region {
    uint8_t *map;   /* the page in front */
    size_t map_len; /* both guards included */
    uint8_t *pages; /* what is accessible */
    size_t pages_len;
    uint8_t *data;
    size_t size;
};

/* Makes the places of the first small regions, for every process that is forked afterwards. */
void regions_prepare(void);
/* Touches them, so that taking one costs neither a system call nor a page fault. */
void regions_warm(void);

/* Data is zero.  At least room bytes of canary lie in front of data that ends at the guard. */
struct region region_new(size_t size, size_t room, bool at_end);
/* size bytes of data at offset of the only accessible page; canary around. */
struct region region_new_inside(size_t size, size_t offset);
void region_read_only(const struct region *region);
/* Inaccessible from now on, but the addresses stay taken. */
void region_close(const struct region *region);
/* If next lies right behind region it becomes a part of it, so that one region_close() is enough
 * for both. */
bool region_join(struct region *region, const struct region *next);
void region_free(struct region *region);
/* Whether len bytes are all REGION_CANARY. */
bool region_is_canary(const uint8_t *from, size_t len);
bool region_holds(const struct region *region, uintptr_t address);

/* Copies from memory that may be unreadable; the number of bytes that could be read. */
size_t memory_read(uintptr_t from, void *to, size_t len);
/* False if any byte can't be written. */
bool memory_write(uintptr_t to, const void *from, size_t len);

#endif
