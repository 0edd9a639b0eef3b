/* SPDX-License-Identifier: Apache-2.0 */
/* A thread of the runner's that works beside it on processors that are idle: one piece of work at a
 * time, which shares nothing with the runner until aside_wait(). */
#ifndef MDCTS_ASIDE_H
#define MDCTS_ASIDE_H

#include <sched.h>

struct aside;

/* NULL if the system has no thread for us. */
struct aside *aside_new(const cpu_set_t *cores);
/* Waits for the work at hand. aside may be NULL. */
void aside_free(struct aside *aside);

/* Starts work(data), once the one before is done; without a thread (NULL) it is done when this
 * returns. */
void aside_start(struct aside *aside, void (*work)(void *data), void *data);
/* Returns when the work is done; at once if there is none. */
void aside_wait(struct aside *aside);

#endif
