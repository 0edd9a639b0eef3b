/* SPDX-License-Identifier: Apache-2.0 */
#include "residue_maps.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINE_BYTES 4608 /* addresses, and a path of PATH_MAX bytes */
#define NAME_BYTES 256

/* As in <linux/fs.h> of Linux 6.11, which Debian 12 does not have. */
struct query {
    uint64_t size, flags, address;
    uint64_t start, end, access, page_size, offset, inode;
    uint32_t major, minor, name_size, id_size;
    uint64_t name, id;
};
#define QUERY          _IOWR(0x66, 17, struct query)
#define QUERY_READABLE 0x01u
#define QUERY_WRITABLE 0x02u
#define QUERY_SHARED   0x08u
#define QUERY_OR_NEXT  0x10u

_Static_assert(sizeof(struct query) == 104, "the kernel's size");

static bool ask(struct maps *maps, struct query *query)
{
    *query = (struct query){.size = sizeof *query,
                            .flags = QUERY_READABLE | QUERY_WRITABLE | QUERY_OR_NEXT,
                            .address = maps->from};
    return ioctl(maps->file, QUERY, query) == 0;
}

static int open_maps(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

void maps_open_text(struct maps *maps, pid_t pid)
{
    *maps = (struct maps){.file = open_maps(pid)};
    maps->text = maps->file < 0 ? NULL : fdopen(maps->file, "r");
    if (maps->text == NULL)
        maps_close(maps);
}

void maps_open(struct maps *maps, pid_t pid)
{
    struct query query;
    *maps = (struct maps){.file = open_maps(pid)};
    if (maps->file < 0 || ask(maps, &query))
        return;
    maps_close(maps);
    maps_open_text(maps, pid);
}

void maps_close(struct maps *maps)
{
    if (maps->text != NULL)
        fclose(maps->text);
    else if (maps->file >= 0)
        close(maps->file);
    maps->file = -1;
}

/* "start-end rwxp offset device inode   path"; false if it is something else. */
static bool read_line(FILE *file, struct host_range *range, bool *wanted, char name[NAME_BYTES])
{
    char line[LINE_BYTES], *at = line;
    if (fgets(line, sizeof line, file) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    range->start = strtoull(at, &at, 16);
    at += *at == '-';
    range->end = strtoull(at, &at, 16);
    *wanted = strncmp(at, " rw-p ", 6) == 0;
    const char *path = strpbrk(at, "/[");
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    snprintf(name, NAME_BYTES, "%s", slash != NULL ? slash + 1 : path != NULL ? path : "");
    return true;
}

static bool next_by_query(struct maps *maps, struct host_range *out)
{
    struct query query;
    do {
        if (!ask(maps, &query))
            return false;
        maps->from = query.end;
    } while ((query.access & QUERY_SHARED) != 0);
    *out = (struct host_range){query.start, query.end};
    return true;
}

bool maps_next(struct maps *maps, struct host_range *out)
{
    bool wanted = false;
    char name[NAME_BYTES];
    if (maps->file >= 0 && maps->text == NULL)
        return next_by_query(maps, out);
    while (!wanted)
        if (maps->file < 0 || !read_line(maps->text, out, &wanted, name))
            return false;
    return true;
}

const char *maps_name(pid_t pid, uint64_t address, struct arena *keep)
{
    struct host_range range = {0};
    uint64_t end = 0;
    bool wanted;
    char line_name[NAME_BYTES], name[NAME_BYTES] = "";
    struct maps maps;
    maps_open_text(&maps, pid);
    while (maps.text != NULL && range.end <= address &&
           read_line(maps.text, &range, &wanted, line_name)) {
        if (line_name[0] != '\0' || range.start != end || name[0] == '[')
            memcpy(name, line_name, sizeof name);
        end = range.end;
    }
    maps_close(&maps);
    return arena_printf(keep, "%s", address >= range.start && address < range.end ? name : "");
}
