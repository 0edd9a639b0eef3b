/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for secrets in what the driver freed: only the runner knows what to look for.
 *
 * A hit becomes the event "secret" {what, where, block, offset, length}: a fact, never the bytes.
 */
#ifndef MDCTS_FREED_SEARCH_H
#define MDCTS_FREED_SEARCH_H

#include "case_run.h"

/* Searches the blocks freed during the call that has just returned for the Z of every agreement of
 * the case, in either byte order, and for the key that the call gave (len 0: none). */
void freed_search(struct case_run *run, struct bytes key);

/* Begins with the Z of the newest agreement, if the runner has a thread for that: to be called when
 * the driver is about to work for a while.  Until freed_search_secret() is asked, card_point,
 * secret and z of that binding are the thread's. */
void freed_search_ahead(struct case_run *run);

/* Z of an agreement, computed now unless it was before; data NULL: the card's key is not known. */
struct bytes freed_search_secret(struct case_run *run, struct binding *binding);

#endif
