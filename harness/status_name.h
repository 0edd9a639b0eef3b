/* SPDX-License-Identifier: Apache-2.0 */
/* Return codes by name, from the table in include/mdcts/status.h. */
#ifndef MDCTS_STATUS_NAME_H
#define MDCTS_STATUS_NAME_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL for a number without a name. */
const char *status_name(uint32_t status);

/* The name, or 0x and eight digits. */
const char *status_text(struct arena *keep, uint32_t status);

bool status_from_name(const char *name, uint32_t *out);

/* Every name, for "did you mean". */
const char *const *status_names(size_t *count);

#endif
