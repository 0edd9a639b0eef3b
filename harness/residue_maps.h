/* SPDX-License-Identifier: Apache-2.0 */
/* The private memory that a process may read and write, mapping by mapping.
 *
 * The kernel is asked for these mappings only (PROCMAP_QUERY, Linux 6.11); an older one has all of
 * them in the text of /proc/PID/maps, which costs several times as much. */
#ifndef MDCTS_RESIDUE_MAPS_H
#define MDCTS_RESIDUE_MAPS_H

#include "base/arena.h"
#include "link.h"

#include <stdio.h>
#include <sys/types.h>

struct maps {
    int file;      /* -1: it can't be read */
    FILE *text;    /* the same, where the kernel can't be asked; else NULL */
    uint64_t from; /* addresses still to be asked for */
};

void maps_open(struct maps *maps, pid_t pid);
/* The same without asking, as with an older kernel. */
void maps_open_text(struct maps *maps, pid_t pid);
/* The next mapping, in order of addresses; false behind the last one. */
bool maps_next(struct maps *maps, struct host_range *out);
void maps_close(struct maps *maps);

/* What the mapping that holds an address is called: its file's name without folder, "[heap]",
 * "[stack]", or "".  A mapping without a name right behind a file's has the file's variables in it,
 * and so its name. */
const char *maps_name(pid_t pid, uint64_t address, struct arena *keep);

#endif
