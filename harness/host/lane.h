/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the calls that run side by side this thread makes.
 *
 * What belongs to a call in progress is kept once for each lane.  Lane 0 is that of all calls that
 * come one after the other, whichever thread makes them, and of threads that nobody knows; a script
 * of REQUEST_PARALLEL has the number of its thread. */
#ifndef MDCTS_HOST_LANE_H
#define MDCTS_HOST_LANE_H

#include "threads.h"

#define LANES (THREADS_MAX + 1u)

uint32_t lane_number(void);
void lane_enter(uint32_t lane);

/* The host's own state outside lanes: held by whoever prepares a call or looks at what it left, by
 * nobody while the driver runs. */
void lanes_lock(void);
void lanes_unlock(void);

#endif
