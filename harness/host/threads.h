/* SPDX-License-Identifier: Apache-2.0 */
/* The threads that calls are made from: 0 is the one that serves the runner, the others are started
 * when they are first chosen and live as long as the process.  One call runs at a time, as the
 * card's transaction has it; which thread it runs on is all that differs. */
#ifndef MDCTS_HOST_THREADS_H
#define MDCTS_HOST_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#define THREADS_MAX 8

/* The thread of the calls that follow.  False if there can't be that one. */
bool threads_choose(uint64_t number);

/* Runs the job on the chosen thread and waits for its end. */
void threads_run(void (*job)(void *data), void *data);

#endif
