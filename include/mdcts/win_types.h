/* SPDX-License-Identifier: Apache-2.0 */
/* The Windows types a minidriver's interface is written in, at their Win64 widths.
 *
 * On Windows they are Windows' own.  Elsewhere there is no standard, and this file is ours: 32-bit
 * DWORD, LONG, ULONG and BOOL, 16-bit WCHAR holding UTF-16 code units, pointer-wide handles and
 * SIZE_T, natural alignment, the platform's native calling convention.  Define MDCTS_ABI_MS (for
 * the whole program) to give every WINAPI function the Microsoft x64 convention instead.
 *
 * pcsc-lite defines the same names at other widths (a 64-bit DWORD, a 16-bit BOOL), so its header
 * and this one cannot meet in one translation unit. */
#ifndef MDCTS_WIN_TYPES_H
#define MDCTS_WIN_TYPES_H

#ifdef __wintypes_h__
#error "pcsc-lite's types came first: include <winscard.h> and mdcts headers in different files"
#endif

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define MDCTS_STATIC_ASSERT static_assert
#else
#define MDCTS_STATIC_ASSERT _Static_assert
#endif

#ifdef _WIN32

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
/* windows.h comes first: the other two depend on it. */
#include <windows.h>

#include <wincrypt.h>
#include <winscard.h>

/* A UTF-16 string literal of the platform's WCHAR. */
#define MDCTS_TEXT(literal) L##literal

#else

typedef uint8_t BYTE;
typedef uint16_t WORD;
typedef uint32_t DWORD;
typedef uint32_t ULONG;
typedef int32_t LONG;
typedef int32_t BOOL;
typedef unsigned char UCHAR;
typedef char CHAR;
#ifdef __cplusplus
typedef char16_t WCHAR;
#else
typedef __CHAR16_TYPE__ WCHAR; /* what char16_t is in C; saves <uchar.h> */
#endif
typedef uint64_t ULONGLONG;
typedef uintptr_t ULONG_PTR;
typedef size_t SIZE_T;
typedef void VOID;

typedef BYTE *PBYTE;
typedef UCHAR *PUCHAR;
typedef DWORD *PDWORD;
typedef DWORD *LPDWORD;
typedef ULONG *PULONG;
typedef void *PVOID;
typedef void *LPVOID;
typedef CHAR *LPSTR;
typedef const CHAR *LPCSTR;
typedef WCHAR *LPWSTR;
typedef const WCHAR *LPCWSTR;

typedef ULONG ALG_ID;           /* wincrypt.h: a CryptoAPI algorithm identifier */
typedef ULONG_PTR SCARDCONTEXT; /* winscard.h: the value of a PC/SC context handle */
typedef ULONG_PTR SCARDHANDLE;  /* winscard.h: the value of a PC/SC card handle */

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

#ifdef MDCTS_ABI_MS
#define WINAPI __attribute__((ms_abi))
#else
#define WINAPI
#endif

#define MDCTS_TEXT(literal) u##literal

#endif /* _WIN32 */

MDCTS_STATIC_ASSERT(sizeof(BYTE) == 1 && sizeof(WORD) == 2 && sizeof(WCHAR) == 2, "narrow types");
MDCTS_STATIC_ASSERT(sizeof(DWORD) == 4 && sizeof(ULONG) == 4 && sizeof(LONG) == 4, "32-bit types");
MDCTS_STATIC_ASSERT(sizeof(BOOL) == 4 && sizeof(ALG_ID) == 4, "32-bit types");
MDCTS_STATIC_ASSERT(sizeof(SIZE_T) == sizeof(void *) && sizeof(ULONG_PTR) == sizeof(void *),
                    "pointer-wide types");
MDCTS_STATIC_ASSERT(sizeof(SCARDCONTEXT) == sizeof(void *) && sizeof(SCARDHANDLE) == sizeof(void *),
                    "PC/SC handles");

/* For the layout checks of the other headers: one figure for 64-bit pointers, one for 32-bit. */
#define MDCTS_BY_POINTER(x64, x86) (sizeof(void *) == 8 ? (size_t)(x64) : (size_t)(x86))
#define MDCTS_OFFSET(type, member, x64, x86)                                                       \
    MDCTS_STATIC_ASSERT(offsetof(type, member) == MDCTS_BY_POINTER(x64, x86), #type "." #member)
#define MDCTS_SIZE(type, x64, x86)                                                                 \
    MDCTS_STATIC_ASSERT(sizeof(type) == MDCTS_BY_POINTER(x64, x86), "size of " #type)

#endif
