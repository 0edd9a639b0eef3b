/* SPDX-License-Identifier: Apache-2.0 */
/* The return codes that minidrivers give, expected or not, and a table that names them.
 * Values: Microsoft's published list of smart card return values, and winerror.h's published system
 * error codes.  They are DWORDs; compare them unsigned. */
#ifndef MDCTS_STATUS_H
#define MDCTS_STATUS_H

#ifdef _WIN32

#include "mdcts/win_types.h"

#include <winerror.h>

#else

/* Plain system errors.  The specification itself names the revision, buffer and memory ones. */
#define ERROR_SUCCESS                   0x00000000u
#define ERROR_INVALID_FUNCTION          0x00000001u
#define ERROR_FILE_NOT_FOUND            0x00000002u
#define ERROR_ACCESS_DENIED             0x00000005u
#define ERROR_INVALID_HANDLE            0x00000006u
#define ERROR_NOT_ENOUGH_MEMORY         0x00000008u
#define ERROR_INVALID_DATA              0x0000000Du
#define ERROR_OUTOFMEMORY               0x0000000Eu
#define ERROR_NOT_SUPPORTED             0x00000032u
#define ERROR_INVALID_PARAMETER         0x00000057u
#define ERROR_CALL_NOT_IMPLEMENTED      0x00000078u
#define ERROR_INSUFFICIENT_BUFFER       0x0000007Au
#define ERROR_MORE_DATA                 0x000000EAu
#define ERROR_REVISION_MISMATCH         0x0000051Au
#define ERROR_INTERNAL_ERROR            0x0000054Fu

/* The smart card family: what a minidriver should answer with. */
#define SCARD_S_SUCCESS                 0x00000000u
#define SCARD_F_INTERNAL_ERROR          0x80100001u
#define SCARD_E_CANCELLED               0x80100002u
#define SCARD_E_INVALID_HANDLE          0x80100003u
#define SCARD_E_INVALID_PARAMETER       0x80100004u
#define SCARD_E_INVALID_TARGET          0x80100005u
#define SCARD_E_NO_MEMORY               0x80100006u
#define SCARD_F_WAITED_TOO_LONG         0x80100007u
#define SCARD_E_INSUFFICIENT_BUFFER     0x80100008u
#define SCARD_E_UNKNOWN_READER          0x80100009u
#define SCARD_E_TIMEOUT                 0x8010000Au
#define SCARD_E_SHARING_VIOLATION       0x8010000Bu
#define SCARD_E_NO_SMARTCARD            0x8010000Cu
#define SCARD_E_UNKNOWN_CARD            0x8010000Du
#define SCARD_E_CANT_DISPOSE            0x8010000Eu
#define SCARD_E_PROTO_MISMATCH          0x8010000Fu
#define SCARD_E_NOT_READY               0x80100010u
#define SCARD_E_INVALID_VALUE           0x80100011u
#define SCARD_E_SYSTEM_CANCELLED        0x80100012u
#define SCARD_F_COMM_ERROR              0x80100013u
#define SCARD_F_UNKNOWN_ERROR           0x80100014u
#define SCARD_E_INVALID_ATR             0x80100015u
#define SCARD_E_NOT_TRANSACTED          0x80100016u
#define SCARD_E_READER_UNAVAILABLE      0x80100017u
#define SCARD_P_SHUTDOWN                0x80100018u
#define SCARD_E_PCI_TOO_SMALL           0x80100019u
#define SCARD_E_READER_UNSUPPORTED      0x8010001Au
#define SCARD_E_DUPLICATE_READER        0x8010001Bu
#define SCARD_E_CARD_UNSUPPORTED        0x8010001Cu
#define SCARD_E_NO_SERVICE              0x8010001Du
#define SCARD_E_SERVICE_STOPPED         0x8010001Eu
#define SCARD_E_UNEXPECTED              0x8010001Fu
#define SCARD_E_ICC_INSTALLATION        0x80100020u
#define SCARD_E_ICC_CREATEORDER         0x80100021u
#define SCARD_E_UNSUPPORTED_FEATURE     0x80100022u /* Windows' value; pcsc-lite's differs */
#define SCARD_E_DIR_NOT_FOUND           0x80100023u
#define SCARD_E_FILE_NOT_FOUND          0x80100024u
#define SCARD_E_NO_DIR                  0x80100025u
#define SCARD_E_NO_FILE                 0x80100026u
#define SCARD_E_NO_ACCESS               0x80100027u
#define SCARD_E_WRITE_TOO_MANY          0x80100028u
#define SCARD_E_BAD_SEEK                0x80100029u
#define SCARD_E_INVALID_CHV             0x8010002Au
#define SCARD_E_UNKNOWN_RES_MNG         0x8010002Bu
#define SCARD_E_NO_SUCH_CERTIFICATE     0x8010002Cu
#define SCARD_E_CERTIFICATE_UNAVAILABLE 0x8010002Du
#define SCARD_E_NO_READERS_AVAILABLE    0x8010002Eu
#define SCARD_E_COMM_DATA_LOST          0x8010002Fu
#define SCARD_E_NO_KEY_CONTAINER        0x80100030u
#define SCARD_E_SERVER_TOO_BUSY         0x80100031u
#define SCARD_W_UNSUPPORTED_CARD        0x80100065u
#define SCARD_W_UNRESPONSIVE_CARD       0x80100066u
#define SCARD_W_UNPOWERED_CARD          0x80100067u
#define SCARD_W_RESET_CARD              0x80100068u
#define SCARD_W_REMOVED_CARD            0x80100069u
#define SCARD_W_SECURITY_VIOLATION      0x8010006Au
#define SCARD_W_WRONG_CHV               0x8010006Bu
#define SCARD_W_CHV_BLOCKED             0x8010006Cu
#define SCARD_W_EOF                     0x8010006Du
#define SCARD_W_CANCELLED_BY_USER       0x8010006Eu
#define SCARD_W_CARD_NOT_AUTHENTICATED  0x8010006Fu

/* Codes of the key storage layer.  A minidriver should not return them; some do. */
#define NTE_BAD_UID                     0x80090001u
#define NTE_BAD_HASH                    0x80090002u
#define NTE_BAD_KEY                     0x80090003u
#define NTE_BAD_LEN                     0x80090004u
#define NTE_BAD_DATA                    0x80090005u
#define NTE_BAD_VER                     0x80090007u
#define NTE_BAD_ALGID                   0x80090008u
#define NTE_BAD_FLAGS                   0x80090009u
#define NTE_BAD_TYPE                    0x8009000Au
#define NTE_NO_MEMORY                   0x8009000Eu
#define NTE_PERM                        0x80090010u
#define NTE_NOT_FOUND                   0x80090011u
#define NTE_FAIL                        0x80090020u
#define NTE_SILENT_CONTEXT              0x80090022u
#define NTE_INVALID_HANDLE              0x80090026u
#define NTE_INVALID_PARAMETER           0x80090027u
#define NTE_BUFFER_TOO_SMALL            0x80090028u
#define NTE_NOT_SUPPORTED               0x80090029u
#define NTE_INTERNAL_ERROR              0x8009002Du

#endif /* _WIN32 */

/* MDCTS_STATUS_TABLE(X) expands X(NAME) once per code, ascending; X may use
 * NAME and #NAME.  SCARD_S_SUCCESS stands for zero: ERROR_SUCCESS has no row, so that each number
 * has one name. */
#define MDCTS_STATUS_TABLE(X)                                                                      \
    X(SCARD_S_SUCCESS)                                                                             \
    X(ERROR_INVALID_FUNCTION)                                                                      \
    X(ERROR_FILE_NOT_FOUND)                                                                        \
    X(ERROR_ACCESS_DENIED)                                                                         \
    X(ERROR_INVALID_HANDLE)                                                                        \
    X(ERROR_NOT_ENOUGH_MEMORY)                                                                     \
    X(ERROR_INVALID_DATA)                                                                          \
    X(ERROR_OUTOFMEMORY)                                                                           \
    X(ERROR_NOT_SUPPORTED)                                                                         \
    X(ERROR_INVALID_PARAMETER)                                                                     \
    X(ERROR_CALL_NOT_IMPLEMENTED)                                                                  \
    X(ERROR_INSUFFICIENT_BUFFER)                                                                   \
    X(ERROR_MORE_DATA)                                                                             \
    X(ERROR_REVISION_MISMATCH)                                                                     \
    X(ERROR_INTERNAL_ERROR)                                                                        \
    X(NTE_BAD_UID)                                                                                 \
    X(NTE_BAD_HASH)                                                                                \
    X(NTE_BAD_KEY)                                                                                 \
    X(NTE_BAD_LEN)                                                                                 \
    X(NTE_BAD_DATA)                                                                                \
    X(NTE_BAD_VER)                                                                                 \
    X(NTE_BAD_ALGID)                                                                               \
    X(NTE_BAD_FLAGS)                                                                               \
    X(NTE_BAD_TYPE)                                                                                \
    X(NTE_NO_MEMORY)                                                                               \
    X(NTE_PERM)                                                                                    \
    X(NTE_NOT_FOUND)                                                                               \
    X(NTE_FAIL)                                                                                    \
    X(NTE_SILENT_CONTEXT)                                                                          \
    X(NTE_INVALID_HANDLE)                                                                          \
    X(NTE_INVALID_PARAMETER)                                                                       \
    X(NTE_BUFFER_TOO_SMALL)                                                                        \
    X(NTE_NOT_SUPPORTED)                                                                           \
    X(NTE_INTERNAL_ERROR)                                                                          \
    X(SCARD_F_INTERNAL_ERROR)                                                                      \
    X(SCARD_E_CANCELLED)                                                                           \
    X(SCARD_E_INVALID_HANDLE)                                                                      \
    X(SCARD_E_INVALID_PARAMETER)                                                                   \
    X(SCARD_E_INVALID_TARGET)                                                                      \
    X(SCARD_E_NO_MEMORY)                                                                           \
    X(SCARD_F_WAITED_TOO_LONG)                                                                     \
    X(SCARD_E_INSUFFICIENT_BUFFER)                                                                 \
    X(SCARD_E_UNKNOWN_READER)                                                                      \
    X(SCARD_E_TIMEOUT)                                                                             \
    X(SCARD_E_SHARING_VIOLATION)                                                                   \
    X(SCARD_E_NO_SMARTCARD)                                                                        \
    X(SCARD_E_UNKNOWN_CARD)                                                                        \
    X(SCARD_E_CANT_DISPOSE)                                                                        \
    X(SCARD_E_PROTO_MISMATCH)                                                                      \
    X(SCARD_E_NOT_READY)                                                                           \
    X(SCARD_E_INVALID_VALUE)                                                                       \
    X(SCARD_E_SYSTEM_CANCELLED)                                                                    \
    X(SCARD_F_COMM_ERROR)                                                                          \
    X(SCARD_F_UNKNOWN_ERROR)                                                                       \
    X(SCARD_E_INVALID_ATR)                                                                         \
    X(SCARD_E_NOT_TRANSACTED)                                                                      \
    X(SCARD_E_READER_UNAVAILABLE)                                                                  \
    X(SCARD_P_SHUTDOWN)                                                                            \
    X(SCARD_E_PCI_TOO_SMALL)                                                                       \
    X(SCARD_E_READER_UNSUPPORTED)                                                                  \
    X(SCARD_E_DUPLICATE_READER)                                                                    \
    X(SCARD_E_CARD_UNSUPPORTED)                                                                    \
    X(SCARD_E_NO_SERVICE)                                                                          \
    X(SCARD_E_SERVICE_STOPPED)                                                                     \
    X(SCARD_E_UNEXPECTED)                                                                          \
    X(SCARD_E_ICC_INSTALLATION)                                                                    \
    X(SCARD_E_ICC_CREATEORDER)                                                                     \
    X(SCARD_E_UNSUPPORTED_FEATURE)                                                                 \
    X(SCARD_E_DIR_NOT_FOUND)                                                                       \
    X(SCARD_E_FILE_NOT_FOUND)                                                                      \
    X(SCARD_E_NO_DIR)                                                                              \
    X(SCARD_E_NO_FILE)                                                                             \
    X(SCARD_E_NO_ACCESS)                                                                           \
    X(SCARD_E_WRITE_TOO_MANY)                                                                      \
    X(SCARD_E_BAD_SEEK)                                                                            \
    X(SCARD_E_INVALID_CHV)                                                                         \
    X(SCARD_E_UNKNOWN_RES_MNG)                                                                     \
    X(SCARD_E_NO_SUCH_CERTIFICATE)                                                                 \
    X(SCARD_E_CERTIFICATE_UNAVAILABLE)                                                             \
    X(SCARD_E_NO_READERS_AVAILABLE)                                                                \
    X(SCARD_E_COMM_DATA_LOST)                                                                      \
    X(SCARD_E_NO_KEY_CONTAINER)                                                                    \
    X(SCARD_E_SERVER_TOO_BUSY)                                                                     \
    X(SCARD_W_UNSUPPORTED_CARD)                                                                    \
    X(SCARD_W_UNRESPONSIVE_CARD)                                                                   \
    X(SCARD_W_UNPOWERED_CARD)                                                                      \
    X(SCARD_W_RESET_CARD)                                                                          \
    X(SCARD_W_REMOVED_CARD)                                                                        \
    X(SCARD_W_SECURITY_VIOLATION)                                                                  \
    X(SCARD_W_WRONG_CHV)                                                                           \
    X(SCARD_W_CHV_BLOCKED)                                                                         \
    X(SCARD_W_EOF)                                                                                 \
    X(SCARD_W_CANCELLED_BY_USER)                                                                   \
    X(SCARD_W_CARD_NOT_AUTHENTICATED)

#endif
