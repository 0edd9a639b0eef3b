/* SPDX-License-Identifier: Apache-2.0 */
#include "mutant_html.h"

void mutant_html_write(const struct mutant_rows *rows, const char *path)
{
    (void)rows, (void)path;
}
