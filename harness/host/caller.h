/* SPDX-License-Identifier: Apache-2.0 */
/* One call into the driver: places its memory, calls, compares, reports.  Main thread only. */
#ifndef MDCTS_HOST_CALLER_H
#define MDCTS_HOST_CALLER_H

#include "protocol.h"

/* Loads the driver into the server, so that every host forked from it has it.  driver is borrowed
 * for good. */
bool caller_preload(const char *driver);

/* dlopen and look-up of the export, with event "load"; false if there is nothing to call. */
bool caller_load(const char *driver);
/* How long that took. */
uint64_t caller_load_ns(void);

/* Carries out REQUEST_CALL and sends its reply. */
void caller_run(struct bytes request);

/* The entry point that is running; NULL between calls.  For signal handlers. */
const char *caller_entry(void);

#endif
