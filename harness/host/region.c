/* SPDX-License-Identifier: Apache-2.0 */
#include "region.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define WINDOW_BYTES ((size_t)1 << 20)
#define PLACES       12 /* most cases take no more; what they leave is searched for secrets */
#define PLACE_BYTES  ((size_t)3 * REGION_PAGE)

/* Made ahead: each an accessible page between its own guards. */
static struct {
    uint8_t *first;
    _Atomic size_t taken;
} places;

static size_t whole_pages(size_t bytes)
{
    return (bytes + REGION_PAGE - 1) / REGION_PAGE * REGION_PAGE;
}

static uint8_t *reserve(size_t len)
{
    void *map = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return map == MAP_FAILED ? NULL : map;
}

/* Inaccessible address space.  Small pieces are cut from a large one, which spares a call each. */
static uint8_t *take_addresses(size_t len)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint8_t *window;
    static size_t left;
    if (len > WINDOW_BYTES / 4)
        return reserve(len);
    pthread_mutex_lock(&lock);
    if (left < len) {
        window = reserve(WINDOW_BYTES);
        left = window == NULL ? 0 : WINDOW_BYTES;
    }
    uint8_t *taken = left < len ? NULL : window;
    if (taken != NULL) {
        window += len;
        left -= len;
    }
    pthread_mutex_unlock(&lock);
    return taken;
}

void regions_prepare(void)
{
    uint8_t *first = reserve(PLACES * PLACE_BYTES);
    for (size_t i = 0; first != NULL && i < PLACES; i++)
        if (mprotect(first + i * PLACE_BYTES + REGION_PAGE, REGION_PAGE, PROT_READ | PROT_WRITE) !=
            0)
            return;
    places.first = first;
    places.taken = 0;
}

void regions_warm(void)
{
    for (size_t i = 0; places.first != NULL && i < PLACES; i++)
        *(volatile uint8_t *)(places.first + i * PLACE_BYTES + REGION_PAGE) = 0;
}

static uint8_t *take_place(size_t pages_len)
{
    if (pages_len != REGION_PAGE || places.first == NULL || places.taken >= PLACES)
        return NULL;
    size_t place = places.taken++;
    return place < PLACES ? places.first + place * PLACE_BYTES : NULL;
}

static struct region map_pages(size_t pages_len)
{
    struct region region = {.map_len = pages_len + 2 * REGION_PAGE, .pages_len = pages_len};
    region.map = take_place(pages_len);
    bool open = region.map != NULL;
    if (!open)
        region.map = take_addresses(region.map_len);
    if (region.map == NULL)
        return (struct region){0};
    region.pages = region.map + REGION_PAGE;
    if (!open && mprotect(region.pages, pages_len, PROT_READ | PROT_WRITE) != 0)
        region_free(&region);
    return region;
}

/* Everything but the data becomes canary. */
static void place(struct region *region, size_t offset, size_t size)
{
    region->data = region->pages + offset;
    region->size = size;
    memset(region->pages, REGION_CANARY, offset);
    memset(region->data + size, REGION_CANARY, region->pages_len - offset - size);
}

struct region region_new(size_t size, size_t room, bool at_end)
{
    if (size > REGION_BYTES_MAX || room > REGION_PAGE)
        return (struct region){0};
    size_t pages_len = whole_pages(size + room > 0 ? size + room : 1);
    struct region region = map_pages(pages_len);
    if (region.map != NULL)
        place(&region, at_end ? pages_len - size : 0, size);
    return region;
}

struct region region_new_inside(size_t size, size_t offset)
{
    if (offset + size > REGION_PAGE)
        return (struct region){0};
    struct region region = map_pages(REGION_PAGE);
    if (region.map != NULL)
        place(&region, offset, size);
    return region;
}

void region_read_only(const struct region *region)
{
    mprotect(region->pages, region->pages_len, PROT_READ);
}

void region_close(const struct region *region)
{
    /* Mapping anew drops the contents and closes the pages in one call. */
    mmap(region->pages, region->pages_len, PROT_NONE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

bool region_join(struct region *region, const struct region *next)
{
    if (next->map == NULL || next->map != region->map + region->map_len)
        return false;
    region->map_len += next->map_len;
    region->pages_len = (size_t)(next->pages + next->pages_len - region->pages);
    return true;
}

bool region_is_canary(const uint8_t *from, size_t len)
{
    /* Each byte equals the one behind it: the library's comparison is many times a loop's. */
    return len == 0 || (from[0] == REGION_CANARY && memcmp(from, from + 1, len - 1) == 0);
}

void region_free(struct region *region)
{
    if (region->map != NULL)
        munmap(region->map, region->map_len);
    *region = (struct region){0};
}

bool region_holds(const struct region *region, uintptr_t address)
{
    return address >= (uintptr_t)region->map && address - (uintptr_t)region->map < region->map_len;
}

/* Through the kernel, which answers EFAULT where a plain access would raise a signal. */
size_t memory_read(uintptr_t from, void *to, size_t len)
{
    size_t done = 0;
    while (done < len) {
        /* Page by page, so that a hole behind readable bytes costs none of them. */
        size_t part = REGION_PAGE - (from + done) % REGION_PAGE;
        if (part > len - done)
            part = len - done;
        struct iovec local = {(uint8_t *)to + done, part};
        struct iovec remote = {(void *)(from + done), part}; // NOLINT: addresses are numbers here
        ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

bool memory_write(uintptr_t to, const void *from, size_t len)
{
    struct iovec local = {(void *)(uintptr_t)from, len};
    struct iovec remote = {(void *)to, len}; // NOLINT: addresses are numbers here
    return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len;
}
