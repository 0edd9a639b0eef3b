/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the link share; nobody else includes it. */
#ifndef MDCTS_LINK_INTERNAL_H
#define MDCTS_LINK_INTERNAL_H

#include "host/protocol.h"
#include "link.h"

#define LINK_ENDED_MAX     256 /* hosts whose end was told but not asked for yet */
#define LINK_TIMEOUT_MS    10000u
#define LINK_KILL_MS       10000u  /* for the kernel to end a killed process */
#define REQUEST_EVENTS_MAX 100000u /* of one request; a driver that goes on is stopped */
#define SERVER_TELLS_MS    5000u /* for the server to tell of an end that the kernel has told of */
#define OUTPUT_EVENT_BYTES                                                                         \
    16384u /* of what the driver printed, per stream and request; the rest is counted */

struct link {
    int socket;        /* to the server */
    pid_t own_server;  /* 0: somebody else's */
    uint8_t *outgoing; /* FRAME_BYTES_MAX */
    uint8_t *spare;    /* the buffer of a host that ended, for the next one; may be NULL */
    struct {
        pid_t pid;
        int status;
    } ended[LINK_ENDED_MAX];
    size_t ended_count;
    bool gone; /* the server is */
    struct host_ranges own;
    bool has_cores;
    struct link_cores cores;
    struct host *starting; /* asked for by the newest token, its number not told yet */
    uint32_t token;
    struct host *ahead; /* the next one */
    pid_t parting[LINK_PARTING_MAX];
    size_t parting_count;
};

struct output {
    int pipe; /* -1: closed */
    size_t len;
    uint64_t total;
    uint8_t bytes[OUTPUT_EVENT_BYTES];
};

struct host {
    struct link *link;
    struct host_sink sink;
    pid_t pid;
    int pidfd;
    int channel;
    struct output outputs[2]; /* stdout, stderr */
    uint8_t *incoming;        /* FRAME_BYTES_MAX; link_buffer_take()'s */
    size_t incoming_len, incoming_used;
    size_t incoming_peak;  /* how much of it was ever used */
    struct arena queue;    /* has what is queued */
    struct bytes queued;   /* requests to be sent with the next one */
    uint32_t queued_count; /* of them */
    uint32_t queued_due;   /* replies to those that were sent, still to come */
    bool queued_refused;
    bool freeing;                  /* the second reply to a call is still to be taken */
    uint32_t step, thread;         /* that events of our own are charged to */
    struct parallel_run *parallel; /* NULL: no REQUEST_PARALLEL is being carried out */
    uint64_t sequence;             /* of the last event delivered */
    uint64_t sequence_max;         /* while a request is carried out */
    bool crashed;                  /* a crash event came */
    bool ended;                    /* wait_status is valid */
    bool gone;                     /* no request can be answered any more */
    bool left;                     /* disconnected: end is valid */
    struct wire_end end;
    int wait_status;
};

/* ---- link_server.c ---- */
#define LINK_SPARE_BYTES_MAX (1u << 20) /* a buffer that held more is not kept */
/* A buffer of FRAME_BYTES_MAX; NULL if there is no memory. */
uint8_t *link_buffer_take(struct link *link);
void link_buffer_give(struct link *link, uint8_t *buffer, size_t used);
/* Reads what the server has to say, waiting up to timeout_ms for the first message. */
void server_listen(struct link *link, int timeout_ms);
/* Whether the host's end has been told; takes it. */
bool server_take_ended(struct host *host);
/* Whether one more host may end unattended. */
bool server_has_room(const struct link *link);
/* Sends the host, which waits for it, where it ends unattended; false if there is no room. */
bool server_part(const struct host *host);
/* ---- link.c ---- */
/* Closes everything of the runner's and frees host. */
void host_forget(struct host *host);

/* An empty frame of that kind to be filled and given to host_request(). */
struct frame_writer request_begin(struct host *host, uint16_t kind);
/* Keeps a request whose reply says nothing but "done", to be sent with the next one, which is
 * refused if this one was. */
enum host_outcome host_request_later(struct host *host, struct frame_writer *request);
/* Sends, hands out events, waits.  *reply is valid until the next request. */
enum host_outcome host_request(struct host *host, struct frame_writer *request, uint32_t timeout_ms,
                               struct frame *reply);

/* ---- link_call.c ---- */
bool call_fits(const struct host_call *call);
void call_put(struct frame_writer *request, const struct host_call *call);
bool call_get_result(struct arena *keep, const struct frame *reply, const struct host_call *call,
                     struct host_result *out);

/* ---- link_parallel.c ---- */
/* A note that came in the midst of a REQUEST_PARALLEL; false if it is garbage. */
bool parallel_take_note(struct host *host, const struct frame *note);
/* Whether a call has returned since the last question. */
bool parallel_goes_on(struct host *host);

/* ---- link_event.c ---- */
/* The event as a map; NULL if the frame is no well-formed event.  *content borrows from the frame.
 */
struct node *event_node(struct arena *keep, const struct frame *frame, struct bytes *content);
/* Printable text of any bytes. */
char *text_of_bytes(struct arena *keep, struct bytes bytes);
/* Hands an event of the runner's own to the sink. */
struct node *event_begin(struct host *host, const char *name);
void event_deliver(struct host *host, struct node *event);

/* ---- link_request.c ---- */
uint64_t reply_number(const struct frame *reply, uint16_t id);
struct bytes reply_bytes(const struct frame *reply, uint16_t id);
/* HOST_RETURNED if the outcome was that and the host says that it is done. */
enum host_outcome reply_outcome(enum host_outcome outcome, const struct frame *reply);
struct wire_value wire_value_of(const struct host_value *value);

#endif
