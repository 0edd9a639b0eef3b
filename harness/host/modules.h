/* SPDX-License-Identifier: Apache-2.0 */
/* The files mapped into this process, from /proc/self/maps, read without allocating. */
#ifndef MDCTS_HOST_MODULES_H
#define MDCTS_HOST_MODULES_H

#include "protocol.h"

/* Calls visit() for each mapping of a file, in order of address, until it returns false.  path is
 * valid during the call only. */
void modules_each(bool (*visit)(void *data, uintptr_t start, uintptr_t end, uint64_t offset,
                                const char *path),
                  void *data);

/* Where the variables are of this program and of the PC/SC library, in the order of loading; at
 * most max rows.  For a process that has loaded nothing else yet.  Returns how many. */
size_t modules_own(struct wire_range *out, size_t max);

/* Puts the file and the offset in it that an address of code lies in, if any.  For signal handlers.
 */
void modules_put_location(struct frame_writer *event, uintptr_t address);

#endif
