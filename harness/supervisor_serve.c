/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's own side: starting, sweeping, waiting, and the end of it all. */
#include "base/clock.h"
#include "supervisor_folder.h"
#include "supervisor_tree.h"
#include "supervisor_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SWEEP_MS_MAX = 5000, SWEEP_PAUSE_MS = 1, FD_PARKED = 100 };

static struct child {
    pid_t pid; /* 0: free */
    enum spawn_kind kind;
    bool ended;
    int status;
} children[SUPERVISOR_CHILDREN_MAX];

static struct wire_request request;
static struct folder_user nobody;
static int channel, child_events;
static pid_t own_pid;

static struct child *child_find(pid_t pid)
{
    for (size_t i = 0; i < SUPERVISOR_CHILDREN_MAX; i++) {
        if (children[i].pid == pid)
            return &children[i];
    }
    return NULL;
}

/* An entry for one more; what ended and was never asked about makes room. */
static struct child *child_entry(void)
{
    struct child *entry = child_find(0);
    for (size_t i = 0; entry == NULL && i < SUPERVISOR_CHILDREN_MAX; i++) {
        if (children[i].ended)
            entry = &children[i];
    }
    return entry;
}

static void reap(void)
{
    struct signalfd_siginfo drained[8];
    int status;
    pid_t pid;
    while (read(child_events, drained, sizeof drained) > 0)
        ;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct child *c = child_find(pid);
        if (c != NULL) {
            c->ended = true;
            c->status = status;
        }
    }
}

/* ---- in the new process, between fork and exec ---- */

static bool place_descriptors(const int *fds, const struct wire_request *r)
{
    int parked[SUPERVISOR_FDS_MAX];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return false;
    for (size_t i = 0; i < r->fd_count; i++) {
        parked[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FD_PARKED);
        if (parked[i] < 0)
            return false;
    }
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    for (size_t i = 0; i < r->fd_count; i++) {
        if (dup2(parked[i], r->targets[i]) < 0)
            return false;
    }
    return true;
}

static bool become_nobody(void)
{
    return geteuid() != 0 ||
           (setgroups(0, NULL) == 0 && setresgid(nobody.gid, nobody.gid, nobody.gid) == 0 &&
            setresuid(nobody.uid, nobody.uid, nobody.uid) == 0);
}

static void default_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void split_words(char *argv[], char *envp[])
{
    static char listen_pid[32];
    char *at = request.strings;
    for (uint32_t i = 0; i < request.argc + request.envc; i++, at += strlen(at) + 1) {
        if (i < request.argc)
            argv[i] = at;
        else
            envp[i - request.argc] = at;
        if (strcmp(at, "LISTEN_PID=") == 0 && i >= request.argc) {
            snprintf(listen_pid, sizeof listen_pid, "LISTEN_PID=%d", (int)getpid());
            envp[i - request.argc] = listen_pid;
        }
    }
    argv[request.argc] = envp[request.envc] = NULL;
}

static _Noreturn void become_program(const int *fds, int report)
{
    static char *argv[WIRE_WORDS_MAX + 1], *envp[WIRE_WORDS_MAX + 1];
    int parked = fcntl(report, F_DUPFD_CLOEXEC, FD_PARKED);
    setsid(); /* a driver's kill(0, ...) must not reach us */
    default_signals();
    split_words(argv, envp);
    bool ok = place_descriptors(fds, &request) && (!request.drop_user || become_nobody()) &&
              /* after dropping the user: the kernel clears it there */
              prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
    if (getppid() != own_pid)
        _exit(127);
    if (ok)
        execvpe(argv[0], argv, envp);
    int error = errno;
    ssize_t n = write(parked, &error, sizeof error);
    _exit(n == sizeof error ? 127 : 126);
}

/* ---- commands ---- */

static struct wire_reply do_spawn(const int *fds)
{
    struct wire_reply reply = {.pid = -1};
    struct child *entry = child_entry();
    int report[2], error;
    if (entry == NULL || pipe2(report, O_CLOEXEC) != 0) {
        reply.error = entry == NULL ? EAGAIN : errno;
        return reply;
    }
    reply.pid = fork();
    if (reply.pid == 0)
        become_program(fds, report[1]);
    close(report[1]);
    if (reply.pid < 0)
        reply.error = errno;
    else if (read(report[0], &error, sizeof error) == sizeof error)
        reply = (struct wire_reply){.pid = -1, .error = error};
    else
        *entry = (struct child){.pid = reply.pid, .kind = request.kind};
    close(report[0]);
    return reply;
}

/* Kill once what isn't protected; with `all` nothing is. */
static size_t sweep_pass(bool all)
{
    static pid_t found[TREE_CHILDREN_MAX];
    size_t killed = 0;
    size_t n = tree_children(own_pid, found, TREE_CHILDREN_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct child *c = child_find(found[i]);
        if (all || c == NULL || c->kind == SPAWN_CASE)
            killed += tree_kill(found[i], true);
        else if (c->kind == SPAWN_SERVER)
            killed += tree_kill(found[i], false);
    }
    return killed;
}

static struct wire_reply do_sweep(bool all)
{
    struct wire_reply reply = {0};
    uint64_t deadline = 0;
    for (;;) {
        reap();
        size_t killed = sweep_pass(all);
        if (killed == 0) {
            reply.done = true;
            return reply;
        }
        if (deadline == 0)
            deadline = clock_ms() + SWEEP_MS_MAX;
        else if (clock_ms() > deadline)
            return reply;
        if (reply.count < killed)
            reply.count = (uint32_t)killed;
        struct pollfd died = {child_events, POLLIN, 0};
        poll(&died, 1, SWEEP_PAUSE_MS);
    }
}

static bool runner_gone(void)
{
    struct pollfd p = {channel, 0, 0};
    return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

static struct wire_reply do_wait(pid_t pid, int timeout_ms)
{
    struct wire_reply reply = {0};
    struct child *c = child_find(pid);
    uint64_t end = clock_ms() + (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms);
    for (reap(); c != NULL && pid > 0 && !c->ended && !runner_gone(); reap()) {
        uint64_t now = clock_ms();
        if (timeout_ms >= 0 && now >= end)
            return reply;
        struct pollfd fds[] = {{child_events, POLLIN, 0}, {channel, 0, 0}};
        poll(fds, 2, timeout_ms < 0 ? -1 : (int)(end - now));
    }
    if (c != NULL && c->ended) {
        reply = (struct wire_reply){.done = true, .status = c->status};
        *c = (struct child){0};
    }
    return reply;
}

static struct wire_reply do_kill(pid_t pid)
{
    struct child *c = pid > 0 ? child_find(pid) : NULL;
    if (c == NULL)
        return (struct wire_reply){0};
    if (!c->ended)
        tree_kill(pid, true);
    return do_wait(pid, SWEEP_MS_MAX);
}

static void answer(const struct wire_reply *reply)
{
    int pidfd = request.command == WIRE_SPAWN && reply->pid > 0
                    ? (int)syscall(SYS_pidfd_open, reply->pid, 0)
                    : -1;
    wire_send(channel, reply, sizeof *reply, &pidfd, pidfd >= 0 ? 1 : 0);
    if (pidfd >= 0)
        close(pidfd);
}

static struct wire_reply run_request(const int *fds)
{
    switch (request.command) {
    case WIRE_SPAWN: return do_spawn(fds);
    case WIRE_SWEEP: return do_sweep(false);
    case WIRE_WAIT: return do_wait(request.pid, request.timeout_ms);
    case WIRE_KILL: return do_kill(request.pid);
    case WIRE_STOP: break;
    }
    return (struct wire_reply){0};
}

/* False: stop, or the runner is gone. */
static bool serve_one(void)
{
    int fds[SUPERVISOR_FDS_MAX];
    size_t fd_count, len = sizeof request;
    if (!wire_receive(channel, &request, &len, fds, &fd_count) || request.command == WIRE_STOP)
        return false;
    request.fd_count = (uint32_t)fd_count;
    struct wire_reply reply = run_request(fds);
    for (size_t i = 0; i < fd_count; i++)
        close(fds[i]);
    answer(&reply);
    return true;
}

static void become_supervisor(int lock)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    own_pid = getpid();
    nobody = folder_unprivileged();
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &child, NULL);
    /* Nothing of the runner's stays open here but the channel and the lock. */
    channel = fcntl(channel, F_DUPFD_CLOEXEC, FD_PARKED);
    lock = fcntl(lock, F_DUPFD_CLOEXEC, channel + 1);
    close_range(3, (unsigned)channel - 1, 0);
    if (lock > channel + 1)
        close_range((unsigned)channel + 1, (unsigned)lock - 1, 0);
    close_range((unsigned)lock + 1, ~0u, 0);
    child_events = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

_Noreturn void supervisor_serve(const struct supervisor *s, int channel_fd, int lock)
{
    channel = channel_fd;
    become_supervisor(lock);
    for (;;) {
        struct pollfd fds[] = {{channel, POLLIN, 0}, {child_events, POLLIN, 0}};
        poll(fds, 2, -1);
        if ((fds[1].revents & POLLIN) != 0)
            reap();
        if (fds[0].revents != 0 && !serve_one())
            break;
    }
    /* Until no child is left, dead ones included: nobody else need clean up after us. */
    while (!do_sweep(true).done || waitpid(-1, NULL, WNOHANG) >= 0)
        ;
    folder_remove(s->folder);
    _exit(0);
}
