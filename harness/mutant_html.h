/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix of requirements and mutants as one self-contained HTML page. */
#ifndef MDCTS_MUTANT_HTML_H
#define MDCTS_MUTANT_HTML_H

#include "mutant_row.h"

/* Ends the process if the file cannot be written. */
void mutant_html_write(const struct mutant_rows *rows, const char *path);

#endif
