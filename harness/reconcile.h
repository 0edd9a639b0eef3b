/* SPDX-License-Identifier: Apache-2.0 */
/* What a profile declares against what probing found.
 *
 * Declared and refused fails; undeclared and refused is nobody's question; what works without being
 * declared warns, and cases judge it all the same.  A capability that the profile doesn't mention
 * is not reconciled, nor is what could not be probed for want of a PIN.  Pure: both sides stand in
 * the trace. */
#ifndef MDCTS_RECONCILE_H
#define MDCTS_RECONCILE_H

#include "finding.h"

/* Probing tries no more agreements at once than this; "at least so many" is all that cases ask. */
#define PROBE_AGREEMENTS_MAX 9

/* Takes over into found what only a declaration can tell: a key that may sign and nothing else, and
 * one that is meant to ask for a PIN, so that the cases of a key that wrongly asks for none run. */
void reconcile_adopt(struct arena *keep, const struct node *declared, struct node *found);

/* The n-th capability that can be declared; NULL behind the last. */
const char *reconcile_name(size_t n);

/* Compares it, with one finding for each difference.  False if there is nothing to compare. */
bool reconcile_compare(struct arena *keep, const char *name, const struct node *declared,
                       const struct node *found, struct finding_list *out);

/* Adds what probing was answered wrongly about it, each a failure of the requirement that was
 * noted.  False if there was nothing of the kind. */
bool reconcile_answers(struct arena *keep, const char *name, const struct node *found,
                       struct finding_list *out);

#endif
