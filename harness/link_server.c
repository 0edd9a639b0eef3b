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
    link->has_cores = config->cores != NULL;
    if (link->has_cores)
        link->cores = *config->cores;
    link->socket = config->server_fd;
    if (config->server_fd < 0 && !start_own_server(link, config, keep, error)) {
        link_close(link);
        return NULL;
    }
    return link;
}

void link_close(struct link *link)
{
    if (link->ahead != NULL)
        host_forget(link->ahead);
    if (link->socket >= 0)
        close(link->socket);
    if (link->own_server > 0)
        waitpid(link->own_server, NULL, 0);
    munmap(link->outgoing, FRAME_BYTES_MAX);
    if (link->spare != NULL)
        munmap(link->spare, FRAME_BYTES_MAX);
    free(link);
}

static bool note_parted(struct link *link, pid_t pid)
{
    size_t i = 0;
    while (i < link->parting_count && link->parting[i] != pid)
        i++;
    if (i == link->parting_count)
        return false;
    link->parting[i] = link->parting[--link->parting_count];
    return true;
}

/* The descriptors come with the message: channel, stdout, stderr. */
static void note_started(struct link *link, const struct server_message *message,
                         const int fds[SERVER_DESCRIPTORS])
{
    struct host *host = message->token == link->token ? link->starting : NULL;
    for (size_t i = 0; host == NULL && i < SERVER_DESCRIPTORS; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (host == NULL)
        return;
    /* Numbers come again: an end that nobody asked about is not this host's. */
    for (size_t i = 0; i < link->ended_count; i++)
        if (link->ended[i].pid == message->pid)
            link->ended[i--] = link->ended[--link->ended_count];
    host->pid = message->pid;
    host->channel = fds[0];
    host->outputs[0].pipe = fds[1];
    host->outputs[1].pipe = fds[2];
    link->starting = NULL;
}

static void note_ended(struct link *link, const struct server_message *message)
{
    if (note_parted(link, message->pid))
        return;
    if (link->ended_count == LINK_ENDED_MAX) {
        /* Whoever never asked loses the oldest. */
        memmove(link->ended, link->ended + 1, sizeof link->ended - sizeof *link->ended);
        link->ended_count--;
    }
    link->ended[link->ended_count].pid = message->pid;
    link->ended[link->ended_count++].status = message->status;
}

/* fds are -1 where none came. */
static ssize_t receive(int socket, struct server_message *message, int fds[SERVER_DESCRIPTORS])
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(SERVER_DESCRIPTORS * sizeof(int))];
    } control;
    struct iovec data = {message, sizeof *message};
    struct msghdr from = {.msg_iov = &data,
                          .msg_iovlen = 1,
                          .msg_control = &control,
                          .msg_controllen = sizeof control};
    for (size_t i = 0; i < SERVER_DESCRIPTORS; i++)
        fds[i] = -1;
    ssize_t got = recvmsg(socket, &from, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&from) : NULL;
    if (header != NULL && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(SERVER_DESCRIPTORS * sizeof(int)))
        memcpy(fds, CMSG_DATA(header), SERVER_DESCRIPTORS * sizeof(int));
    return got;
}

/* Takes note of one message.  False if none came or the server is gone. */
static bool read_message(struct link *link, int timeout_ms)
{
    struct server_message message;
    int fds[SERVER_DESCRIPTORS];
    struct pollfd waiting = {link->socket, POLLIN, 0};
    if (link->gone || poll(&waiting, 1, timeout_ms) <= 0)
        return false;
    ssize_t got = receive(link->socket, &message, fds);
    if (got == (ssize_t)sizeof message) {
        if (message.kind == SERVER_ENDED)
            note_ended(link, &message);
        if (message.kind == SERVER_STARTED)
            note_started(link, &message, fds);
        return true;
    }
    if (got >= 0 || (errno != EAGAIN && errno != EINTR))
        link->gone = true;
    return false;
}

void server_listen(struct link *link, int timeout_ms)
{
    while (read_message(link, timeout_ms))
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

static bool host_is_there(struct host *host)
{
    while (host->pid == 0 && read_message(host->link, START_MS))
        continue;
    if (host->pid == 0)
        host->link->gone = true; /* it is there, but has nothing to say */
    return host->pid > 0 && host->channel >= 0 && !server_take_ended(host);
}

bool server_has_room(const struct link *link)
{
    return link->has_cores && link->parting_count < LINK_PARTING_MAX;
}

bool server_part(const struct host *host)
{
    struct link *link = host->link;
    if (!server_has_room(link))
        return false;
    sched_setaffinity(host->pid, sizeof link->cores.aside, &link->cores.aside);
    link->parting[link->parting_count++] = host->pid;
    return true;
}

size_t link_own_children(struct link *link, pid_t *pids)
{
    size_t count = 0;
    server_listen(link, 0);
    for (; count < link->parting_count; count++)
        pids[count] = link->parting[count];
    if (link->ahead != NULL && host_is_there(link->ahead))
        pids[count++] = link->ahead->pid;
    return count;
}

bool link_is_gone(struct link *link)
{
    server_listen(link, 0);
    return link->gone;
}

void link_swept(struct link *link)
{
    if (link->ahead != NULL)
        host_forget(link->ahead);
    link->ahead = NULL;
}

/* A host that the server was asked for; host_is_there() waits for it.  NULL if it can't be asked.
 */
static struct host *host_ask(struct link *link, bool ahead)
{
    struct server_message message = {.kind = SERVER_START, .token = ++link->token, .ahead = ahead};
    struct host *host = calloc(1, sizeof *host);
    uint8_t *incoming = host == NULL ? NULL : link_buffer_take(link);
    if (incoming == NULL) {
        free(host);
        return NULL;
    }
    host->link = link;
    host->pidfd = host->channel = host->outputs[0].pipe = host->outputs[1].pipe = -1;
    host->incoming = incoming;
    if (send(link->socket, &message, sizeof message, MSG_NOSIGNAL) != (ssize_t)sizeof message) {
        host_forget(host);
        return NULL;
    }
    link->starting = host;
    return host;
}

/* The host once it lives; else it is forgotten. */
static struct host *host_or_null(struct host *host)
{
    if (host == NULL || host_is_there(host))
        return host;
    host_forget(host);
    return NULL;
}

struct host *host_start(struct link *link, const struct host_sink *sink)
{
    /* The one forked ahead may have fallen to a sweep meanwhile. */
    struct host *host = host_or_null(link->ahead);
    link->ahead = NULL;
    if (host == NULL)
        host = host_or_null(host_ask(link, false));
    if (host == NULL)
        return NULL;
    host->sink = *sink;
    host->pidfd = (int)syscall(SYS_pidfd_open, host->pid, 0);
    if (link->has_cores) {
        sched_setaffinity(host->pid, sizeof link->cores.work, &link->cores.work);
        link->ahead = host_ask(link, true);
    }
    return host;
}
