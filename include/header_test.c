/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled once per header and compiler, the header included ahead of everything; then all of them,
 * twice, to show that they live together and guard themselves. */
#include "mdcts/cardmod.h"
#include "mdcts/cng.h"
#include "mdcts/status.h"
#include "mdcts/win_types.h"

#include "mdcts/cardmod.h"
#include "mdcts/status.h"

extern const WCHAR *header_test_name;
const WCHAR *header_test_name = BCRYPT_KDF_SP80056A_CONCAT;

#define ONE_NUMBER(name) (unsigned long)(name),
extern const unsigned long header_test_numbers[];
const unsigned long header_test_numbers[] = {MDCTS_STATUS_TABLE(ONE_NUMBER) 0};

extern const unsigned long header_test_flags[];
const unsigned long header_test_flags[] = {
    CARD_RETURN_KEY_HANDLE,     CARD_BUFFER_SIZE_ONLY, KDF_USE_SECRET_AS_HMAC_KEY_FLAG,
    KDF_NCRYPT_SECRET_HANDLE,   KDF_SUPPPRIVINFO,      BCRYPT_ECDH_PUBLIC_P521_MAGIC,
    SCARD_PROVIDER_CARD_MODULE, NCRYPTBUFFER_VERSION,  (unsigned long)sizeof(CARD_DATA)};
