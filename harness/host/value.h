/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the runner's (see link.h) become numbers; addresses become facts. */
#ifndef MDCTS_HOST_VALUE_H
#define MDCTS_HOST_VALUE_H

#include "protocol.h"

/* False if the value names something that isn't there. */
bool value_resolve(struct wire_value value, uint64_t *out);

/* Fills kind, index, offset, size, live and address.  For signal handlers too. */
void pointer_classify(uint64_t address, struct wire_followed *out);

#endif
