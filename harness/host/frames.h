/* SPDX-License-Identifier: Apache-2.0 */
/* Which code of the driver's stands behind an event: the calls that lead there, the innermost
 * first, as "MODULE+0xADDRESS MODULE+0xADDRESS ..." with addresses as the module's file counts
 * them.  Names are for the runner: nothing here reads a symbol.
 *
 * The host's own frames are left out.  What a driver did to its stack or to the loader's lists
 * costs frames and nothing else. */
#ifndef MDCTS_HOST_FRAMES_H
#define MDCTS_HOST_FRAMES_H

#include "../base/frame.h"

#include <stdint.h>
#include <ucontext.h>

#define FRAMES_MAX        4
#define FRAMES_CRASH_MAX  12 /* the C library's own stand in front where it ends the process */
#define FRAMES_TEXT_BYTES 512

struct frames {
    uint32_t count;
    size_t len;
    char text[FRAMES_TEXT_BYTES];
};

/* Does what the first unwinding of a process does once. */
void frames_warm(void);

/* One frame, at next to no cost: who called the function that will return there. */
void frames_caller(struct frames *out, const void *return_address);
/* The calls that lead here.  Some microseconds. */
void frames_chain(struct frames *out);
/* The calls that lead to a crash; for signal handlers. */
void frames_crash(struct frames *out, const ucontext_t *state);
/* For a signal handler: doesn't come back if the signal is unwinding's own. */
void frames_recover(void);

/* As EV_FRAMES, unless there is none. */
void frames_put(struct frame_writer *event, const struct frames *frames);

#endif
