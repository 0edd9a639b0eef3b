/* SPDX-License-Identifier: Apache-2.0 */
#include "heap.h"
#include "callbacks.h"
#include "fault.h"
#include "ledger.h"

#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#ifndef MDCTS_PLAIN_HEAP
/* What glibc offers those who stand in front of its allocator. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);
#endif

static struct fault heap_fault = {.function = "malloc"};
static __thread bool drivers __attribute__((tls_model("initial-exec")));

/* Where the dynamic loader's code lies.  It calls malloc() for a thread's first touch of a
 * library's thread-local data and ends the process where it gets none: in C++ the first throw does
 * that. */
static struct {
    uintptr_t start, end;
} loader;

static int find_loader(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    (void)data;
    if (info->dlpi_addr != getauxval(AT_BASE))
        return 0;
    loader.start = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type == PT_LOAD && end > loader.end)
            loader.end = end;
    }
    return 1;
}

void heap_arm(uint32_t nth, bool from_then_on)
{
    if (loader.end == 0)
        dl_iterate_phdr(find_loader, NULL);
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
/* caller: what malloc() and its like will return to. */
static bool fails(const void *caller)
{
    uintptr_t from = (uintptr_t)caller;
    if (!drivers || (from >= loader.start && from < loader.end))
        return false;
    drivers = false;
    bool now = fault_now(&heap_fault);
    drivers = true;
    if (now)
        errno = ENOMEM;
    return now;
}

/* A block of pfnCspAlloc's that the driver hands to the C library: it is told and given back where
 * it belongs, since libc would end the process. */
static bool is_taken(void *block)
{
    if (!drivers || !ledger_spans((uintptr_t)block))
        return false;
    drivers = false;
    bool taken = callbacks_wrong_free(block);
    drivers = true;
    return taken;
}

void free(void *block)
{
    if (!is_taken(block))
        __libc_free(block);
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    if (is_taken(old))
        return NULL;
    return size > 0 && fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *data = NULL;
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    data = fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
    if (data == NULL)
        return ENOMEM;
    *out = data;
    return 0;
}
#endif
