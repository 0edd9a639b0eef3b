/* SPDX-License-Identifier: Apache-2.0 */
/* pfnCspPadData and pfnCspUnpadData: recorded, and refused with SCARD_E_UNSUPPORTED_FEATURE.
 * No step signs or decrypts yet; a driver that calls them elsewhere is worth seeing. */
#ifndef MDCTS_HOST_PADDING_H
#define MDCTS_HOST_PADDING_H

#include "mdcts/cardmod.h"

DWORD WINAPI padding_pad(PCARD_SIGNING_INFO info, DWORD width, DWORD *len, PBYTE *data);
DWORD WINAPI padding_unpad(PCARD_RSA_DECRYPT_INFO info, DWORD *len, PBYTE *data);

#endif
