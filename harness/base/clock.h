/* SPDX-License-Identifier: Apache-2.0 */
/* The monotonic clock, in the units that the harness measures in.  For deadlines and durations
 * only: no verdict depends on it. */
#ifndef MDCTS_BASE_CLOCK_H
#define MDCTS_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_ms(void)
{
    return clock_ns() / 1000000u;
}

/* Goes on when a signal comes in between. */
static inline void clock_wait_ms(uint32_t ms)
{
    struct timespec left = {ms / 1000u, (long)(ms % 1000u) * 1000000l};
    while (nanosleep(&left, &left) != 0)
        continue;
}

#endif
