/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign text made fit to show: what a driver or a file supplied is hostile to terminals and to
 * XML.
 *
 * Results live in keep. */
#ifndef MDCTS_REPORT_TEXT_H
#define MDCTS_REPORT_TEXT_H

#include "base/arena.h"

#define REPORT_TEXT_MAX 2000 /* bytes shown of one text; "..." stands for the rest */

/* One line for a terminal: control characters, bidirectional overrides and bytes that are no UTF-8
 * become \xNN or \uNNNN. NULL gives "". */
const char *report_text_line(struct arena *keep, const char *text);

/* UTF-8 of characters that XML 1.0 allows; U+FFFD for everything else. NULL gives "". */
const char *report_text_xml(struct arena *keep, const char *text);

/* The part of a case id before the first slash. */
const char *report_suite(struct arena *keep, const char *id);

#endif
