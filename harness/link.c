/* SPDX-License-Identifier: Apache-2.0 */
/* One host: request and reply in lock step, and every way in which a host can end. */
#include "link_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum progress {
    PROGRESS_IDLE, /* nothing was there */
    PROGRESS_SOME, /* bytes came, no reply yet */
    PROGRESS_REPLY,
    PROGRESS_GARBAGE,
    PROGRESS_CLOSED
};

const char *host_outcome_name(enum host_outcome outcome)
{
    static const char *const names[] = {"returned", "absent", "crashed", "exited",
                                        "hung",     "lost",   "gone",    "refused"};
    return names[outcome];
}

void host_set_sink(struct host *host, const struct host_sink *sink)
{
    host->sink = *sink;
}

pid_t host_pid(const struct host *host)
{
    return host->pid;
}

/* ---- what the driver prints ---- */

static void read_output(struct output *output)
{
    uint8_t part[65536];
    ssize_t got = 0;
    while (output->pipe >= 0 && (got = read(output->pipe, part, sizeof part)) > 0) {
        size_t room = sizeof output->bytes - output->len;
        size_t kept = (size_t)got < room ? (size_t)got : room;
        memcpy(output->bytes + output->len, part, kept);
        output->len += kept;
        output->total += (uint64_t)got;
        if ((size_t)got < sizeof part)
            return; /* a driver that prints forever must not keep us here */
    }
    if (output->pipe >= 0 && (got == 0 || errno != EAGAIN)) {
        close(output->pipe);
        output->pipe = -1;
    }
}

static void deliver_outputs(struct host *host)
{
    static const char *const names[] = {"stdout", "stderr"};
    struct arena *keep = host->sink.arena;
    for (size_t i = 0; i < 2; i++) {
        struct output *output = &host->outputs[i];
        read_output(output);
        if (output->total == 0)
            continue;
        struct node *event = event_begin(host, "output");
        node_add(event, "stream", node_new_string(keep, names[i]));
        node_add(
            event, "text",
            node_new_string(keep, text_of_bytes(keep, (struct bytes){output->bytes, output->len})));
        if (output->total > output->len)
            node_add(event, "length", node_new_uint(keep, output->total));
        output->len = 0;
        output->total = 0;
        event_deliver(host, event);
    }
}

/* ---- what comes through the channel ---- */

static bool deliver_event(struct host *host, const struct frame *frame)
{
    struct bytes content;
    struct node *event =
        host->sequence < host->sequence_max ? event_node(host->sink.arena, frame, &content) : NULL;
    if (event == NULL)
        return false;
    node_add(event, "q", node_new_uint(host->sink.arena, ++host->sequence));
    if (frame->kind == FRAME_EVENT_FIRST + EVENT_CRASH)
        host->crashed = true;
    host->sink.event(host->sink.data, event, content);
    return true;
}

/* Takes whole frames off the buffer: events go to the sink, the reply ends it. */
static enum progress take_frames(struct host *host, uint16_t wanted, struct frame *reply)
{
    for (;;) {
        struct frame frame;
        struct bytes stream = {host->incoming + host->incoming_used,
                               host->incoming_len - host->incoming_used};
        switch (frame_read(stream, &frame)) {
        case FRAME_BAD: return PROGRESS_GARBAGE;
        case FRAME_PART: return PROGRESS_SOME;
        case FRAME_WHOLE: break;
        }
        host->incoming_used += frame.size;
        if (host->queued_due > 0 && frame.kind > REPLY && frame.kind <= REPLY + REQUEST_LAST) {
            host->queued_due--;
            host->queued_refused |= reply_number(&frame, FIELD_STATE) != REPLY_DONE;
            continue;
        }
        if (frame.kind == wanted && wanted != 0) {
            *reply = frame;
            return PROGRESS_REPLY;
        }
        bool note = frame.kind == NOTE_ENTERED || frame.kind == NOTE_RETURNED;
        if (!(note ? parallel_take_note(host, &frame) : deliver_event(host, &frame)))
            return PROGRESS_GARBAGE;
    }
}

static enum progress read_channel(struct host *host, uint16_t wanted, struct frame *reply)
{
    memmove(host->incoming, host->incoming + host->incoming_used,
            host->incoming_len - host->incoming_used);
    host->incoming_len -= host->incoming_used;
    host->incoming_used = 0;
    ssize_t got = recv(host->channel, host->incoming + host->incoming_len,
                       FRAME_BYTES_MAX - host->incoming_len, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return PROGRESS_IDLE;
    if (got <= 0)
        return PROGRESS_CLOSED;
    host->incoming_len += (size_t)got;
    if (host->incoming_len > host->incoming_peak)
        host->incoming_peak = host->incoming_len;
    return take_frames(host, wanted, reply);
}

/* ---- how it ends ---- */

static void send_kill(struct host *host)
{
    if (host->pidfd >= 0)
        syscall(SYS_pidfd_send_signal, host->pidfd, SIGKILL, NULL, 0);
    else
        kill(host->pid, SIGKILL);
}

/* Waits for the server to tell the end.  A host that may still be at work has its pipes emptied
 * meanwhile, so that it can write.  False when the deadline passes first, or when a server that
 * should know has nothing to tell: a driver may have stopped it. */
static bool await_end(struct host *host, uint64_t deadline, bool at_work)
{
    uint64_t told_by = UINT64_MAX;
    while (!server_take_ended(host) && !host->link->gone) {
        uint64_t now = clock_ms();
        host->link->gone = now >= told_by;
        if (now >= deadline || host->link->gone)
            return false;
        bool lives = told_by == UINT64_MAX;
        struct pollfd waiting[4] = {{host->link->socket, POLLIN, 0},
                                    {lives ? host->pidfd : -1, POLLIN, 0},
                                    {host->outputs[0].pipe, POLLIN, 0},
                                    {host->outputs[1].pipe, POLLIN, 0}};
        uint64_t until = deadline < told_by ? deadline : told_by;
        poll(waiting, at_work ? 4 : 2, (int)(until - now));
        for (size_t i = 0; at_work && i < 2; i++)
            read_output(&host->outputs[i]);
        if (waiting[1].revents != 0)
            told_by = clock_ms() + SERVER_TELLS_MS;
        if (waiting[0].revents != 0)
            server_listen(host->link, 0);
    }
    return true;
}

static void add_own_event(struct host *host, const char *name, const char *key, uint64_t value,
                          const char *why)
{
    struct node *event = event_begin(host, name);
    node_add(event, key, node_new_uint(host->sink.arena, value));
    if (why != NULL)
        node_add(event, "why", node_new_string(host->sink.arena, why));
    event_deliver(host, event);
}

/* The host died by itself: says how. */
static enum host_outcome tell_death(struct host *host)
{
    if (!host->ended) {
        add_own_event(host, "killed", "signal", SIGKILL, "the host server is gone");
        return HOST_LOST;
    }
    if (WIFSIGNALED(host->wait_status)) {
        if (!host->crashed)
            add_own_event(host, "killed", "signal", (uint64_t)WTERMSIG(host->wait_status), NULL);
        return HOST_CRASHED;
    }
    int code = WEXITSTATUS(host->wait_status);
    bool lost = code == HOST_EXIT_CHANNEL;
    add_own_event(host, "exit", "code", (uint64_t)code,
                  lost ? "the host could not use its control channel any more" : NULL);
    return lost ? HOST_LOST : HOST_EXITED;
}

/* The events that a dead host had still sent; false if there was garbage among them. */
static bool drain(struct host *host)
{
    struct frame none;
    enum progress progress;
    do
        progress = read_channel(host, 0, &none);
    while (progress == PROGRESS_SOME);
    return progress != PROGRESS_GARBAGE;
}

/* After the last reply: the end itself, the remaining events, what was printed. */
static enum host_outcome conclude(struct host *host, enum progress progress, uint32_t timeout_ms,
                                  uint64_t deadline)
{
    bool garbage = progress == PROGRESS_GARBAGE;
    bool hung = !garbage && (progress != PROGRESS_CLOSED || !await_end(host, deadline, true));
    if (hung || garbage) {
        send_kill(host);
        await_end(host, clock_ms() + LINK_KILL_MS, false);
    }
    if (!garbage && !drain(host))
        garbage = !hung; /* the late reply of a host that we gave up is no garbage */
    host->gone = true;
    deliver_outputs(host);
    if (hung) {
        add_own_event(host, "hang", "ms", timeout_ms, NULL);
        return HOST_HUNG;
    }
    if (!garbage)
        return tell_death(host);
    bool flooded = host->sequence == host->sequence_max;
    add_own_event(host, "killed", "signal", SIGKILL,
                  flooded ? "more events than REQUEST_EVENTS_MAX"
                          : "garbage on the control channel");
    return HOST_LOST;
}

/* ---- request and reply ---- */

struct frame_writer request_begin(struct host *host, uint16_t kind)
{
    struct frame_writer writer = {.data = host->link->outgoing, .capacity = FRAME_BYTES_MAX};
    if (host->queued.len > 0)
        memcpy(writer.data, host->queued.data, host->queued.len);
    writer.len = host->queued.len;
    frame_begin(&writer, kind);
    return writer;
}

enum host_outcome host_request_later(struct host *host, struct frame_writer *request)
{
    if (host->gone)
        return HOST_GONE;
    if (!frame_end(request))
        return HOST_REFUSED;
    host->queued = bytes_copy(&host->queue, (struct bytes){request->data, request->len});
    host->queued_count++;
    return HOST_RETURNED;
}

/* What is still to be sent, and what is waited for. */
struct exchange {
    struct bytes unsent;
    uint16_t wanted;
    struct frame *reply;
};

static void send_some(struct host *host, struct exchange *exchange)
{
    ssize_t sent = send(host->channel, exchange->unsent.data, exchange->unsent.len,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
        exchange->unsent.data += sent;
        exchange->unsent.len -= (size_t)sent;
    }
}

/* Waits for anything to happen and deals with it. */
static enum progress wait_step(struct host *host, struct exchange *exchange, int timeout_ms)
{
    short channel_events = exchange->unsent.len > 0 ? POLLIN | POLLOUT : POLLIN;
    /* Its end is told before a child of it closed its copy of the channel.  The server's socket
     * tells of other hosts, too, and would wake us for them. */
    int end = host->pidfd >= 0 ? host->pidfd : host->link->socket;
    struct pollfd waiting[4] = {{host->channel, channel_events, 0},
                                {host->outputs[0].pipe, POLLIN, 0},
                                {host->outputs[1].pipe, POLLIN, 0},
                                {end, POLLIN, 0}};
    poll(waiting, 4, timeout_ms);
    for (size_t i = 0; i < 2; i++)
        if (waiting[1 + i].revents != 0)
            read_output(&host->outputs[i]);
    if ((waiting[0].revents & POLLOUT) != 0 && exchange->unsent.len > 0)
        send_some(host, exchange);
    if ((waiting[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
        return read_channel(host, exchange->wanted, exchange->reply);
    if (waiting[3].revents == 0)
        return PROGRESS_IDLE;
    server_listen(host->link, 0);
    bool ended = end == host->pidfd || server_take_ended(host) || host->link->gone;
    return ended ? PROGRESS_CLOSED : PROGRESS_IDLE;
}

static enum host_outcome await_reply(struct host *host, struct exchange *exchange,
                                     uint32_t timeout_ms)
{
    if (timeout_ms == 0)
        timeout_ms = LINK_TIMEOUT_MS;
    uint64_t deadline = clock_ms() + timeout_ms;
    /* It may have come together with the one before. */
    enum progress progress = take_frames(host, exchange->wanted, exchange->reply);
    while (progress <= PROGRESS_SOME) {
        uint64_t now = clock_ms();
        if (now >= deadline)
            break;
        progress = wait_step(host, exchange, (int)(deadline - now));
        if (parallel_goes_on(host))
            deadline = clock_ms() + timeout_ms;
    }
    if (progress != PROGRESS_REPLY)
        return conclude(host, progress, timeout_ms, deadline);
    deliver_outputs(host);
    return HOST_RETURNED;
}

enum host_outcome host_request(struct host *host, struct frame_writer *request, uint32_t timeout_ms,
                               struct frame *reply)
{
    struct frame frame;
    if (host->gone)
        return HOST_GONE;
    if (!frame_end(request))
        return HOST_REFUSED;
    frame_read((struct bytes){request->data + request->start, request->len - request->start},
               &frame);
    host->queued = (struct bytes){0};
    arena_reset(&host->queue);
    host->queued_due = host->queued_count;
    host->queued_count = 0;
    host->queued_refused = false;
    host->sequence_max = host->sequence + REQUEST_EVENTS_MAX;
    struct exchange exchange = {{request->data, request->len}, REPLY + frame.kind, reply};
    send_some(host, &exchange);
    enum host_outcome outcome = await_reply(host, &exchange, timeout_ms);
    return outcome == HOST_RETURNED && host->queued_refused ? HOST_REFUSED : outcome;
}

enum host_outcome host_await_freed(struct host *host)
{
    struct frame reply;
    struct exchange exchange = {.wanted = REPLY + REQUEST_FREE, .reply = &reply};
    if (host->gone || !host->freeing)
        return host->gone ? HOST_GONE : HOST_RETURNED;
    host->freeing = false;
    return await_reply(host, &exchange, 0);
}

void host_forget(struct host *host)
{
    for (size_t i = 0; i < 2; i++)
        if (host->outputs[i].pipe >= 0)
            close(host->outputs[i].pipe);
    if (host->pidfd >= 0)
        close(host->pidfd);
    if (host->channel >= 0)
        close(host->channel);
    if (host->link->starting == host)
        host->link->starting = NULL;
    link_buffer_give(host->link, host->incoming, host->incoming_peak);
    arena_free(&host->queue);
    free(host);
}

static struct host_ended finish(struct host *host, bool asked)
{
    struct host_ended ended = {0};
    if (host->ended) {
        ended.exited = WIFEXITED(host->wait_status);
        ended.code = ended.exited ? WEXITSTATUS(host->wait_status) : 0;
        ended.signal = ended.exited ? 0 : WTERMSIG(host->wait_status);
        ended.clean = asked && ended.exited && ended.code == 0;
    }
    host_forget(host);
    return ended;
}

void host_leave(struct host *host, bool reset_card, uint32_t timeout_ms)
{
    struct frame reply;
    struct frame_writer request = request_begin(host, REQUEST_END);
    frame_put_uint(&request, FIELD_NUMBER, reset_card);
    frame_put_uint(&request, FIELD_STEP, server_has_room(host->link));
    host->left = host_request(host, &request, timeout_ms, &reply) == HOST_RETURNED;
    if (host->left)
        wire_row(reply_bytes(&reply, FIELD_HEAD), 0, &host->end, sizeof host->end);
}

struct host_ended host_end(struct host *host, bool reset_card, uint32_t timeout_ms)
{
    uint64_t deadline = clock_ms() + (timeout_ms == 0 ? LINK_TIMEOUT_MS : timeout_ms);
    if (!host->left)
        host_leave(host, reset_card, timeout_ms);
    struct wire_end end = host->end;
    bool asked = host->left && !host->gone;
    bool unattended = asked && end.quiet != 0 && server_part(host);
    if (asked && !unattended) {
        shutdown(host->channel, SHUT_WR); /* which it waits for */
        if (!await_end(host, deadline, false)) {
            send_kill(host);
            await_end(host, clock_ms() + LINK_KILL_MS, false);
        }
        deliver_outputs(host);
    }
    struct host_ended ended = finish(host, asked);
    ended.clean = ended.clean || unattended;
    ended.load_ns = end.load_ns;
    ended.pcsc_ns = end.pcsc_ns;
    return ended;
}

struct host_ended host_kill(struct host *host)
{
    if (!host->ended) {
        send_kill(host);
        await_end(host, clock_ms() + LINK_KILL_MS, false);
    }
    return finish(host, false);
}
