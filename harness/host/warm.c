/* SPDX-License-Identifier: Apache-2.0 */
#include "warm.h"
#include "channel.h"
#include "frames.h"
#include "region.h"
#include "scratch.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum {
    STACK_BYTES = 32 * 1024, /* what a call of ours poisons, and what it needs itself */
    DATA_BYTES = 288 * 1024  /* at either end of an object's variables: our ledger lies between */
};

/* The whole pages from start, at most size bytes; advice that the kernel doesn't know does nothing.
 */
static void touch(uintptr_t start, size_t size, int advice)
{
    uintptr_t first = start / REGION_PAGE * REGION_PAGE;
    madvise((void *)first, start + size - first, advice); // NOLINT: addresses are numbers here
}

/* Variables lie behind what the loader made read-only. */
static size_t read_only_bytes(const struct dl_phdr_info *object, const ElfW(Phdr) * data)
{
    for (int i = 0; i < object->dlpi_phnum; i++)
        if (object->dlpi_phdr[i].p_type == PT_GNU_RELRO &&
            object->dlpi_phdr[i].p_vaddr == data->p_vaddr)
            return object->dlpi_phdr[i].p_memsz;
    return 0;
}

static void touch_data(const struct dl_phdr_info *object, const ElfW(Phdr) * data)
{
    size_t skipped = read_only_bytes(object, data);
    size_t size = data->p_memsz > skipped ? data->p_memsz - skipped : 0;
    uintptr_t start = object->dlpi_addr + data->p_vaddr + skipped;
    if (size <= 2 * DATA_BYTES) {
        touch(start, size, MADV_POPULATE_WRITE);
        return;
    }
    touch(start, DATA_BYTES, MADV_POPULATE_WRITE);
    touch(start + size - DATA_BYTES, DATA_BYTES, MADV_POPULATE_WRITE);
}

/* Variables of libraries stay shared with the server until somebody writes to them: most are never
 * written, and what is a process' own is searched for secrets when its case ends. */
static int touch_object(struct dl_phdr_info *object, size_t size, void *data)
{
    (void)size, (void)data;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD)
            continue;
        bool writable = (segment->p_flags & PF_W) != 0;
        if (writable && *object->dlpi_name == '\0')
            touch_data(object, segment);
        else if (!writable)
            touch(object->dlpi_addr + segment->p_vaddr, segment->p_memsz, MADV_POPULATE_READ);
    }
    return 0;
}

static __attribute__((noinline)) void touch_stack(void)
{
    uint8_t below[STACK_BYTES];
    memset(below, 0, sizeof below);
    __asm__ volatile("" : : "r"(below) : "memory"); /* it is looked at */
}

void warm_up(void)
{
    dl_iterate_phdr(touch_object, NULL);
    touch_stack();
    regions_warm();
    channel_warm();
    frames_warm();
    scratch_warm();
}
