/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that run side by side: scripts, each on a thread of its own, all at the same time. */
#ifndef MDCTS_HOST_PARALLEL_H
#define MDCTS_HOST_PARALLEL_H

#include "protocol.h"

/* Carries out REQUEST_PARALLEL: a note when a call begins, another with its outcome, and the reply
 * when the last script has ended. */
void parallel_run(struct bytes request);

#endif
