/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the PC/SC tap before anything else of that soname and turns its reports into events. */
#ifndef MDCTS_HOST_TAP_LINK_H
#define MDCTS_HOST_TAP_LINK_H

#include "protocol.h"

#include <stdbool.h>

/* False if it can't be loaded; the driver then gets the real library.  What it reports before the
 * channel is open is dropped. */
bool tap_load(const char *path);

/* What shall happen to the driver's commands during the call to come, and no longer. */
void tap_arm(const struct wire_call *call);
void tap_disarm(void);

#endif
