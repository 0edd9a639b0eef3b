/* SPDX-License-Identifier: Apache-2.0 */
/* Which mutants only one instrument sees: with it switched off they pass for right.
 *
 * Memory that runs out, faults at the card and threads are played by cases that say so: an
 * instrument of that kind is off where all that was found was found in its cases.  The ledger and
 * the search for secrets watch every case: they are off when the mutant's trace is judged again
 * without what they wrote, and what ended by a trap of the ledger's is left out. */
#ifndef MDCTS_MUTANT_INSTRUMENT_H
#define MDCTS_MUTANT_INSTRUMENT_H

#include "base/node.h"
#include "mutant_row.h"

enum instrument {
    INSTRUMENT_MEMORY,
    INSTRUMENT_LEDGER,
    INSTRUMENT_SECRETS,
    INSTRUMENT_FAULTS,
    INSTRUMENT_THREADS
};
#define INSTRUMENT_COUNT (INSTRUMENT_THREADS + 1)

/* "the ledger" */
const char *instrument_name(enum instrument instrument);

/* The instruments that a planned case plays, as bits 1 << enum instrument. */
unsigned instruments_of_plan(const struct node *plan);

/* The instruments without which this mutant's run shows nothing worse than INFO, as bits.  results
 * and dir are the run's; played says what a case of that id plays. */
unsigned instruments_alone(struct arena *keep, const struct node *results, const char *dir,
                           unsigned (*played)(const char *id));

#endif
