/* SPDX-License-Identifier: Apache-2.0 */
/* The threads that calls are made from: 0 is the one that serves the runner, the others are started
 * when they are first wanted and live as long as the process. */
#ifndef MDCTS_HOST_THREADS_H
#define MDCTS_HOST_THREADS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define THREADS_MAX 8u

/* The thread of the calls that follow.  False if there can't be that one. */
bool threads_choose(uint64_t number);

/* Runs the job on the chosen thread and waits for its end. */
void threads_run(void (*job)(void *data), void *data);

/* Starts the thread, 1 to THREADS_MAX, if it isn't; false if there can't be that one. */
bool threads_start(uint32_t number);
/* Gives a started thread its job; threads_await() waits for the end. */
void threads_give(uint32_t number, void (*job)(void *data), void *data);
void threads_await(uint32_t number);

/* What the kernel calls a started thread. */
pid_t threads_id(uint32_t number);

#endif
