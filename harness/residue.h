/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for what a driver left in its process' memory, when nobody needs it any more: the secret of
 * an agreement once it is destroyed or its context deleted, a PIN once the process has no context.
 *
 * A search becomes the event "residue" {after, secrets, pin, found: [{what, where, block,
 * length}]}: facts, never the bytes.  Left out are secrets that another agreement still has, and
 * those that the caller was given as a key; memory of the host's own; what a page shares with
 * another process. Where the kernel forbids it the event says so in `why`. */
#ifndef MDCTS_RESIDUE_H
#define MDCTS_RESIDUE_H

#include "step_run.h"

#define RESIDUE_SEARCHES_MAX 4  /* of a case: the first destructions, and always deletions */
#define RESIDUE_SECRETS_MAX  16 /* looked for at once: those that ended last */
#define RESIDUE_FOUND_MAX    4
#define RESIDUE_PART_MIN     16 /* so many bytes of a secret are no chance */
#define RESIDUE_PIN_MIN      6  /* shorter ones stand in memory by chance */

/* After a call that returned: notes what ended, and whether that is a reason to search. */
void residue_after(struct step_call *call);
/* Carries out the search that is due, if any: before the driver is called again. */
void residue_search(struct case_run *run);
/* The same beside the runner, for when the host is busy with nothing but disconnecting; the driver
 * is not to be called, nor the process to end, before residue_tell(). */
void residue_search_aside(struct case_run *run);
void residue_tell(struct case_run *run);

#endif
