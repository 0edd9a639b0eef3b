/* SPDX-License-Identifier: Apache-2.0 */
/* What a process has written to its memory, read from outside.
 *
 * Only pages that are present, anonymous and mapped by no other process are read: a fork's
 * untouched pages are its parent's, and what a file holds was not written by anybody.  Inaccessible
 * pages are left out. */
#ifndef MDCTS_RESIDUE_MEMORY_H
#define MDCTS_RESIDUE_MEMORY_H

#include "link.h"

#include <sys/types.h>

#define RESIDUE_BYTES_MAX ((size_t)64 << 20) /* of one process; what is behind is not read */
#define RESIDUE_OVERLAP   128u               /* of two pieces of one mapping */

struct memory_piece {
    struct bytes bytes;
    uint64_t address; /* a multiple of 8 */
};

/* Hands out all pieces but those in the ranges left out.  False if the kernel forbids it or
 * the process has ended. */
bool memory_each(pid_t pid, const struct host_range *left_out, size_t count,
                 void (*visit)(void *data, const struct memory_piece *piece), void *data);

#endif
