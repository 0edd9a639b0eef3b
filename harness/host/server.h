/* SPDX-License-Identifier: Apache-2.0 */
/* The fork server: each SERVER_START message makes one host.
 *
 * One thread, no driver, few pages: a fork of it is cheap.  It tells every host's wait status, and
 * before it collects a host it ends what is left of the host's process group. */
#ifndef MDCTS_HOST_SERVER_H
#define MDCTS_HOST_SERVER_H

#include <stdbool.h>

/* A host's life: called in the child with the channel's descriptor; returns the exit code.  Ahead:
 * nobody waits for this host yet. */
typedef int server_life(int channel, bool ahead);

/* Serves until the other side closes, then kills its hosts. */
int server_run(int socket, server_life *run);

#endif
