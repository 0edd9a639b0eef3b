/* SPDX-License-Identifier: Apache-2.0 */
/* Plays a case as often as its sweep asks for.
 *
 * A case with a sweep is played in rounds, each in a host of its own: in the n-th the fault strikes
 * the n-th allocation (or command to the card) of the swept call, until a round comes in which
 * there was none left to strike.  Long ones are cut short: after SWEEP_ROUNDS_ALL in turn come
 * SWEEP_ROUNDS_DRAWN more at places that the run's seed draws.  The trace has the rounds one after
 * the other, each from `begin` to `end`, and `swept` behind the last. */
#ifndef MDCTS_CASE_SWEEP_H
#define MDCTS_CASE_SWEEP_H

#include "case_run.h"

#define SWEEP_ROUNDS_ALL        64
#define SWEEP_ROUNDS_DRAWN      64
#define SWEEP_ROUNDS_EXHAUSTIVE 100000 /* with --exhaustive, in turn */
#define SWEEP_HANGS_MAX         3 /* after so many the rest is left out: each costs a deadline */

/* after is called when a host has ended.  False if no host could be had. */
bool case_sweep_play(const struct run_environment *env, struct arena *arena,
                     const struct planned *planned, void (*after)(void *data), void *data);

#endif
