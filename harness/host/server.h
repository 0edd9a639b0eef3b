/* SPDX-License-Identifier: Apache-2.0 */
/* The fork server: each SERVER_START message makes one host.
 *
 * One thread, no driver, few pages: a fork of it is cheap.  It tells every host's wait status, and
 * before it collects a host it ends what is left of the host's process group. */
#ifndef MDCTS_HOST_SERVER_H
#define MDCTS_HOST_SERVER_H

/* Serves until the other side closes, then kills its hosts.  run(channel) is a host's life: called
 * in the child with the channel's descriptor, its return value is the exit code. */
int server_run(int socket, int (*run)(int channel));

#endif
