/* SPDX-License-Identifier: Apache-2.0 */
#include "channel.h"
#include "protocol.h"
#include "threads.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define LAST_EVENT_BYTES 4096
#define LOCK_TRIES       2000
#define WARM_BYTES       8192 /* most frames are smaller */
#define KEPT_BYTES_MAX   (FRAME_BYTES_MAX / 4)

static int channel = -1;
static pid_t owner;
static uint8_t *outgoing, *incoming; /* FRAME_BYTES_MAX each; only what is used takes memory */
static size_t incoming_len, incoming_used;
static size_t outgoing_kept; /* whole frames at its front that wait for the next send */
static size_t outgoing_peak;
static struct frame_writer writer;
static struct frame_writer dummy; /* capacity 0: everything put into it is dropped */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint32_t step;
static _Atomic uint32_t threads;
static _Thread_local uint32_t thread_number; /* 1-based; 0 = none yet */
static _Thread_local uint32_t own_step;      /* 0: the process's */

static uint8_t *map_buffer(void)
{
    void *map = mmap(NULL, FRAME_BYTES_MAX, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return map == MAP_FAILED ? NULL : map;
}

bool channel_prepare(void)
{
    outgoing = map_buffer();
    incoming = map_buffer();
    return outgoing != NULL && incoming != NULL;
}

void channel_warm(void)
{
    for (size_t i = 0; i < WARM_BYTES; i += 4096)
        ((volatile uint8_t *)outgoing)[i] = ((volatile uint8_t *)incoming)[i] = 0;
}

void channel_open(int descriptor)
{
    channel = descriptor;
    owner = getpid();
    thread_number = 1;
    threads = 1 + THREADS_MAX; /* numbers of ours are the same in each run */
}

static void put_head(struct frame_writer *to, enum event_kind kind)
{
    if (thread_number == 0)
        thread_number = ++threads;
    frame_begin(to, (uint16_t)(FRAME_EVENT_FIRST + (int)kind));
    frame_put_uint(to, EV_STEP, channel_step());
    if (thread_number != 1)
        frame_put_uint(to, EV_THREAD, thread_number - 1);
}

static void start_writing(void)
{
    pthread_mutex_lock(&lock);
    writer =
        (struct frame_writer){.data = outgoing, .capacity = FRAME_BYTES_MAX, .len = outgoing_kept};
}

struct frame_writer *channel_event(enum event_kind kind)
{
    if (getpid() != owner)
        return &dummy;
    start_writing();
    put_head(&writer, kind);
    return &writer;
}

struct frame_writer *channel_reply(uint16_t kind)
{
    if (getpid() != owner)
        return &dummy;
    start_writing();
    frame_begin(&writer, kind);
    return &writer;
}

static void send_all(const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(channel, data, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            _exit(HOST_EXIT_CHANNEL);
        data += sent;
        len -= (size_t)sent;
    }
}

bool channel_send(struct frame_writer *from)
{
    if (from != &writer)
        return false;
    bool whole = frame_end(from);
    send_all(from->data, from->len);
    outgoing_kept = 0;
    if (from->len > outgoing_peak)
        outgoing_peak = from->len;
    pthread_mutex_unlock(&lock);
    return whole;
}

bool channel_keep(struct frame_writer *from)
{
    if (from == &writer && from->len > KEPT_BYTES_MAX)
        return channel_send(from);
    if (from != &writer)
        return false;
    bool whole = frame_end(from);
    outgoing_kept = from->len;
    pthread_mutex_unlock(&lock);
    return whole;
}

struct frame_writer *channel_last_event(enum event_kind kind)
{
    static uint8_t bytes[LAST_EVENT_BYTES];
    static struct frame_writer last;
    if (getpid() != owner)
        return &dummy;
    /* Whoever holds the lock may be the very thread that crashed. */
    for (int i = 0; i < LOCK_TRIES && pthread_mutex_trylock(&lock) != 0; i++)
        sched_yield();
    last = (struct frame_writer){.data = bytes, .capacity = sizeof bytes};
    put_head(&last, kind);
    return &last;
}

void channel_send_last(struct frame_writer *from)
{
    if (from == &dummy || !frame_end(from))
        return;
    send_all(outgoing, outgoing_kept);
    send_all(from->data, from->len);
}

struct frame channel_receive(void)
{
    memmove(incoming, incoming + incoming_used, incoming_len - incoming_used);
    incoming_len -= incoming_used;
    incoming_used = 0;
    for (;;) {
        struct frame frame;
        enum frame_state state = frame_read((struct bytes){incoming, incoming_len}, &frame);
        if (state == FRAME_WHOLE) {
            incoming_used = frame.size;
            return frame;
        }
        if (state == FRAME_BAD)
            _exit(HOST_EXIT_CHANNEL);
        ssize_t got = recv(channel, incoming + incoming_len, FRAME_BYTES_MAX - incoming_len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            _exit(HOST_EXIT_CHANNEL);
        incoming_len += (size_t)got;
    }
}

void channel_end_child(void)
{
    if (getpid() != owner)
        _exit(HOST_EXIT_CHANNEL);
}

bool channel_has_more(void)
{
    uint8_t byte;
    ssize_t got;
    do
        got = recv(channel, &byte, 1, MSG_PEEK);
    while (got < 0 && errno == EINTR);
    return got > 0;
}

void channel_wipe(void)
{
    explicit_bzero(incoming + FRAME_HEADER_BYTES, incoming_used - FRAME_HEADER_BYTES);
    pthread_mutex_lock(&lock);
    explicit_bzero(outgoing, outgoing_peak);
    outgoing_peak = 0;
    pthread_mutex_unlock(&lock);
}

void channel_own(struct wire_range out[2])
{
    out[0] = (struct wire_range){(uintptr_t)outgoing, (uintptr_t)outgoing + FRAME_BYTES_MAX};
    out[1] = (struct wire_range){(uintptr_t)incoming, (uintptr_t)incoming + FRAME_BYTES_MAX};
}

void channel_set_step(uint32_t value)
{
    step = value;
}

void channel_set_own_step(uint32_t value)
{
    own_step = value;
}

uint32_t channel_step(void)
{
    return own_step != 0 ? own_step : step;
}

void channel_set_thread(uint32_t number)
{
    thread_number = number + 1;
}
