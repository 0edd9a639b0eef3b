/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"
#include "process.h"
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct ends {
    int fds[SERVER_DESCRIPTORS]; /* channel, stdout, stderr; -1: closed */
};

static const struct ends no_ends = {{-1, -1, -1}};

static void ends_close(const struct ends *ends)
{
    for (size_t i = 0; i < SERVER_DESCRIPTORS; i++)
        if (ends->fds[i] >= 0)
            close(ends->fds[i]);
}

/* The runner's ends and the host's; what was made before a failure is in them, too. */
static bool ends_make(struct ends *ours, struct ends *theirs)
{
    int pair[2];
    *ours = *theirs = no_ends;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    ours->fds[0] = pair[0];
    theirs->fds[0] = pair[1];
    for (size_t i = 1; i < SERVER_DESCRIPTORS; i++) {
        if (pipe2(pair, O_CLOEXEC) != 0)
            return false;
        ours->fds[i] = pair[0];
        theirs->fds[i] = pair[1];
        fcntl(pair[0], F_SETFL, O_NONBLOCK);
    }
    return true;
}

static void tell(int socket, struct server_message message, const struct ends *ends)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof ends->fds)];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof ends->fds),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    struct iovec data = {&message, sizeof message};
    struct msghdr to = {.msg_iov = &data, .msg_iovlen = 1};
    if (ends != NULL) {
        memcpy(CMSG_DATA(&control.header), ends->fds, sizeof ends->fds);
        to.msg_control = &control;
        to.msg_controllen = sizeof control;
    }
    while (sendmsg(socket, &to, MSG_NOSIGNAL) < 0 && errno == EINTR)
        continue;
}

static _Noreturn void become_host(pid_t server, const struct ends *ends, server_life *run,
                                  bool ahead)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    _exit(run(process_enter(server, ends->fds[0], ends->fds[1], ends->fds[2]), ahead));
}

static void start(int socket, const struct server_message *asked, server_life *run)
{
    struct ends ours, theirs;
    pid_t server = getpid();
    pid_t pid = ends_make(&ours, &theirs) ? fork() : -1;
    if (pid == 0)
        become_host(server, &theirs, run, asked->ahead != 0);
    tell(socket, (struct server_message){.kind = SERVER_STARTED, .pid = pid, .token = asked->token},
         pid < 0 ? NULL : &ours);
    ends_close(&ours);
    ends_close(&theirs);
}

static void collect(int socket)
{
    siginfo_t ended = {0};
    while (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid > 0) {
        struct server_message message = {.kind = SERVER_ENDED, .pid = ended.si_pid};
        /* Not collected yet, so its number can't belong to anybody else's group. */
        kill(-ended.si_pid, SIGKILL);
        waitpid(ended.si_pid, &message.status, 0);
        tell(socket, message, NULL);
        ended = (siginfo_t){0};
    }
}

static int watch_children(void)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Closing the socket is the runner's end: hosts die with this process (process.c). */
int server_run(int socket, server_life *run)
{
    struct pollfd waiting[2] = {{socket, POLLIN, 0}, {watch_children(), POLLIN, 0}};
    for (;;) {
        struct server_message message;
        struct signalfd_siginfo children;
        if (poll(waiting, 2, -1) < 0 && errno != EINTR)
            return EXIT_FAILURE;
        if (waiting[1].revents != 0) {
            ssize_t got = read(waiting[1].fd, &children, sizeof children);
            if (got > 0 || errno == EAGAIN)
                collect(socket);
        }
        if (waiting[0].revents == 0)
            continue;
        ssize_t got = recv(socket, &message, sizeof message, 0);
        if (got == 0 || (got < 0 && errno != EINTR))
            return EXIT_SUCCESS;
        if (got == (ssize_t)sizeof message && message.kind == SERVER_START)
            start(socket, &message, run);
    }
}
