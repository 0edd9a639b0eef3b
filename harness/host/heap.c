/* SPDX-License-Identifier: Apache-2.0 */
#include "heap.h"
#include "fault.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef MDCTS_PLAIN_HEAP
/* What glibc offers those who stand in front of its allocator. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
#endif

static struct fault heap_fault = {.function = "malloc"};
static __thread bool drivers __attribute__((tls_model("initial-exec")));

void heap_arm(uint32_t nth, bool from_then_on)
{
    fault_arm(&heap_fault, nth, from_then_on);
}

uint32_t heap_uses(void)
{
    return heap_fault.uses;
}

bool heap_is_drivers(bool now)
{
    bool before = drivers;
    drivers = now;
    return before;
}

#ifndef MDCTS_PLAIN_HEAP
static bool fails(void)
{
    if (!drivers)
        return false;
    drivers = false;
    bool now = fault_now(&heap_fault);
    drivers = true;
    if (now)
        errno = ENOMEM;
    return now;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return size > 0 && fails() ? NULL : __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *data = NULL;
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    data = memalign(alignment, size);
    if (data == NULL)
        return ENOMEM;
    *out = data;
    return 0;
}
#endif
