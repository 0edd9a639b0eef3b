/* SPDX-License-Identifier: Apache-2.0 */
/* Runners side by side: worker processes that play a share of the cases into the same trace.
 *
 * Workers are forked before anything is started and wait for the capabilities that the first runner
 * finds; each has a session of its own (supervisor, daemon, card).  A worker that fails leaves
 * cases that were never played.  Workers die with their parent. */
#ifndef MDCTS_JOBS_H
#define MDCTS_JOBS_H

#include "base/node.h"

#include <sys/types.h>

#define JOBS_MAX 16

struct jobs {
    unsigned count; /* workers besides the first runner */
    pid_t pids[JOBS_MAX];
    int pipes[JOBS_MAX];
};

/* How many processors this process may use, at most JOBS_MAX. */
unsigned jobs_processors(void);

/* Forks a worker, number 1 and up, that runs work(data, number, from) and exits with its result;
 * from is what jobs_tell() will be read from.  False if it can't be forked. */
bool jobs_start(struct jobs *jobs, int (*work)(void *data, unsigned number, int from), void *data);

/* Gives every worker that has not been told yet the capabilities, and lets it start.  NULL: there
 * is nothing to do. */
void jobs_tell(struct jobs *jobs, const struct node *capabilities);

/* In a worker: what jobs_tell() gave, in keep; NULL if there is nothing to do. */
struct node *jobs_hear(struct arena *keep, int from);

/* Asks every worker to stop after the case under way.  May be called by a signal handler. */
void jobs_stop(const struct jobs *jobs);

/* Waits until every worker has ended.  How many of them did not do all of their share. */
unsigned jobs_wait(struct jobs *jobs);

#endif
