/* SPDX-License-Identifier: Apache-2.0 */
#include "residue_memory.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE              4096u
#define LINE_BYTES        4608                /* addresses, and a path of PATH_MAX bytes */
#define MAPPING_BYTES_MAX (UINT64_C(1) << 30) /* of addresses; a larger mapping is left out */
#define SPAN_BYTES_MAX    (UINT64_C(8) << 30) /* of all mappings that are looked at */
#define PIECE_BYTES       ((size_t)1 << 20)
#define ENTRIES           512u                /* of the pagemap, at once */
#define PAGE_PRESENT      (UINT64_C(1) << 63) /* Documentation/admin-guide/mm/pagemap.rst */
#define PAGE_OF_FILE      (UINT64_C(1) << 61)
#define PAGE_OWN          (UINT64_C(1) << 56)
#define NAME_BYTES        256

struct reading {
    pid_t pid;
    int pagemap;
    const struct host_range *left_out;
    size_t left_out_count, total;
    void (*visit)(void *data, const struct memory_piece *piece);
    void *data;
    char name[NAME_BYTES]; /* of the mapping */
    uint64_t end;          /* of the mapping before */
    uint64_t span;         /* of the mappings so far */
    bool forbidden;
};

static void read_piece(struct reading *r, uint64_t start, size_t len)
{
    static uint8_t buffer[PIECE_BYTES];
    struct iovec to = {buffer, len}, from = {(void *)(uintptr_t)start, len}; // NOLINT: a number
    ssize_t got = process_vm_readv(r->pid, &to, 1, &from, 1, 0);
    if (got <= 0)
        return;
    r->total += (size_t)got;
    struct memory_piece piece = {{buffer, (size_t)got}, start, r->name};
    r->visit(r->data, &piece);
}

/* A run of pages; neighbours overlap, so that nothing lies between two pieces. */
static void read_run(struct reading *r, uint64_t start, uint64_t end)
{
    while (start < end && r->total < RESIDUE_BYTES_MAX) {
        uint64_t len = end - start < PIECE_BYTES ? end - start : PIECE_BYTES;
        read_piece(r, start, (size_t)len);
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

static void read_mapping(struct reading *r, uint64_t start, uint64_t end)
{
    uint64_t entries[ENTRIES], run = 0;
    for (uint64_t at = start; at < end && !r->forbidden;) {
        size_t count = (size_t)((end - at) / PAGE < ENTRIES ? (end - at) / PAGE : ENTRIES);
        ssize_t got = pread(r->pagemap, entries, count * sizeof *entries,
                            (off_t)(at / PAGE * sizeof *entries));
        r->forbidden = got < 0;
        if (got <= 0)
            break;
        for (size_t i = 0; i < (size_t)got / sizeof *entries; i++, at += PAGE) {
            bool own = (entries[i] & (PAGE_PRESENT | PAGE_OF_FILE | PAGE_OWN)) ==
                           (PAGE_PRESENT | PAGE_OWN) &&
                       !is_left_out(r, at);
            if (own && run == 0)
                run = at;
            else if (!own && run != 0)
                read_run(r, run, at), run = 0;
        }
    }
    if (run != 0)
        read_run(r, run, end);
}

/* Objects of ours that the driver shares the process with. */
static bool is_ours(const char *name)
{
    return strncmp(name, "mdcts-host", 10) == 0 || strncmp(name, "libpcsclite", 11) == 0;
}

/* A mapping without a name that lies right behind a file's has the file's variables in it. */
static void take_name(struct reading *r, uint64_t start, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (*path == '\0' && start == r->end && r->name[0] != '[')
        return;
    snprintf(r->name, sizeof r->name, "%s", slash != NULL ? slash + 1 : path);
}

static void take_line(struct reading *r, char *line)
{
    uint64_t start = 0, end = 0;
    char access[5] = "";
    int at = 0;
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %*s %n", &start, &end, access, &at) != 3)
        return;
    take_name(r, start, at > 0 ? line + at : "");
    r->end = end;
    if (strcmp(access, "rw-p") != 0 || is_ours(r->name) || is_left_out(r, start))
        return;
    /* A sanitizer's shadow has terabytes of addresses, and nothing of interest. */
    if (end - start > MAPPING_BYTES_MAX || end - start > SPAN_BYTES_MAX - r->span)
        return;
    r->span += end - start;
    read_mapping(r, start, end);
}

bool memory_each(pid_t pid, const struct host_range *left_out, size_t count,
                 void (*visit)(void *data, const struct memory_piece *piece), void *data)
{
    struct reading r = {.pid = pid, .left_out = left_out, .left_out_count = count};
    char path[64], line[LINE_BYTES];
    r.visit = visit;
    r.data = data;
    snprintf(path, sizeof path, "/proc/%d/pagemap", (int)pid);
    r.pagemap = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    while (maps != NULL && r.pagemap >= 0 && fgets(line, sizeof line, maps) != NULL)
        take_line(&r, line);
    bool ok = maps != NULL && r.pagemap >= 0 && !r.forbidden;
    if (maps != NULL)
        fclose(maps);
    if (r.pagemap >= 0)
        close(r.pagemap);
    return ok && r.total > 0;
}
