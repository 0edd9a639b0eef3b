/* SPDX-License-Identifier: Apache-2.0 */
/* pfnCspPadData and pfnCspUnpadData: PKCS #1 version 1.5, as the Base CSP does it for cards that
 * only exponentiate.
 *
 * What they return is a block of the driver's heap, which the driver frees with pfnCspFree.  Other
 * padding is refused with SCARD_E_UNSUPPORTED_FEATURE, pointers that can't be read with
 * SCARD_E_INVALID_PARAMETER.  Each call is recorded.  Source: SPEC7.07 3.2; RFC 8017 sections 8.2
 * and 9.2. */
#ifndef MDCTS_HOST_PADDING_H
#define MDCTS_HOST_PADDING_H

#include "mdcts/cardmod.h"

/* The digest of info as a block of width bytes, most significant byte first. */
DWORD WINAPI padding_pad(PCARD_SIGNING_INFO info, DWORD width, DWORD *len, PBYTE *data);

/* The message in the decrypted block of info, which lies least significant byte first, in its own
 * order. info must be of version 2: ERROR_REVISION_MISMATCH. */
DWORD WINAPI padding_unpad(PCARD_RSA_DECRYPT_INFO info, DWORD *len, PBYTE *data);

#endif
