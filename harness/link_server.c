/* SPDX-License-Identifier: Apache-2.0 */
/* The link's dealings with the fork server. */
#include "link_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVER_ARGS_MAX 64
#define SERVER_FD       3 /* its number in the server */
#define START_MS        10000

static int spawn_server(const struct link_config *config, int socket, pid_t *pid)
{
    const char *args[SERVER_ARGS_MAX];
    size_t count = 0;
    for (; config->wrap != NULL && config->wrap[count] != NULL; count++) {
        if (count >= SERVER_ARGS_MAX - 8)
            return E2BIG;
        args[count] = config->wrap[count];
    }
    args[count++] = config->host_path;
    args[count++] = "--server";
    args[count++] = "3";
    if (config->tap_path != NULL) {
        args[count++] = "--tap";
        args[count++] = config->tap_path;
    }
    if (config->pcsc_path != NULL) {
        args[count++] = "--pcsc";
        args[count++] = config->pcsc_path;
    }
    args[count] = NULL;
    static const char *const no_env[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, socket, SERVER_FD);
    if (config->cwd != NULL)
        posix_spawn_file_actions_addchdir_np(&actions, config->cwd);
    int error =
        posix_spawnp(pid, args[0], &actions, NULL, (char *const *)(uintptr_t)args,
                     (char *const *)(uintptr_t)(config->env != NULL ? config->env : no_env));
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static bool start_own_server(struct link *link, const struct link_config *config,
                             struct arena *keep, const char **error)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        *error = arena_printf(keep, "cannot make a socket pair: %s", strerror(errno));
        return false;
    }
    int failed = spawn_server(config, pair[1], &link->own_server);
    close(pair[1]);
    link->socket = pair[0];
    if (failed != 0) {
        *error = arena_printf(keep, "cannot start %s: %s", config->host_path, strerror(failed));
        link->own_server = 0;
    }
    return failed == 0;
}

/* Only what is used of it takes memory. */
static uint8_t *buffer_map(void)
{
    void *map = mmap(NULL, FRAME_BYTES_MAX, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return map == MAP_FAILED ? NULL : map;
}

uint8_t *link_buffer_take(struct link *link)
{
    uint8_t *buffer = link->spare != NULL ? link->spare : buffer_map();
    link->spare = NULL;
    return buffer;
}

void link_buffer_give(struct link *link, uint8_t *buffer, size_t used)
{
    if (link->spare == NULL && used <= LINK_SPARE_BYTES_MAX)
        link->spare = buffer;
    else
        munmap(buffer, FRAME_BYTES_MAX);
}

struct link *link_open(const struct link_config *config, struct arena *keep, const char **error)
{
    struct link *link = calloc(1, sizeof *link);
    uint8_t *outgoing = buffer_map();
    if (link == NULL || outgoing == NULL) {
        *error = "out of memory";
        free(link);
        return NULL;
    }
    link->outgoing = outgoing;
    link->socket = config->server_fd;
    if (config->server_fd < 0 && !start_own_server(link, config, keep, error)) {
        link_close(link);
        return NULL;
    }
    return link;
}

void link_close(struct link *link)
{
    if (link->socket >= 0)
        close(link->socket);
    if (link->own_server > 0)
        waitpid(link->own_server, NULL, 0);
    munmap(link->outgoing, FRAME_BYTES_MAX);
    if (link->spare != NULL)
        munmap(link->spare, FRAME_BYTES_MAX);
    free(link);
}

static void note_ended(struct link *link, const struct server_message *message)
{
    if (link->ended_count == LINK_ENDED_MAX) {
        /* Whoever never asked loses the oldest. */
        memmove(link->ended, link->ended + 1, sizeof link->ended - sizeof *link->ended);
        link->ended_count--;
    }
    link->ended[link->ended_count].pid = message->pid;
    link->ended[link->ended_count++].status = message->status;
}

/* One message; ends are noted.  False if none came or the server is gone. */
static bool read_message(struct link *link, int timeout_ms, struct server_message *message)
{
    struct pollfd waiting = {link->socket, POLLIN, 0};
    if (link->gone || poll(&waiting, 1, timeout_ms) <= 0)
        return false;
    ssize_t got = recv(link->socket, message, sizeof *message, MSG_DONTWAIT);
    if (got == (ssize_t)sizeof *message) {
        if (message->kind == SERVER_ENDED)
            note_ended(link, message);
        return true;
    }
    if (got >= 0 || (errno != EAGAIN && errno != EINTR))
        link->gone = true;
    return false;
}

void server_listen(struct link *link, int timeout_ms)
{
    struct server_message message;
    while (read_message(link, timeout_ms, &message))
        timeout_ms = 0;
}

bool server_take_ended(struct host *host)
{
    struct link *link = host->link;
    for (size_t i = 0; !host->ended && i < link->ended_count; i++) {
        if (link->ended[i].pid != host->pid)
            continue;
        host->wait_status = link->ended[i].status;
        host->ended = true;
        link->ended[i] = link->ended[--link->ended_count];
    }
    return host->ended;
}

static bool send_start(struct link *link, const int fds[3])
{
    struct server_message message = {.kind = SERVER_START};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(3 * sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(3 * sizeof(int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    memcpy(CMSG_DATA(&control.header), fds, 3 * sizeof(int));
    struct iovec data = {&message, sizeof message};
    struct msghdr to = {.msg_iov = &data,
                        .msg_iovlen = 1,
                        .msg_control = &control,
                        .msg_controllen = sizeof control};
    return sendmsg(link->socket, &to, MSG_NOSIGNAL) == (ssize_t)sizeof message;
}

/* The pid of the new host; -1 if there is none. */
static pid_t ask_for_host(struct link *link, const int fds[3])
{
    struct server_message message;
    if (!send_start(link, fds))
        return -1;
    while (read_message(link, START_MS, &message))
        if (message.kind == SERVER_STARTED)
            return message.pid;
    return -1;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* ours: channel, stdout, stderr; theirs likewise. */
static bool make_pipes(int ours[3], int theirs[3])
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    ours[0] = pair[0];
    theirs[0] = pair[1];
    for (size_t i = 1; i < 3; i++) {
        if (pipe2(pair, O_CLOEXEC) != 0)
            return false;
        ours[i] = pair[0];
        theirs[i] = pair[1];
        fcntl(ours[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

struct host *host_start(struct link *link, const struct host_sink *sink)
{
    int ours[3] = {-1, -1, -1}, theirs[3] = {-1, -1, -1};
    struct host *host = calloc(1, sizeof *host);
    uint8_t *incoming = link_buffer_take(link);
    pid_t pid = -1;
    if (host != NULL && incoming != NULL && make_pipes(ours, theirs))
        pid = ask_for_host(link, theirs);
    close_all(theirs, 3);
    if (pid <= 0) {
        close_all(ours, 3);
        if (incoming != NULL)
            link_buffer_give(link, incoming, 0);
        free(host);
        return NULL;
    }
    host->link = link;
    host->sink = *sink;
    host->pid = pid;
    host->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    host->channel = ours[0];
    host->outputs[0].pipe = ours[1];
    host->outputs[1].pipe = ours[2];
    host->incoming = incoming;
    return host;
}
