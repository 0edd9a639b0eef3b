/* SPDX-License-Identifier: Apache-2.0 */
#include "meeting.h"
#include "channel.h"

#include "../base/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PATH_BYTES 64
#define LOOK_MS    1

static const char *const place_names[] = {"nowhere",           "CspAlloc",      "CspFree",
                                          "CspGetDHAgreement", "SCardTransmit", "return"};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static uint32_t expected, arrived, lanes;
static bool waiting[LANES], left[LANES];
static enum host_meeting named[LANES]; /* read and written by its own lane only */

void meeting_open(uint32_t number, uint32_t count)
{
    static bool made;
    pthread_condattr_t monotonic;
    if (!made) {
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&changed, &monotonic);
        made = true;
    }
    expected = number;
    arrived = 0;
    lanes = count;
    for (uint32_t lane = 0; lane < LANES; lane++) {
        waiting[lane] = left[lane] = false;
        named[lane] = MEET_NOWHERE;
    }
}

void meeting_name(enum host_meeting place)
{
    named[lane_number()] = place;
}

/* Whether the thread sleeps until somebody gives it a lock. */
static bool waits_for_lock(pid_t thread)
{
    char path[PATH_BYTES], text[PATH_BYTES];
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)thread);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    if (len <= 0)
        return false;
    text[len] = '\0';
    char *end;
    long number = strtol(text, &end, 10); /* "running", or the number of a system call */
    return end != text && number == SYS_futex;
}

static bool nobody_can_come(void)
{
    for (uint32_t lane = 1; lane <= lanes; lane++)
        if (!waiting[lane] && !left[lane] && !waits_for_lock(threads_id(lane)))
            return false;
    return true;
}

static void wait_a_moment(void)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&changed, &lock, &until);
}

/* Whether all came. */
static bool wait_for_all(uint32_t lane)
{
    uint64_t end = clock_ns() + MEETING_MS_MAX * UINT64_C(1000000);
    uint32_t looks = 0;
    waiting[lane] = true;
    while (arrived < expected && looks < MEETING_LOOKS && clock_ns() < end) {
        wait_a_moment();
        looks = nobody_can_come() ? looks + 1 : 0;
    }
    waiting[lane] = false;
    return arrived >= expected;
}

void meeting_come(enum host_meeting place)
{
    uint32_t lane = lane_number();
    bool here = named[lane] == place, returns = place == MEET_RETURN;
    if (named[lane] == MEET_NOWHERE || (!here && !returns))
        return;
    pthread_mutex_lock(&lock);
    named[lane] = MEET_NOWHERE;
    arrived++;
    pthread_cond_broadcast(&changed);
    bool met = returns ? here : wait_for_all(lane);
    pthread_mutex_unlock(&lock);
    struct frame_writer *event = channel_event(EVENT_MEET);
    frame_put_text(event, EV_AT, place_names[place]);
    frame_put_uint(event, EV_OK, met);
    channel_send(event);
}

void meeting_leave(void)
{
    uint32_t lane = lane_number();
    pthread_mutex_lock(&lock);
    left[lane] = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}
