/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor.h"

#include "supervisor_folder.h"
#include "supervisor_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static struct wire_request request_buffer;

bool wire_send(int channel, const void *message, size_t len, const int *fds, size_t fd_count)
{
    char control[CMSG_SPACE(sizeof(int) * SUPERVISOR_FDS_MAX)] = {0};
    /* sendmsg() doesn't write through iov_base; recvmsg() shares the type. */
    struct iovec part = {(void *)(uintptr_t)message, len};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd_count > 0) {
        m.msg_control = control;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
    }
    ssize_t n;
    do
        n = sendmsg(channel, &m, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)len;
}

bool wire_receive(int channel, void *message, size_t *len, int *fds, size_t *fd_count)
{
    char control[CMSG_SPACE(sizeof(int) * SUPERVISOR_FDS_MAX)];
    struct iovec part = {message, *len};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof control};
    ssize_t n;
    do
        n = recvmsg(channel, &m, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    *fd_count = 0;
    if (n <= 0)
        return false;
    *len = (size_t)n;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        *fd_count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(c), *fd_count * sizeof(int));
    }
    return true;
}

#define CHILDREN_READ_MAX 96 /* more of them are nobody's doing but a driver's */

/* The kernel's list of a process' children, to be read again after each case; -1 if there is none.
 */
static int open_children(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

bool supervisor_start(struct supervisor *s, char why[SUPERVISOR_WHY_MAX])
{
    int ends[2];
    *s = (struct supervisor){.fd = -1, .children = -1};
    folder_remove_stale();
    int lock = folder_make(s, why);
    if (lock < 0)
        return false;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
        fflush(NULL);
        s->pid = fork();
        if (s->pid == 0)
            supervisor_serve(s, ends[1], lock);
        close(ends[1]);
        close(lock); /* the supervisor's copy goes on holding it */
        if (s->pid > 0) {
            s->fd = ends[0];
            s->children = open_children(s->pid);
            return true;
        }
        close(ends[0]);
    }
    snprintf(why, SUPERVISOR_WHY_MAX, "cannot start the supervisor: %s", strerror(errno));
    folder_remove(s->folder);
    return false;
}

/* Bytes of the request that are in use travel, no more. */
static bool exchange(struct supervisor *s, const int *fds, struct wire_reply *reply, int *pidfd)
{
    int got[SUPERVISOR_FDS_MAX];
    size_t got_count, len = sizeof *reply;
    size_t used = offsetof(struct wire_request, strings) + request_buffer.strings_len;
    if (s->fd < 0 || !wire_send(s->fd, &request_buffer, used, fds, request_buffer.fd_count) ||
        !wire_receive(s->fd, reply, &len, got, &got_count) || len != sizeof *reply)
        return false;
    if (pidfd != NULL)
        *pidfd = got_count > 0 ? got[0] : -1;
    for (size_t i = pidfd != NULL ? 1 : 0; i < got_count; i++)
        close(got[i]);
    return true;
}

static void request_new(enum wire_command command)
{
    memset(&request_buffer, 0, offsetof(struct wire_request, strings));
    request_buffer.command = command;
}

static bool add_words(const char *const *words, uint32_t *count)
{
    struct wire_request *r = &request_buffer;
    for (; *words != NULL; words++, ++*count) {
        size_t len = strlen(*words) + 1;
        if (len > WIRE_STRINGS_MAX - r->strings_len || r->argc + r->envc >= WIRE_WORDS_MAX)
            return false;
        memcpy(r->strings + r->strings_len, *words, len);
        r->strings_len += len;
    }
    return true;
}

pid_t supervisor_spawn(struct supervisor *s, const struct spawn_request *wanted, int *pidfd,
                       char why[SUPERVISOR_WHY_MAX])
{
    struct wire_request *r = &request_buffer;
    struct wire_reply reply;
    request_new(WIRE_SPAWN);
    r->kind = wanted->kind;
    r->drop_user = wanted->drop_user;
    r->fd_count = (uint32_t)wanted->fd_count;
    memcpy(r->targets, wanted->targets, sizeof r->targets);
    if (!add_words(wanted->argv, &r->argc) || !add_words(wanted->env, &r->envc)) {
        snprintf(why, SUPERVISOR_WHY_MAX, "arguments and environment of %s exceed %d bytes",
                 wanted->argv[0], WIRE_STRINGS_MAX);
        return -1;
    }
    if (!exchange(s, wanted->fds, &reply, pidfd)) {
        snprintf(why, SUPERVISOR_WHY_MAX, "the supervisor is gone");
        return -1;
    }
    if (reply.pid < 0)
        snprintf(why, SUPERVISOR_WHY_MAX, "cannot start %s: %s", wanted->argv[0],
                 strerror(reply.error));
    if (reply.pid > 0 && wanted->kind != SPAWN_CASE && s->kept_count < SUPERVISOR_CHILDREN_MAX) {
        bool childless = wanted->kind == SPAWN_SERVER;
        s->kept[s->kept_count].pid = reply.pid;
        s->kept[s->kept_count].childless = childless;
        s->kept[s->kept_count++].children = childless ? open_children(reply.pid) : -1;
    }
    return reply.pid;
}

/* The numbers in a list of open_children(); false if it can't be read whole. */
static bool read_children(int file, pid_t pids[CHILDREN_READ_MAX], size_t *count)
{
    char text[CHILDREN_READ_MAX * 11], *at = text, *end; /* ten digits and a blank each */
    ssize_t len = file < 0 ? -1 : pread(file, text, sizeof text - 1, 0);
    if (len < 0 || (size_t)len == sizeof text - 1)
        return false;
    text[len] = '\0';
    *count = 0;
    for (long pid; (pid = strtol(at, &end, 10)) > 0 && *count < CHILDREN_READ_MAX; at = end)
        pids[(*count)++] = (pid_t)pid;
    return true;
}

static bool is_kept(const struct supervisor *s, pid_t pid)
{
    for (size_t i = 0; i < s->kept_count; i++)
        if (s->kept[i].pid == pid)
            return true;
    return false;
}

static bool is_among(pid_t pid, const pid_t *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (known[i] == pid)
            return true;
    return false;
}

bool supervisor_is_clean(const struct supervisor *s, const pid_t *known, size_t known_count)
{
    pid_t pids[CHILDREN_READ_MAX];
    size_t count;
    bool clean = read_children(s->children, pids, &count);
    for (size_t i = 0; clean && i < count; i++)
        clean = is_kept(s, pids[i]);
    for (size_t k = 0; clean && k < s->kept_count; k++) {
        if (!s->kept[k].childless)
            continue;
        clean = read_children(s->kept[k].children, pids, &count);
        for (size_t i = 0; clean && i < count; i++)
            clean = is_among(pids[i], known, known_count);
    }
    return clean;
}

bool supervisor_is_gone(const struct supervisor *s)
{
    struct pollfd end = {s->fd, 0, 0};
    return s->fd < 0 || (poll(&end, 1, 0) == 1 && (end.revents & (POLLHUP | POLLERR)) != 0);
}

bool supervisor_sweep(struct supervisor *s, unsigned *killed)
{
    struct wire_reply reply;
    request_new(WIRE_SWEEP);
    if (!exchange(s, NULL, &reply, NULL))
        return false;
    if (killed != NULL)
        *killed = reply.count;
    return reply.done;
}

bool supervisor_wait(struct supervisor *s, pid_t pid, int timeout_ms, int *status)
{
    struct wire_reply reply;
    request_new(WIRE_WAIT);
    request_buffer.pid = pid;
    request_buffer.timeout_ms = timeout_ms;
    if (!exchange(s, NULL, &reply, NULL) || !reply.done)
        return false;
    *status = reply.status;
    return true;
}

static void keep_no_more(struct supervisor *s, pid_t pid)
{
    for (size_t i = 0; i < s->kept_count; i++) {
        if (s->kept[i].pid != pid)
            continue;
        if (s->kept[i].children >= 0)
            close(s->kept[i].children);
        s->kept[i--] = s->kept[--s->kept_count];
    }
}

bool supervisor_kill(struct supervisor *s, pid_t pid)
{
    struct wire_reply reply;
    keep_no_more(s, pid);
    request_new(WIRE_KILL);
    request_buffer.pid = pid;
    return exchange(s, NULL, &reply, NULL) && reply.done;
}

void supervisor_stop(struct supervisor *s)
{
    if (s->fd < 0)
        return;
    request_new(WIRE_STOP);
    wire_send(s->fd, &request_buffer, offsetof(struct wire_request, strings), NULL, 0);
    close(s->fd);
    s->fd = -1;
    if (s->children >= 0)
        close(s->children);
    for (size_t i = 0; i < s->kept_count; i++)
        if (s->kept[i].children >= 0)
            close(s->kept[i].children);
    int status = 0;
    while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status)) /* killed: its children die with it, and its folder is ours */
        folder_remove(s->folder);
}
