/* SPDX-License-Identifier: Apache-2.0 */
#include "residue_memory.h"
#include "residue_maps.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE              4096u
#define MAPPING_BYTES_MAX (UINT64_C(1) << 30) /* of addresses; a larger mapping is left out */
#define SPAN_BYTES_MAX    (UINT64_C(8) << 30) /* of all mappings that are looked at */
#define PIECE_BYTES       ((size_t)1 << 20)
#define PIECES            64u
#define TOGETHER_BYTES    ((size_t)64 << 10)  /* pieces that are read at once: what a cache holds */
#define ENTRIES           128u                /* of the pagemap, at once */
#define PAGE_PRESENT      (UINT64_C(1) << 63) /* Documentation/admin-guide/mm/pagemap.rst */
#define PAGE_OF_FILE      (UINT64_C(1) << 61)
#define PAGE_OWN          (UINT64_C(1) << 56)

struct reading {
    pid_t pid;
    int pagemap;
    const struct host_range *left_out;
    size_t left_out_count, total;
    void (*visit)(void *data, const struct memory_piece *piece);
    void *data;
    uint64_t span; /* of the mappings so far */
    bool forbidden;
    uint64_t entries[ENTRIES]; /* of the pagemap */
    uint64_t entries_from;     /* the address of the first one's page */
    size_t entry_count;
    struct iovec pieces[PIECES]; /* to be read together */
    size_t piece_count, piece_bytes;
};

/* What can't be read any more ends the answer; the pieces behind it are asked for again. */
static size_t read_pieces(struct reading *r, size_t first)
{
    static uint8_t buffer[PIECE_BYTES];
    struct iovec to = {buffer, sizeof buffer};
    ssize_t got = process_vm_readv(r->pid, &to, 1, r->pieces + first, r->piece_count - first, 0);
    size_t at = 0;
    while (got > 0 && first < r->piece_count && at < (size_t)got) {
        size_t left = (size_t)got - at, len = r->pieces[first].iov_len;
        struct memory_piece piece = {{buffer + at, len < left ? len : left},
                                     (uintptr_t)r->pieces[first].iov_base};
        r->visit(r->data, &piece);
        at += piece.bytes.len;
        first++;
    }
    r->total += at;
    return at == 0 ? first + 1 : first;
}

static void flush(struct reading *r)
{
    for (size_t first = 0; first < r->piece_count;)
        first = read_pieces(r, first);
    r->piece_count = r->piece_bytes = 0;
}

static void add_piece(struct reading *r, uint64_t start, size_t len)
{
    if (r->piece_count == PIECES || r->piece_bytes + len > TOGETHER_BYTES)
        flush(r);
    r->pieces[r->piece_count++] = (struct iovec){(void *)(uintptr_t)start, len}; // NOLINT: a number
    r->piece_bytes += len;
}

/* A run of pages; neighbours overlap, so that nothing lies between two pieces. */
static void read_run(struct reading *r, uint64_t start, uint64_t end)
{
    while (start < end && r->total < RESIDUE_BYTES_MAX) {
        uint64_t len = end - start < PIECE_BYTES ? end - start : PIECE_BYTES;
        add_piece(r, start, (size_t)len);
        start += len == end - start ? len : len - RESIDUE_OVERLAP;
    }
}

static bool is_left_out(const struct reading *r, uint64_t page)
{
    for (size_t i = 0; i < r->left_out_count; i++)
        if (page >= r->left_out[i].start && page < r->left_out[i].end)
            return true;
    return false;
}

/* One reading of the pagemap serves neighbouring mappings, too. */
static uint64_t page_entry(struct reading *r, uint64_t page)
{
    if (page < r->entries_from || page >= r->entries_from + r->entry_count * PAGE) {
        ssize_t got = pread(r->pagemap, r->entries, sizeof r->entries,
                            (off_t)(page / PAGE * sizeof *r->entries));
        r->forbidden = r->forbidden || got < 0;
        r->entries_from = page;
        r->entry_count = got < 0 ? 0 : (size_t)got / sizeof *r->entries;
    }
    return r->entry_count == 0 ? 0 : r->entries[(page - r->entries_from) / PAGE];
}

static void read_mapping(struct reading *r, struct host_range mapping)
{
    uint64_t run = 0;
    for (uint64_t at = mapping.start; at < mapping.end && !r->forbidden; at += PAGE) {
        uint64_t entry = page_entry(r, at);
        bool own = (entry & (PAGE_PRESENT | PAGE_OF_FILE | PAGE_OWN)) == (PAGE_PRESENT | PAGE_OWN);
        own = own && !is_left_out(r, at);
        if (own && run == 0)
            run = at;
        else if (!own && run != 0)
            read_run(r, run, at), run = 0;
    }
    if (run != 0)
        read_run(r, run, mapping.end);
}

static void take_mapping(struct reading *r, struct host_range mapping)
{
    uint64_t size = mapping.end - mapping.start;
    /* A sanitizer's shadow has terabytes of addresses, and nothing of interest. */
    if (is_left_out(r, mapping.start) || size > MAPPING_BYTES_MAX ||
        size > SPAN_BYTES_MAX - r->span)
        return;
    r->span += size;
    read_mapping(r, mapping);
}

bool memory_each(pid_t pid, const struct host_range *left_out, size_t count,
                 void (*visit)(void *data, const struct memory_piece *piece), void *data)
{
    struct reading r = {.pid = pid, .left_out = left_out, .left_out_count = count};
    struct maps maps;
    struct host_range mapping;
    char path[64];
    r.visit = visit;
    r.data = data;
    snprintf(path, sizeof path, "/proc/%d/pagemap", (int)pid);
    r.pagemap = open(path, O_RDONLY | O_CLOEXEC);
    maps_open(&maps, pid);
    while (r.pagemap >= 0 && maps_next(&maps, &mapping))
        take_mapping(&r, mapping);
    flush(&r);
    maps_close(&maps);
    if (r.pagemap >= 0)
        close(r.pagemap);
    return !r.forbidden && r.total > 0;
}
