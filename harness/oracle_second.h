/* SPDX-License-Identifier: Apache-2.0 */
/* Guesses how a second secret (KDF_SECRET_HANDLE) entered a derivation.
 *
 * No source defines it, so nothing is judged by the answer: it is a note for the reader. */
#ifndef MDCTS_ORACLE_SECOND_H
#define MDCTS_ORACLE_SECOND_H

#include "oracle.h"

/* request is the derivation as it was sent, z the first secret.  Names the arithmetic that gives
 * key, if it is a known one; else NULL, also where both secrets are the same. */
const char *oracle_recognise_second_secret(const struct oracle *oracle,
                                           const struct oracle_request *request,
                                           struct bytes second, struct bytes key);

/* The known ones; NULL behind the last. */
const char *oracle_second_secret_guess(size_t index);

#endif
