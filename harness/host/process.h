/* SPDX-License-Identifier: Apache-2.0 */
/* What the server, and each host forked from it, do to their process before a driver may come in.
 * What a fork inherits is done once, by the server. */
#ifndef MDCTS_HOST_PROCESS_H
#define MDCTS_HOST_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* The server: limits, no core file, /dev/null as stdin. */
bool process_prepare(void);

/* A host: own session, death with the parent, out and err as stdout and stderr, nothing else open.
 * Takes all three descriptors; returns the channel's new number. */
int process_enter(pid_t parent, int channel, int out, int err);

/* Whether the host's end will go unnoticed: no child lives, and no descriptor is open beside ours
 * whose closing somebody (a PC/SC daemon, say) would act upon. */
bool process_is_quiet(void);

#endif
