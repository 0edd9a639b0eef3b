/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the host's own for one request, away from the C heap that it shares with the driver. */
#ifndef MDCTS_HOST_SCRATCH_H
#define MDCTS_HOST_SCRATCH_H

#include "protocol.h"

#include <stdbool.h>
#include <stddef.h>

#define SCRATCH_BYTES_MAX (96u << 20)

/* The server: makes the memory that hosts inherit. */
bool scratch_prepare(void);
/* Touches its first page. */
void scratch_warm(void);
/* NULL when SCRATCH_BYTES_MAX are in use. */
void *scratch_take(size_t size);
/* Where it is. */
struct wire_range scratch_own(void);
/* Wipes and takes back everything. */
void scratch_reset(void);

#endif
