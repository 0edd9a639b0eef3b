/* SPDX-License-Identifier: Apache-2.0 */
/* What the driver's file calls the places that findings name.
 *
 * A child process reads the file; whatever becomes of it costs names and nothing else. */
#ifndef MDCTS_NAMES_H
#define MDCTS_NAMES_H

#include "base/node.h"

#define NAMES_TIMEOUT_MS 15000 /* for all files together */

/* wanted: strings "MODULE+0xADDRESS".  A module is the driver's own file or one beside it, others
 * stay unnamed.  A list as in the trace's line "places", maybe empty. */
struct node *names_find(struct arena *keep, const char *driver, const struct node *wanted);

#endif
