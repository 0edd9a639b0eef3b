/* SPDX-License-Identifier: Apache-2.0 */
/* What runner and supervisor say to each other: one SOCK_SEQPACKET message each way per command.
 * Both ends are the same program; descriptors travel as SCM_RIGHTS beside the request. */
#ifndef MDCTS_SUPERVISOR_WIRE_H
#define MDCTS_SUPERVISOR_WIRE_H

#include "supervisor.h"

enum wire_command { WIRE_SPAWN, WIRE_SWEEP, WIRE_WAIT, WIRE_KILL, WIRE_STOP };

enum { WIRE_STRINGS_MAX = 128 * 1024, WIRE_WORDS_MAX = 1024 };

struct wire_request {
    enum wire_command command;
    enum spawn_kind kind;
    bool drop_user;
    uint32_t argc, envc, fd_count;
    int targets[SUPERVISOR_FDS_MAX];
    pid_t pid;
    int timeout_ms;
    size_t strings_len;
    char strings[WIRE_STRINGS_MAX]; /* argv, then environment, each with its NUL */
};

struct wire_reply {
    pid_t pid;      /* spawn; -1: error says why */
    int error;      /* errno of a failed spawn */
    int status;     /* wait */
    bool done;      /* wait: it ended; sweep: nothing is left */
    uint32_t count; /* sweep: killed */
};

/* Send or receive one message with descriptors.  False at the end of the channel.  receive sets
 * *fd_count to what came; the receiver owns those. */
bool wire_send(int channel, const void *message, size_t len, const int *fds, size_t fd_count);
bool wire_receive(int channel, void *message, size_t *len, int *fds, size_t *fd_count);

/* The supervisor's life, from just after the fork to its _exit. */
_Noreturn void supervisor_serve(const struct supervisor *s, int channel, int lock);

#endif
