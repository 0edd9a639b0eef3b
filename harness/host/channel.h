/* SPDX-License-Identifier: Apache-2.0 */
/* The host's end of the link: sends events and replies in one order, receives requests.
 *
 * Anything may send from any thread: channel_event() takes a lock that channel_send() gives back,
 * so the two always come in pairs.  When the channel is gone the process ends with
 * HOST_EXIT_CHANNEL. A child that the driver forked sends nothing: both functions then do nothing
 * and the writer is a dummy. */
#ifndef MDCTS_HOST_CHANNEL_H
#define MDCTS_HOST_CHANNEL_H

#include "../base/frame.h"
#include "protocol.h"

/* The server: makes the buffers that hosts inherit. */
bool channel_prepare(void);
/* Touches the first pages of them. */
void channel_warm(void);
/* A host: from here on frames are sent. */
void channel_open(int descriptor);

/* An event with step and thread already in it. */
struct frame_writer *channel_event(enum event_kind kind);
struct frame_writer *channel_reply(uint16_t kind);
/* True if it was sent; false if the frame had grown too large and was dropped. */
bool channel_send(struct frame_writer *writer);
/* Leaves the frame to go out with what is sent next, which spares the runner from waking twice: for
 * frames of our own making that a reply follows at once.  A large one goes out now.  False as
 * channel_send(). */
bool channel_keep(struct frame_writer *writer);

/* For a signal handler: waits for the lock only a while. */
struct frame_writer *channel_last_event(enum event_kind kind);
void channel_send_last(struct frame_writer *writer);

/* The next request; it stays valid until the next call.  Ends the process when there is no other
 * side. */
struct frame channel_receive(void);
/* Ends the process if it isn't the one that opened the channel. */
void channel_end_child(void);
/* Waits for the next request; false if the runner will send none. */
bool channel_has_more(void);
/* Wipes the request and everything sent since. */
void channel_wipe(void);

/* Where the buffers are. */
void channel_own(struct wire_range out[2]);

/* The step that events are charged to. */
void channel_set_step(uint32_t step);
/* The same for this thread's events alone; 0: no longer. */
void channel_set_own_step(uint32_t step);
uint32_t channel_step(void);
/* What this thread is called in events. */
void channel_set_thread(uint32_t number);

#endif
