/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for secrets in the driver's log files: those that the profile's `logs` name, as far as they
 * have grown since the last look.
 *
 * Looked for are the secrets and keys of the case, as bytes or as hexadecimal digits with or
 * without separators, and the PINs that went to the driver.  A look becomes the event "residue"
 * {after: "log", log: true, found: [{what, where, length}]}. */
#ifndef MDCTS_RESIDUE_LOG_H
#define MDCTS_RESIDUE_LOG_H

#include "case_run.h"

#define RESIDUE_LOGS_MAX      64                /* files */
#define RESIDUE_LOG_BYTES_MAX ((size_t)4 << 20) /* of one, at once: the last ones */
#define RESIDUE_LOG_PIN_MIN   4
#define RESIDUE_KEY_MIN       16 /* shorter keys stand in a file by chance */

/* At the start of a run: what the files hold already is not looked at. */
void residue_log_start(const struct node *globs);

/* At a case's end, when its host is gone.  Nothing where the profile names no logs. */
void residue_log_search(struct case_run *run);

#endif
