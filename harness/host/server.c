/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"
#include "process.h"
#include "protocol.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_DESCRIPTORS 3

static void tell(int socket, struct server_message message)
{
    while (send(socket, &message, sizeof message, MSG_NOSIGNAL) < 0 && errno == EINTR)
        continue;
}

/* One message with its descriptors, -1 where there is none.  False at the end. */
static bool receive(int socket, struct server_message *message, int fds[START_DESCRIPTORS])
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(START_DESCRIPTORS * sizeof(int))];
    } control;
    struct iovec data = {message, sizeof *message};
    struct msghdr from = {.msg_iov = &data,
                          .msg_iovlen = 1,
                          .msg_control = &control,
                          .msg_controllen = sizeof control};
    *message = (struct server_message){0};
    for (size_t i = 0; i < START_DESCRIPTORS; i++)
        fds[i] = -1;
    ssize_t got;
    do
        got = recvmsg(socket, &from, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    const struct cmsghdr *header = CMSG_FIRSTHDR(&from);
    if (got > 0 && header != NULL && header->cmsg_type == SCM_RIGHTS)
        memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    return got > 0;
}

static _Noreturn void become_host(pid_t server, const int fds[START_DESCRIPTORS],
                                  int (*run)(int channel))
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    _exit(run(process_enter(server, fds[0], fds[1], fds[2])));
}

static void start(int socket, const int fds[START_DESCRIPTORS], int (*run)(int channel))
{
    pid_t server = getpid();
    pid_t pid = fds[START_DESCRIPTORS - 1] < 0 ? -1 : fork();
    if (pid == 0)
        become_host(server, fds, run);
    tell(socket, (struct server_message){.kind = SERVER_STARTED, .pid = pid});
}

static void collect(int socket)
{
    siginfo_t ended = {0};
    while (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid > 0) {
        struct server_message message = {.kind = SERVER_ENDED, .pid = ended.si_pid};
        /* Not collected yet, so its number can't belong to anybody else's group. */
        kill(-ended.si_pid, SIGKILL);
        waitpid(ended.si_pid, &message.status, 0);
        tell(socket, message);
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
int server_run(int socket, int (*run)(int channel))
{
    struct pollfd waiting[2] = {{socket, POLLIN, 0}, {watch_children(), POLLIN, 0}};
    for (;;) {
        struct server_message message;
        struct signalfd_siginfo children;
        int fds[START_DESCRIPTORS];
        if (poll(waiting, 2, -1) < 0 && errno != EINTR)
            return EXIT_FAILURE;
        if (waiting[1].revents != 0) {
            ssize_t got = read(waiting[1].fd, &children, sizeof children);
            if (got > 0 || errno == EAGAIN)
                collect(socket);
        }
        if (waiting[0].revents == 0)
            continue;
        if (!receive(socket, &message, fds))
            return EXIT_SUCCESS;
        if (message.kind == SERVER_START)
            start(socket, fds, run);
        for (size_t i = 0; i < START_DESCRIPTORS; i++)
            if (fds[i] >= 0)
                close(fds[i]);
    }
}
