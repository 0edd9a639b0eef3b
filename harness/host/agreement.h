/* SPDX-License-Identifier: Apache-2.0 */
/* pfnCspGetDHAgreement: turns the handle of a secret into an agreement's index, as the script of
 * the call says, and records what the driver passed. */
#ifndef MDCTS_HOST_AGREEMENT_H
#define MDCTS_HOST_AGREEMENT_H

#include "protocol.h"

/* The answers for the call to come; objects must be placed and patched.  current: the context whose
 * CARD_DATA the callback should see.  False if the rows are malformed. */
bool agreement_script(struct bytes rows, uint32_t current);

/* Win32 convention is the caller's business; see callbacks.c. */
uint32_t agreement_answer(void *card_data, void *handle, uint8_t *index, uint32_t flags,
                          enum host_variant variant);

#endif
