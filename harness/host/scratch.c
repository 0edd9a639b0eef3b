/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define KEPT_BYTES (256u << 10) /* above that the kernel takes the pages back */

static uint8_t *memory;
static size_t used;

bool scratch_prepare(void)
{
    void *map = mmap(NULL, SCRATCH_BYTES_MAX, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    memory = map == MAP_FAILED ? NULL : map;
    return memory != NULL;
}

void scratch_warm(void)
{
    *(volatile uint8_t *)memory = 0;
}

void *scratch_take(size_t size)
{
    if (size > SCRATCH_BYTES_MAX - used)
        return NULL;
    void *taken = memory + used;
    size_t rounded = (size + 15) / 16 * 16;
    used += rounded < SCRATCH_BYTES_MAX - used ? rounded : SCRATCH_BYTES_MAX - used;
    return taken;
}

struct wire_range scratch_own(void)
{
    return (struct wire_range){(uintptr_t)memory, (uintptr_t)memory + SCRATCH_BYTES_MAX};
}

void scratch_reset(void)
{
    if (used > KEPT_BYTES)
        madvise(memory, used, MADV_DONTNEED);
    else if (used > 0)
        memset(memory, 0, used);
    used = 0;
}
