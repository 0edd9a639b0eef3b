/* SPDX-License-Identifier: Apache-2.0 */
/* Where calls that run side by side wait for each other, so that they overlap by design and not by
 * luck.
 *
 * A call that takes part names a place: a callback or the PC/SC tap, where it waits until the calls
 * of all others have come to theirs; or its return, where it says that it is there and goes on.  A
 * call that returns without having been at its place is counted as there: nobody waits for what
 * won't come.  A driver that makes calls wait for each other is in the right; so whoever waits goes
 * on, too, when nobody else can come because all others wait for a lock. */
#ifndef MDCTS_HOST_MEETING_H
#define MDCTS_HOST_MEETING_H

#include "lane.h"
#include "protocol.h"

#define MEETING_LOOKS  3   /* so often in a row all others must be seen to wait for a lock */
#define MEETING_MS_MAX 500 /* the longest wait, whatever they do */

/* A new one, of so many lanes; lanes 1 to count are at work. */
void meeting_open(uint32_t expected, uint32_t count);
/* The lane's next call names its place. */
void meeting_name(enum host_meeting place);
/* This thread's call is at a place; waits if it is the one that it named. */
void meeting_come(enum host_meeting place);
/* The lane has nothing more to do. */
void meeting_leave(void);

#endif
