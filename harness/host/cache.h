/* SPDX-License-Identifier: Apache-2.0 */
/* pfnCspCacheAddFile, pfnCspCacheLookupFile, pfnCspCacheDeleteFile: a working cache in this
 * process' memory.
 *
 * Files are keyed by cache context and tag.  A file that was looked up comes as a block of the
 * ledger. */
#ifndef MDCTS_HOST_CACHE_H
#define MDCTS_HOST_CACHE_H

#include "mdcts/cardmod.h"

#include <stdbool.h>
#include <stdint.h>

#define CACHE_FILES_MAX  128
#define CACHE_TAG_BYTES  256 /* with its NUL */
#define CACHE_FILE_BYTES (1u << 20)

DWORD WINAPI cache_add(PVOID context, LPWSTR tag, DWORD flags, PBYTE data, DWORD len);
DWORD WINAPI cache_lookup(PVOID context, LPWSTR tag, DWORD flags, PBYTE *data, PDWORD len);
/* Whether the address lies in what a file holds. */
bool cache_holds(uintptr_t address);

DWORD WINAPI cache_delete(PVOID context, LPWSTR tag, DWORD flags);

#endif
