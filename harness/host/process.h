/* SPDX-License-Identifier: Apache-2.0 */
/* What a fresh host does to its process before a driver may come in. */
#ifndef MDCTS_HOST_PROCESS_H
#define MDCTS_HOST_PROCESS_H

#include <sys/types.h>

/* Own session, death with the parent, limits, no core file, /dev/null as stdin, out and err as
 * stdout and stderr, nothing else open.  Takes all three descriptors; returns the channel's new
 * number. */
int process_enter(pid_t parent, int channel, int out, int err);

#endif
