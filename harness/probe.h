/* SPDX-License-Identifier: Apache-2.0 */
/* Finds out what a driver and its card can do, by asking them as any caller would.
 *
 * Each group of questions has a host of its own, so that a driver that crashes in one still answers
 * the others.  Nothing on the card is changed; the PINs that the run has are entered where
 * agreements need them.
 */
#ifndef MDCTS_PROBE_H
#define MDCTS_PROBE_H

#include "case_run.h"
#include "reconcile.h"

#define PROBE_CONTAINERS_MAX 32

/* The `capabilities` map of the trace, in keep.  Events of the probe belong to no case. */
struct node *probe_capabilities(const struct run_environment *env, struct arena *keep);

/* The role whose PIN an agreement wants and nobody gave: "3"; NULL: there is none. */
const char *probe_pin_missing(const struct node *capabilities);

#endif
