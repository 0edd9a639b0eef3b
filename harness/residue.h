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

/* After a call that returned: notes what ended, and searches if it was a reason to. */
void residue_after(struct step_call *call);

#endif
