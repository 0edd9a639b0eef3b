/* SPDX-License-Identifier: Apache-2.0 */
/* What CardDeriveKey and the public key blobs borrow from CNG: the parameter list, the names and
 * types of key derivation parameters, the ECC public key blob.
 * Source: Microsoft's CNG reference (BCryptDeriveKey, BCryptBuffer, BCryptBufferDesc,
 * BCRYPT_ECCKEY_BLOB, the algorithm identifiers).  Names are u"..." literals, for comparison with
 * LPWSTR arguments. */
#ifndef MDCTS_CNG_H
#define MDCTS_CNG_H

#include "mdcts/win_types.h"

#ifdef _WIN32

#include <bcrypt.h>
#include <ncrypt.h>

#else

/* One parameter.  The caller owns everything it points to; a driver only reads it, during the
 * call. */
typedef struct _BCryptBuffer {
    ULONG cbBuffer;   /* bytes at pvBuffer */
    ULONG BufferType; /* KDF_* */
    PVOID pvBuffer;   /* the value; for KDF_SECRET_HANDLE the handle itself, not a pointer to it */
} BCryptBuffer, *PBCryptBuffer;

/* The list: cBuffers parameters in an order that matters for PREPEND and APPEND. */
typedef struct _BCryptBufferDesc {
    ULONG ulVersion; /* BCRYPTBUFFER_VERSION; CNG itself does not look at it */
    ULONG cBuffers;
    PBCryptBuffer pBuffers;
} BCryptBufferDesc, *PBCryptBufferDesc;

#define BCRYPTBUFFER_VERSION            0

/* ncrypt.h's names for the same. */
typedef BCryptBuffer NCryptBuffer, *PNCryptBuffer;
typedef BCryptBufferDesc NCryptBufferDesc, *PNCryptBufferDesc;
#define NCRYPTBUFFER_VERSION            BCRYPTBUFFER_VERSION

/* Parameter types (BufferType). */
#define KDF_HASH_ALGORITHM              0x00 /* UTF-16 name; cbBuffer counts its NUL */
#define KDF_SECRET_PREPEND              0x01 /* bytes, before the secret; repeatable, in order */
#define KDF_SECRET_APPEND               0x02 /* bytes, behind the secret; repeatable, in order */
#define KDF_HMAC_KEY                    0x03 /* bytes */
#define KDF_TLS_PRF_LABEL               0x04 /* single-byte characters, without a NUL */
#define KDF_TLS_PRF_SEED                0x05 /* 64 bytes: client random, server random */
#define KDF_SECRET_HANDLE               0x06 /* handle of another secret agreement */
#define KDF_TLS_PRF_PROTOCOL            0x07 /* DWORD: 0x0301 ... */
#define KDF_ALGORITHMID                 0x08 /* bytes, SP 800-56A OtherInfo */
#define KDF_PARTYUINFO                  0x09 /* bytes, SP 800-56A OtherInfo */
#define KDF_PARTYVINFO                  0x0A /* bytes, SP 800-56A OtherInfo */
#define KDF_SUPPPUBINFO                 0x0B /* bytes, SP 800-56A OtherInfo, optional */
#define KDF_SUPPPRIVINFO                0x0C /* bytes, SP 800-56A OtherInfo, optional */

/* dwFlags of HMAC: the secret agreement is the HMAC key. */
#define KDF_USE_SECRET_AS_HMAC_KEY_FLAG 0x1

/* The header of an ECC key blob; X and Y follow, cbKey bytes each, most significant byte first. */
typedef struct _BCRYPT_ECCKEY_BLOB {
    ULONG dwMagic; /* BCRYPT_ECD*_*_MAGIC */
    ULONG cbKey;   /* bytes of one coordinate: 32, 48, 66 */
} BCRYPT_ECCKEY_BLOB, *PBCRYPT_ECCKEY_BLOB;

#define BCRYPT_ECDH_PUBLIC_P256_MAGIC   0x314B4345 /* "ECK1" */
#define BCRYPT_ECDH_PRIVATE_P256_MAGIC  0x324B4345
#define BCRYPT_ECDH_PUBLIC_P384_MAGIC   0x334B4345 /* "ECK3" */
#define BCRYPT_ECDH_PRIVATE_P384_MAGIC  0x344B4345
#define BCRYPT_ECDH_PUBLIC_P521_MAGIC   0x354B4345 /* "ECK5" */
#define BCRYPT_ECDH_PRIVATE_P521_MAGIC  0x364B4345
#define BCRYPT_ECDSA_PUBLIC_P256_MAGIC  0x31534345 /* "ECS1" */
#define BCRYPT_ECDSA_PRIVATE_P256_MAGIC 0x32534345
#define BCRYPT_ECDSA_PUBLIC_P384_MAGIC  0x33534345 /* "ECS3" */
#define BCRYPT_ECDSA_PRIVATE_P384_MAGIC 0x34534345
#define BCRYPT_ECDSA_PUBLIC_P521_MAGIC  0x35534345 /* "ECS5" */
#define BCRYPT_ECDSA_PRIVATE_P521_MAGIC 0x36534345

/* Padding information of CardSignData and CardRSADecrypt; pszAlgId is one of the hash names. */
typedef struct _BCRYPT_PKCS1_PADDING_INFO {
    LPCWSTR pszAlgId; /* NULL: no DigestInfo is put in front of the data */
} BCRYPT_PKCS1_PADDING_INFO;

typedef struct _BCRYPT_PSS_PADDING_INFO {
    LPCWSTR pszAlgId;
    ULONG cbSalt; /* bytes */
} BCRYPT_PSS_PADDING_INFO;

typedef struct _BCRYPT_OAEP_PADDING_INFO {
    LPCWSTR pszAlgId;
    PUCHAR pbLabel;
    ULONG cbLabel; /* bytes */
} BCRYPT_OAEP_PADDING_INFO;

#endif /* _WIN32 */

/* The minidriver texts spell the type of a second secret this way. */
#ifndef KDF_NCRYPT_SECRET_HANDLE
#define KDF_NCRYPT_SECRET_HANDLE KDF_SECRET_HANDLE
#endif
/* Later types; headers older than Windows 10 lack some. */
#ifndef KDF_LABEL
#define KDF_LABEL 0x0D
#endif
#ifndef KDF_CONTEXT
#define KDF_CONTEXT 0x0E
#endif
#ifndef KDF_SALT
#define KDF_SALT 0x0F
#endif
#ifndef KDF_ITERATION_COUNT
#define KDF_ITERATION_COUNT 0x10 /* ULONGLONG */
#endif
#ifndef KDF_GENERIC_PARAMETER
#define KDF_GENERIC_PARAMETER 0x11
#endif
#ifndef KDF_KEYBITLENGTH
#define KDF_KEYBITLENGTH 0x12 /* ULONG, bits */
#endif
#ifndef KDF_HKDF_SALT
#define KDF_HKDF_SALT 0x13
#endif
#ifndef KDF_HKDF_INFO
#define KDF_HKDF_INFO 0x14
#endif
#ifndef BCRYPT_ECDH_PUBLIC_GENERIC_MAGIC
#define BCRYPT_ECDH_PUBLIC_GENERIC_MAGIC 0x504B4345
#endif
#ifndef BCRYPT_ECDH_PRIVATE_GENERIC_MAGIC
#define BCRYPT_ECDH_PRIVATE_GENERIC_MAGIC 0x564B4345
#endif
#ifndef BCRYPT_ECDSA_PUBLIC_GENERIC_MAGIC
#define BCRYPT_ECDSA_PUBLIC_GENERIC_MAGIC 0x50444345
#endif
#ifndef BCRYPT_ECDSA_PRIVATE_GENERIC_MAGIC
#define BCRYPT_ECDSA_PRIVATE_GENERIC_MAGIC 0x56444345
#endif

/* Names of key derivation functions.  The string of the concatenation KDF is spelt otherwise than
 * its macro. */
#ifndef BCRYPT_KDF_HASH
#define BCRYPT_KDF_HASH MDCTS_TEXT("HASH")
#endif
#ifndef BCRYPT_KDF_HMAC
#define BCRYPT_KDF_HMAC MDCTS_TEXT("HMAC")
#endif
#ifndef BCRYPT_KDF_TLS_PRF
#define BCRYPT_KDF_TLS_PRF MDCTS_TEXT("TLS_PRF")
#endif
#ifndef BCRYPT_KDF_SP80056A_CONCAT
#define BCRYPT_KDF_SP80056A_CONCAT MDCTS_TEXT("SP800_56A_CONCAT")
#endif
#ifndef BCRYPT_KDF_RAW_SECRET
#define BCRYPT_KDF_RAW_SECRET MDCTS_TEXT("TRUNCATE")
#endif
#ifndef BCRYPT_KDF_HKDF
#define BCRYPT_KDF_HKDF MDCTS_TEXT("HKDF")
#endif

/* Names of hashes and of the ciphers a derived key handle may be for. */
#ifndef BCRYPT_MD5_ALGORITHM
#define BCRYPT_MD5_ALGORITHM MDCTS_TEXT("MD5")
#endif
#ifndef BCRYPT_SHA1_ALGORITHM
#define BCRYPT_SHA1_ALGORITHM MDCTS_TEXT("SHA1")
#endif
#ifndef BCRYPT_SHA256_ALGORITHM
#define BCRYPT_SHA256_ALGORITHM MDCTS_TEXT("SHA256")
#endif
#ifndef BCRYPT_SHA384_ALGORITHM
#define BCRYPT_SHA384_ALGORITHM MDCTS_TEXT("SHA384")
#endif
#ifndef BCRYPT_SHA512_ALGORITHM
#define BCRYPT_SHA512_ALGORITHM MDCTS_TEXT("SHA512")
#endif
#ifndef BCRYPT_3DES_ALGORITHM
#define BCRYPT_3DES_ALGORITHM MDCTS_TEXT("3DES")
#endif
#ifndef BCRYPT_3DES_112_ALGORITHM
#define BCRYPT_3DES_112_ALGORITHM MDCTS_TEXT("3DES_112")
#endif
#ifndef BCRYPT_AES_ALGORITHM
#define BCRYPT_AES_ALGORITHM MDCTS_TEXT("AES")
#endif

MDCTS_SIZE(BCryptBuffer, 16, 12);
MDCTS_OFFSET(BCryptBuffer, BufferType, 4, 4);
MDCTS_OFFSET(BCryptBuffer, pvBuffer, 8, 8);
MDCTS_SIZE(BCryptBufferDesc, 16, 12);
MDCTS_OFFSET(BCryptBufferDesc, cBuffers, 4, 4);
MDCTS_OFFSET(BCryptBufferDesc, pBuffers, 8, 8);
MDCTS_SIZE(BCRYPT_ECCKEY_BLOB, 8, 8);

#endif
