/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the PC/SC tap before anything else of that soname and turns its reports into events. */
#ifndef MDCTS_HOST_TAP_LINK_H
#define MDCTS_HOST_TAP_LINK_H

#include <stdbool.h>

/* False if it can't be loaded; the driver then gets the real library.  What it reports before the
 * channel is open is dropped. */
bool tap_load(const char *path);

#endif
