/* SPDX-License-Identifier: Apache-2.0 */
/* What probing found, as a profile that a person goes on editing. */
#ifndef MDCTS_PROBE_REPORT_H
#define MDCTS_PROBE_REPORT_H

#include "session.h"

#include <stdio.h>

/* Commented YAML that `mdcts lint` accepts.  False if it could not be written. */
bool probe_report_write(FILE *to, const struct session *session, const struct node *capabilities);

#endif
