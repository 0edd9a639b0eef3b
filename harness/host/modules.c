/* SPDX-License-Identifier: Apache-2.0 */
#include "modules.h"
#include "region.h"

#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 4608 /* addresses, and a path of PATH_MAX bytes */

static uint64_t read_hex(const char **at)
{
    uint64_t value = 0;
    for (;; (*at)++) {
        char c = **at;
        if (c >= '0' && c <= '9')
            value = value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        else
            return value;
    }
}

/* "start-end perms offset device inode   path"; false to stop. */
static bool visit_line(const char *line,
                       bool (*visit)(void *data, uintptr_t start, uintptr_t end, uint64_t offset,
                                     const char *path),
                       void *data)
{
    const char *path = strchr(line, '/');
    uintptr_t start = (uintptr_t)read_hex(&line);
    line += *line == '-';
    uintptr_t end = (uintptr_t)read_hex(&line);
    const char *offset_at = *line == ' ' ? strchr(line + 1, ' ') : NULL;
    if (path == NULL || offset_at == NULL)
        return true;
    offset_at++;
    return visit(data, start, end, read_hex(&offset_at), path);
}

void modules_each(bool (*visit)(void *data, uintptr_t start, uintptr_t end, uint64_t offset,
                                const char *path),
                  void *data)
{
    char line[LINE_BYTES];
    size_t len = 0;
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    ssize_t got;
    bool more = file >= 0;
    while (more && (got = read(file, line + len, sizeof line - 1 - len)) > 0) {
        len += (size_t)got;
        char *end;
        while (more && (end = memchr(line, '\n', len)) != NULL) {
            *end = '\0';
            more = visit_line(line, visit, data);
            len -= (size_t)(end + 1 - line);
            memmove(line, end + 1, len);
        }
        if (len >= sizeof line - 1)
            len = 0;
    }
    if (file >= 0)
        close(file);
}

struct search {
    struct frame_writer *event;
    uintptr_t address;
};

static bool put_if_inside(void *data, uintptr_t start, uintptr_t end, uint64_t offset,
                          const char *path)
{
    const struct search *search = data;
    if (search->address < start || search->address >= end)
        return true;
    const char *name = strrchr(path, '/') + 1;
    frame_put_text(search->event, EV_MODULE, name);
    frame_put_uint(search->event, EV_MODULE_OFFSET, search->address - start + offset);
    return false;
}

void modules_put_location(struct frame_writer *event, uintptr_t address)
{
    struct search search = {event, address};
    modules_each(put_if_inside, &search);
}

/* ---- our own ---- */

struct own {
    struct wire_range *rows;
    size_t count, max;
};

static bool is_ours(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    return *name == '\0' || strncmp(name, "libpcsclite", strlen("libpcsclite")) == 0;
}

static int add_own(struct dl_phdr_info *info, size_t size, void *data)
{
    struct own *own = data;
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum && own->count < own->max && is_ours(info->dlpi_name);
         i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + part->p_vaddr, end = start + part->p_memsz;
        if (part->p_type == PT_LOAD && (part->p_flags & PF_W) != 0)
            own->rows[own->count++] =
                (struct wire_range){start / REGION_PAGE * REGION_PAGE,
                                    (end + REGION_PAGE - 1) / REGION_PAGE * REGION_PAGE};
    }
    return 0;
}

size_t modules_own(struct wire_range *out, size_t max)
{
    struct own own = {out, 0, max};
    dl_iterate_phdr(add_own, &own);
    return own.count;
}
