/* SPDX-License-Identifier: Apache-2.0 */
/* Results as JUnit XML, for CI systems.  The only module that knows libxml2.
 *
 * A suite is the first part of a case id.  FAIL is a failure; CRASH, HANG, BLOCKED and BROKEN are
 * errors, and so is `run/complete` of a run that was cut short; SKIP and WAIVED are skipped, with
 * the reason; WARN and INFO pass and say so in system-out. */
#ifndef MDCTS_JUNIT_H
#define MDCTS_JUNIT_H

#include "results.h"

#define JUNIT_SUITES_MAX 200

/* False if it could not be written; nothing of it is left then. */
bool junit_write(const char *path, const struct results *results);

#endif
