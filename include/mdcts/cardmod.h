/* SPDX-License-Identifier: Apache-2.0 */
/* The smart card minidriver interface, versions 4 to 7: structures, constants, function types.
 *
 * Written from Microsoft's published "Windows Smart Card Minidriver Specification" 7.07 and its
 * reference pages; section numbers below are that document's.  Two rules hold throughout:
 * - Memory (2.3.4): who makes a buffer takes it from pfnCspAlloc, who consumes it frees it with
 *   pfnCspFree.  "Driver's block" below means: made by the driver, freed by the caller.
 * - Versions (2.5): the caller writes the version it wants, the driver the one both will use.
 * Lengths are bytes unless a comment says otherwise.  Every entry point returns a DWORD, 0 for
 * success. */
#ifndef MDCTS_CARDMOD_H
#define MDCTS_CARDMOD_H

#include "mdcts/win_types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _CARD_DATA CARD_DATA, *PCARD_DATA;

/* ---- Versions of CARD_DATA (4.1.1) ---- */
#define CARD_DATA_VERSION_FOUR    4u /* RSA and files; the smallest */
#define CARD_DATA_VERSION_FIVE    5u /* secret agreement and key derivation */
#define CARD_DATA_VERSION_SIX     6u /* several PINs, properties */
#define CARD_DATA_VERSION_SEVEN   7u /* secure key injection, symmetric key handles */
#define CARD_DATA_CURRENT_VERSION CARD_DATA_VERSION_SEVEN

/* A figure the driver does not know. */
#define CARD_DATA_VALUE_UNKNOWN ((DWORD)-1)

/* How calais names the module behind a provider of a card: SCardGetCardTypeProviderName. */
#ifndef SCARD_PROVIDER_CARD_MODULE
#define SCARD_PROVIDER_CARD_MODULE 0x80000001u
#endif

/* dwFlags of CardAcquireContext: no card, secure key injection only. */
#define CARD_SECURE_KEY_INJECTION_NO_CARD_MODE 0x1u

/* ---- Flags of several calls ---- */
#define CARD_RETURN_KEY_HANDLE    0x01000000u /* CardDeriveKey, version 2: hKey instead of bytes */
#define CARD_BUFFER_SIZE_ONLY     0x20000000u /* only the size of the result is wanted */
#define CARD_PADDING_INFO_PRESENT 0x40000000u /* pPaddingInfo is valid */
#define CARD_PADDING_NONE         0x1u
#define CARD_PADDING_PKCS1        0x2u
#define CARD_PADDING_PSS          0x4u
#define CARD_PADDING_OAEP         0x8u

/* ---- Key specifications (4.6.1) ---- */
#ifndef AT_KEYEXCHANGE
#define AT_KEYEXCHANGE 1
#endif
#ifndef AT_SIGNATURE
#define AT_SIGNATURE 2
#endif
#define AT_ECDSA_P256 3u
#define AT_ECDSA_P384 4u
#define AT_ECDSA_P521 5u
#define AT_ECDHE_P256 6u
#define AT_ECDHE_P384 7u
#define AT_ECDHE_P521 8u

/* dwFlags of CardCreateContainer. */
#define CARD_CREATE_CONTAINER_KEY_GEN    1u
#define CARD_CREATE_CONTAINER_KEY_IMPORT 2u

/* ---- Users, roles, PINs (4.2) ---- */
typedef DWORD PIN_ID, *PPIN_ID;
typedef DWORD PIN_SET, *PPIN_SET; /* bit n is PIN n */

#define wszCARD_USER_EVERYONE MDCTS_TEXT("anonymous")
#define wszCARD_USER_USER     MDCTS_TEXT("user")
#define wszCARD_USER_ADMIN    MDCTS_TEXT("admin")

#define ROLE_EVERYONE 0u
#define ROLE_USER     1u
#define ROLE_ADMIN    2u
#define MAX_PINS      8u

#define PIN_SET_NONE           0x00u
#define PIN_SET_ALL_ROLES      0xFFu
#define CREATE_PIN_SET(PinId)  (1u << (PinId))
#define SET_PIN(set, PinId)    ((set) |= CREATE_PIN_SET(PinId))
#define IS_PIN_SET(set, PinId) (0 != ((set)&CREATE_PIN_SET(PinId)))
#define CLEAR_PIN(set, PinId)  ((set) &= ~CREATE_PIN_SET(PinId))

/* dwFlags of CardAuthenticateEx. */
#define CARD_AUTHENTICATE_GENERATE_SESSION_PIN 0x10000000u
#define CARD_AUTHENTICATE_SESSION_PIN          0x20000000u
#define CARD_PIN_SILENT_CONTEXT                0x00000040u
/* dwFlags of CardUnblockPin and CardChangeAuthenticator. */
#define CARD_AUTHENTICATE_PIN_CHALLENGE_RESPONSE 0x1u
#define CARD_AUTHENTICATE_PIN_PIN                0x2u
/* dwFlags of CardChangeAuthenticatorEx. */
#define PIN_CHANGE_FLAG_UNBLOCK   0x1u
#define PIN_CHANGE_FLAG_CHANGEPIN 0x2u
/* CP_CARD_PIN_STRENGTH_*: a set. */
#define CARD_PIN_STRENGTH_PLAINTEXT   0x1u
#define CARD_PIN_STRENGTH_SESSION_PIN 0x2u

typedef enum {
    AlphaNumericPinType,
    ExternalPinType, /* entered on the reader or another device */
    ChallengeResponsePinType,
    EmptyPinType, /* nothing to enter */
} SECRET_TYPE;

typedef enum {
    AuthenticationPin,
    DigitalSignaturePin,
    EncryptionPin,
    NonRepudiationPin,
    AdministratorPin,
    PrimaryCardPin,
    UnblockOnlyPin,
} SECRET_PURPOSE;

typedef enum {
    PinCacheNormal,
    PinCacheTimed, /* dwPinCachePolicyInfo seconds */
    PinCacheNone,
    PinCacheAlwaysPrompt,
} PIN_CACHE_POLICY_TYPE;

#define PIN_CACHE_POLICY_CURRENT_VERSION 6u
typedef struct _PIN_CACHE_POLICY {
    DWORD dwVersion;
    PIN_CACHE_POLICY_TYPE PinCachePolicyType;
    DWORD dwPinCachePolicyInfo;
} PIN_CACHE_POLICY, *PPIN_CACHE_POLICY;

#define PIN_INFO_CURRENT_VERSION      6u
#define PIN_INFO_REQUIRE_SECURE_ENTRY 0x1u
typedef struct _PIN_INFO { /* CP_CARD_PIN_INFO; the property's dwFlags name the PIN */
    DWORD dwVersion;
    SECRET_TYPE PinType;
    SECRET_PURPOSE PinPurpose;
    PIN_SET dwChangePermission;
    PIN_SET dwUnblockPermission;
    PIN_CACHE_POLICY PinCachePolicy;
    DWORD dwFlags;
} PIN_INFO, *PPIN_INFO;

/* ---- Files (4.3, "File System Requirements") ---- */
typedef enum {
    InvalidDirAc,
    UserCreateDeleteDirAc,  /* everyone lists, user creates and deletes */
    AdminCreateDeleteDirAc, /* everyone lists, administrator creates and deletes */
} CARD_DIRECTORY_ACCESS_CONDITION;

typedef enum {
    InvalidAc,
    EveryoneReadUserWriteAc,
    UserWriteExecuteAc,
    EveryoneReadAdminWriteAc,
    UnknownAc,
    UserReadWriteAc,
    AdminReadWriteAc,
} CARD_FILE_ACCESS_CONDITION;

#define szBASE_CSP_DIR                 "mscp"
#define szCACHE_FILE                   "cardcf"
#define szCARD_IDENTIFIER_FILE         "cardid"
#define szCARD_APPLICATION_FILE        "cardapps"
#define szCONTAINER_MAP_FILE           "cmapfile"
#define szROOT_STORE_FILE              "msroots"
#define szUSER_SIGNATURE_CERT_PREFIX   "ksc"
#define szUSER_KEYEXCHANGE_CERT_PREFIX "kxc"

#define CARD_CACHE_FILE_CURRENT_VERSION 1
typedef struct _CARD_CACHE_FILE_FORMAT { /* cardcf: compared with the caller's own copy */
    BYTE bVersion;
    BYTE bPinsFreshness;
    WORD wContainersFreshness;
    WORD wFilesFreshness;
} CARD_CACHE_FILE_FORMAT, *PCARD_CACHE_FILE_FORMAT;

#define MAX_CONTAINER_NAME_LEN          39 /* characters, without the NUL */
#define CONTAINER_MAP_VALID_CONTAINER   1
#define CONTAINER_MAP_DEFAULT_CONTAINER 2
typedef struct _CONTAINER_MAP_RECORD { /* cmapfile: record n describes container n */
    WCHAR wszGuid[MAX_CONTAINER_NAME_LEN + 1];
    BYTE bFlags;
    BYTE bReserved;
    WORD wSigKeySizeBits;         /* 0: no signature key */
    WORD wKeyExchangeKeySizeBits; /* 0: no key exchange key */
} CONTAINER_MAP_RECORD, *PCONTAINER_MAP_RECORD;

#define CARD_FILE_INFO_CURRENT_VERSION 1u
typedef struct _CARD_FILE_INFO {
    DWORD dwVersion;
    DWORD cbFileSize;
    CARD_FILE_ACCESS_CONDITION AccessCondition;
} CARD_FILE_INFO, *PCARD_FILE_INFO;

#define CARD_FREE_SPACE_INFO_CURRENT_VERSION 1u
typedef struct _CARD_FREE_SPACE_INFO { /* each figure may be CARD_DATA_VALUE_UNKNOWN */
    DWORD dwVersion;
    DWORD dwBytesAvailable;
    DWORD dwKeyContainersAvailable;
    DWORD dwMaxKeyContainers;
} CARD_FREE_SPACE_INFO, *PCARD_FREE_SPACE_INFO;

/* ---- The card and its containers (4.4, 4.6) ---- */
#define CARD_CAPABILITIES_CURRENT_VERSION 1u
typedef struct _CARD_CAPABILITIES {
    DWORD dwVersion;
    BOOL fCertificateCompression; /* the driver compresses; else the caller does */
    BOOL fKeyGen;                 /* the card can generate keys */
} CARD_CAPABILITIES, *PCARD_CAPABILITIES;

#define CARD_KEY_SIZES_CURRENT_VERSION 1u
typedef struct _CARD_KEY_SIZES { /* bits; for ECC minimum = default = maximum, step 1 */
    DWORD dwVersion;
    DWORD dwMinimumBitlen;
    DWORD dwDefaultBitlen;
    DWORD dwMaximumBitlen;
    DWORD dwIncrementalBitlen;
} CARD_KEY_SIZES, *PCARD_KEY_SIZES;

#define CONTAINER_INFO_CURRENT_VERSION 1u
typedef struct _CONTAINER_INFO { /* both keys are driver's blocks; an absent one stays unset */
    DWORD dwVersion;
    DWORD dwReserved;
    DWORD cbSigPublicKey;
    PBYTE pbSigPublicKey; /* RSA: PUBLICKEYSTRUC blob; ECDSA: BCRYPT_ECCKEY_BLOB, X, Y */
    DWORD cbKeyExPublicKey;
    PBYTE pbKeyExPublicKey; /* RSA: PUBLICKEYSTRUC blob; ECDH: BCRYPT_ECCKEY_BLOB, X, Y */
} CONTAINER_INFO, *PCONTAINER_INFO;

/* ---- Private key operations (4.7) ---- */
#define CARD_RSA_KEY_DECRYPT_INFO_VERSION_ONE     1u
#define CARD_RSA_KEY_DECRYPT_INFO_VERSION_TWO     2u
#define CARD_RSA_KEY_DECRYPT_INFO_CURRENT_VERSION CARD_RSA_KEY_DECRYPT_INFO_VERSION_TWO
typedef struct _CARD_RSA_DECRYPT_INFO {
    DWORD dwVersion;
    BYTE bContainerIndex;
    DWORD dwKeySpec;
    PBYTE pbData; /* in: cryptogram, out: plain text, least significant byte first */
    DWORD cbData;
    PVOID pPaddingInfo; /* from version 2, valid from CARD_DATA 7 on: BCRYPT_*_PADDING_INFO */
    DWORD dwPaddingType;
} CARD_RSA_DECRYPT_INFO, *PCARD_RSA_DECRYPT_INFO;

#define CARD_SIGNING_INFO_BASIC_VERSION   1u
#define CARD_SIGNING_INFO_CURRENT_VERSION 2u
typedef struct _CARD_SIGNING_INFO {
    DWORD dwVersion;
    BYTE bContainerIndex;
    DWORD dwKeySpec;
    DWORD dwSigningFlags; /* CARD_BUFFER_SIZE_ONLY, CARD_PADDING_INFO_PRESENT, CryptoAPI flags */
    ALG_ID aiHashAlg;
    PBYTE pbData; /* what to sign: a digest */
    DWORD cbData;
    PBYTE pbSignedData; /* out: driver's block */
    DWORD cbSignedData;
    PVOID pPaddingInfo; /* from version 2: BCRYPT_*_PADDING_INFO */
    DWORD dwPaddingType;
} CARD_SIGNING_INFO, *PCARD_SIGNING_INFO;

#define CARD_DH_AGREEMENT_INFO_VERSION 2u /* 1 is no longer supported */
typedef struct _CARD_DH_AGREEMENT_INFO {
    DWORD dwVersion;
    BYTE bContainerIndex; /* the container whose private key is used */
    DWORD dwFlags;        /* 0 */
    DWORD dwPublicKey;    /* length of pbPublicKey */
    PBYTE pbPublicKey;    /* the peer's key: BCRYPT_ECCKEY_BLOB, X, Y; the caller's */
    PBYTE pbReserved;
    DWORD cbReserved;
    BYTE bSecretAgreementIndex; /* out: opaque name of the agreement */
} CARD_DH_AGREEMENT_INFO, *PCARD_DH_AGREEMENT_INFO;

typedef ULONG_PTR CARD_KEY_HANDLE, *PCARD_KEY_HANDLE;

#define CARD_DERIVE_KEY_VERSION         1u /* ends behind cbDerivedKey */
#define CARD_DERIVE_KEY_VERSION_TWO     2u
#define CARD_DERIVE_KEY_VERSION_2       CARD_DERIVE_KEY_VERSION_TWO /* the text's spelling */
#define CARD_DERIVE_KEY_CURRENT_VERSION CARD_DERIVE_KEY_VERSION_TWO
typedef struct _CARD_DERIVE_KEY {
    DWORD dwVersion;
    DWORD dwFlags;  /* KDF_USE_SECRET_AS_HMAC_KEY_FLAG, CARD_* of "Flags" above */
    LPWSTR pwszKDF; /* BCRYPT_KDF_* */
    BYTE bSecretAgreementIndex;
    PVOID pParameterList; /* BCryptBufferDesc * or NULL */
    PUCHAR pbDerivedKey;  /* out; texts disagree on who allocates (4.7.3, CARD_DERIVE_KEY page) */
    DWORD cbDerivedKey;   /* out */
    LPWSTR pwszAlgId;     /* from version 2, for a handle: "3DES", "3DES_112", "AES" */
    DWORD dwKeyLen;       /* bits */
    CARD_KEY_HANDLE hKey; /* out; released with CardDestroyKey */
} CARD_DERIVE_KEY, *PCARD_DERIVE_KEY;

/* Bytes of version 1 of the structure. */
#define MDCTS_CARD_DERIVE_KEY_SIZE_1 offsetof(CARD_DERIVE_KEY, pwszAlgId)

/* ---- Secure key injection (4.8) ---- */
typedef struct _CARD_ENCRYPTED_DATA { /* arrays and their blobs are driver's blocks */
    PBYTE pbEncryptedData;
    DWORD cbEncryptedData;
} CARD_ENCRYPTED_DATA, *PCARD_ENCRYPTED_DATA;

/* CP_KEY_IMPORT_SUPPORT: a set. */
#define CARD_KEY_IMPORT_PLAIN_TEXT       0x1u
#define CARD_KEY_IMPORT_RSA_KEYEST       0x2u
#define CARD_KEY_IMPORT_ECC_KEYEST       0x4u
#define CARD_KEY_IMPORT_SHARED_SYMMETRIC 0x8u
/* dwFlags of CP_ENUM_ALGORITHMS. */
#define CARD_CIPHER_OPERATION     0x1u
#define CARD_ASYMMETRIC_OPERATION 0x2u

/* ---- Properties (4.4.6, 4.6.7): name, type of the value; what dwFlags says ---- */
/* clang-format off */
#define CP_CARD_FREE_SPACE           MDCTS_TEXT("Free Space")           /* CARD_FREE_SPACE_INFO */
#define CP_CARD_CAPABILITIES         MDCTS_TEXT("Capabilities")         /* CARD_CAPABILITIES */
#define CP_CARD_KEYSIZES             MDCTS_TEXT("Key Sizes")            /* CARD_KEY_SIZES; spec */
#define CP_CARD_READ_ONLY            MDCTS_TEXT("Read Only Mode")       /* BOOL */
#define CP_CARD_CACHE_MODE           MDCTS_TEXT("Cache Mode")           /* DWORD, CP_CACHE_MODE_* */
#define CP_SUPPORTS_WIN_X509_ENROLLMENT MDCTS_TEXT("Supports Windows x.509 Enrollment") /* BOOL */
#define CP_CARD_GUID                 MDCTS_TEXT("Card Identifier")      /* 16 bytes */
#define CP_CARD_SERIAL_NO            MDCTS_TEXT("Card Serial Number")   /* bytes */
#define CP_CARD_PIN_INFO             MDCTS_TEXT("PIN Information")      /* PIN_INFO; PIN_ID */
#define CP_CARD_LIST_PINS            MDCTS_TEXT("PIN List")             /* PIN_SET */
#define CP_CARD_AUTHENTICATED_STATE  MDCTS_TEXT("Authenticated State")  /* PIN_SET */
#define CP_CARD_PIN_STRENGTH_VERIFY  MDCTS_TEXT("PIN Strength Verify")  /* DWORD; PIN_ID */
#define CP_CARD_PIN_STRENGTH_CHANGE  MDCTS_TEXT("PIN Strength Change")  /* DWORD; PIN_ID */
#define CP_CARD_PIN_STRENGTH_UNBLOCK MDCTS_TEXT("PIN Strength Unblock") /* DWORD; PIN_ID */
#define CP_PARENT_WINDOW             MDCTS_TEXT("Parent Window")        /* HWND, set only */
#define CP_PIN_CONTEXT_STRING        MDCTS_TEXT("PIN Context String")   /* LPWSTR, set only */
#define CP_KEY_IMPORT_SUPPORT        MDCTS_TEXT("Key Import Support")   /* DWORD */
#define CP_ENUM_ALGORITHMS           MDCTS_TEXT("Algorithms")           /* multi-string */
#define CP_PADDING_SCHEMES           MDCTS_TEXT("Padding Schemes")      /* DWORD */
#define CP_CHAINING_MODES            MDCTS_TEXT("Chaining Modes")       /* multi-string */

#define CP_CACHE_MODE_GLOBAL_CACHE  1u
#define CP_CACHE_MODE_SESSION_ONLY  2u
#define CP_CACHE_MODE_NO_CACHE      3u

#define CCP_CONTAINER_INFO      MDCTS_TEXT("Container Info")      /* CONTAINER_INFO */
#define CCP_PIN_IDENTIFIER      MDCTS_TEXT("PIN Identifier")      /* PIN_ID */
#define CCP_ASSOCIATED_ECDH_KEY MDCTS_TEXT("Associated ECDH Key") /* BYTE, a container index */
/* clang-format on */

/* ---- Callbacks: the caller's functions (3.2) ---- */
typedef LPVOID(WINAPI *PFN_CSP_ALLOC)(SIZE_T Size); /* NULL: out of memory */
typedef LPVOID(WINAPI *PFN_CSP_REALLOC)(LPVOID Address, SIZE_T Size);
typedef void(WINAPI *PFN_CSP_FREE)(LPVOID Address);
/* The cache copies what it is given; what a look-up returns, the driver frees.  dwFlags is 0. */
typedef DWORD(WINAPI *PFN_CSP_CACHE_ADD_FILE)(PVOID pvCacheContext, LPWSTR wszTag, DWORD dwFlags,
                                              PBYTE pbData, DWORD cbData);
typedef DWORD(WINAPI *PFN_CSP_CACHE_LOOKUP_FILE)(PVOID pvCacheContext, LPWSTR wszTag, DWORD dwFlags,
                                                 PBYTE *ppbData, PDWORD pcbData);
typedef DWORD(WINAPI *PFN_CSP_CACHE_DELETE_FILE)(PVOID pvCacheContext, LPWSTR wszTag,
                                                 DWORD dwFlags);
/* The padded or unpadded buffer is made by the caller's side and freed by the driver. */
typedef DWORD(WINAPI *PFN_CSP_PAD_DATA)(PCARD_SIGNING_INFO pSigningInfo, DWORD cbMaxWidth,
                                        DWORD *pcbPaddedBuffer, PBYTE *ppbPaddedBuffer);
typedef DWORD(WINAPI *PFN_CSP_UNPAD_DATA)(PCARD_RSA_DECRYPT_INFO pRSADecryptInfo,
                                          DWORD *pcbUnpaddedData, PBYTE *ppbUnpaddedData);
/* Turns the handle of a second secret into the index of its agreement (3.2.3.3).
 * hSecretAgreement identifies the parameter; dwFlags is 0; nonzero: not an agreement of this card.
 */
typedef DWORD(WINAPI *PFN_CSP_GET_DH_AGREEMENT)(PCARD_DATA pCardData, PVOID hSecretAgreement,
                                                BYTE *pbSecretAgreementIndex, DWORD dwFlags);

/* ---- Entry points: the driver's functions ---- */
typedef DWORD(WINAPI *PFN_CARD_ACQUIRE_CONTEXT)(PCARD_DATA pCardData, DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_DELETE_CONTEXT)(PCARD_DATA pCardData);
typedef DWORD(WINAPI *PFN_CARD_QUERY_CAPABILITIES)(PCARD_DATA pCardData,
                                                   PCARD_CAPABILITIES pCardCapabilities);
typedef DWORD(WINAPI *PFN_CARD_DELETE_CONTAINER)(PCARD_DATA pCardData, BYTE bContainerIndex,
                                                 DWORD dwReserved);
typedef DWORD(WINAPI *PFN_CARD_CREATE_CONTAINER)(PCARD_DATA pCardData, BYTE bContainerIndex,
                                                 DWORD dwFlags, DWORD dwKeySpec, DWORD dwKeySize,
                                                 PBYTE pbKeyData);
typedef DWORD(WINAPI *PFN_CARD_GET_CONTAINER_INFO)(PCARD_DATA pCardData, BYTE bContainerIndex,
                                                   DWORD dwFlags, PCONTAINER_INFO pContainerInfo);
typedef DWORD(WINAPI *PFN_CARD_AUTHENTICATE_PIN)(PCARD_DATA pCardData, LPWSTR pwszUserId,
                                                 PBYTE pbPin, DWORD cbPin,
                                                 PDWORD pcAttemptsRemaining);
typedef DWORD(WINAPI *PFN_CARD_GET_CHALLENGE)(PCARD_DATA pCardData, PBYTE *ppbChallengeData,
                                              PDWORD pcbChallengeData);
typedef DWORD(WINAPI *PFN_CARD_AUTHENTICATE_CHALLENGE)(PCARD_DATA pCardData, PBYTE pbResponseData,
                                                       DWORD cbResponseData,
                                                       PDWORD pcAttemptsRemaining);
typedef DWORD(WINAPI *PFN_CARD_UNBLOCK_PIN)(PCARD_DATA pCardData, LPWSTR pwszUserId,
                                            PBYTE pbAuthenticationData, DWORD cbAuthenticationData,
                                            PBYTE pbNewPinData, DWORD cbNewPinData,
                                            DWORD cRetryCount, DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_CHANGE_AUTHENTICATOR)(PCARD_DATA pCardData, LPWSTR pwszUserId,
                                                     PBYTE pbCurrentAuthenticator,
                                                     DWORD cbCurrentAuthenticator,
                                                     PBYTE pbNewAuthenticator,
                                                     DWORD cbNewAuthenticator, DWORD cRetryCount,
                                                     DWORD dwFlags, PDWORD pcAttemptsRemaining);
typedef DWORD(WINAPI *PFN_CARD_DEAUTHENTICATE)(PCARD_DATA pCardData, LPWSTR pwszUserId,
                                               DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_CREATE_DIRECTORY)(PCARD_DATA pCardData, LPSTR pszDirectoryName,
                                                 CARD_DIRECTORY_ACCESS_CONDITION AccessCondition);
typedef DWORD(WINAPI *PFN_CARD_DELETE_DIRECTORY)(PCARD_DATA pCardData, LPSTR pszDirectoryName);
typedef DWORD(WINAPI *PFN_CARD_CREATE_FILE)(PCARD_DATA pCardData, LPSTR pszDirectoryName,
                                            LPSTR pszFileName, DWORD cbInitialCreationSize,
                                            CARD_FILE_ACCESS_CONDITION AccessCondition);
/* *ppbData is a driver's block. */
typedef DWORD(WINAPI *PFN_CARD_READ_FILE)(PCARD_DATA pCardData, LPSTR pszDirectoryName,
                                          LPSTR pszFileName, DWORD dwFlags, PBYTE *ppbData,
                                          PDWORD pcbData);
typedef DWORD(WINAPI *PFN_CARD_WRITE_FILE)(PCARD_DATA pCardData, LPSTR pszDirectoryName,
                                           LPSTR pszFileName, DWORD dwFlags, PBYTE pbData,
                                           DWORD cbData);
typedef DWORD(WINAPI *PFN_CARD_DELETE_FILE)(PCARD_DATA pCardData, LPSTR pszDirectoryName,
                                            LPSTR pszFileName, DWORD dwFlags);
/* *pmszFileNames is a driver's block: names, each with its NUL, then one more NUL. */
typedef DWORD(WINAPI *PFN_CARD_ENUM_FILES)(PCARD_DATA pCardData, LPSTR pszDirectoryName,
                                           LPSTR *pmszFileNames, LPDWORD pdwcbFileName,
                                           DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_GET_FILE_INFO)(PCARD_DATA pCardData, LPSTR pszDirectoryName,
                                              LPSTR pszFileName, PCARD_FILE_INFO pCardFileInfo);
typedef DWORD(WINAPI *PFN_CARD_QUERY_FREE_SPACE)(PCARD_DATA pCardData, DWORD dwFlags,
                                                 PCARD_FREE_SPACE_INFO pCardFreeSpaceInfo);
typedef DWORD(WINAPI *PFN_CARD_QUERY_KEY_SIZES)(PCARD_DATA pCardData, DWORD dwKeySpec,
                                                DWORD dwFlags, PCARD_KEY_SIZES pKeySizes);
typedef DWORD(WINAPI *PFN_CARD_SIGN_DATA)(PCARD_DATA pCardData, PCARD_SIGNING_INFO pInfo);
typedef DWORD(WINAPI *PFN_CARD_RSA_DECRYPT)(PCARD_DATA pCardData, PCARD_RSA_DECRYPT_INFO pInfo);
typedef DWORD(WINAPI *PFN_CARD_CONSTRUCT_DH_AGREEMENT)(PCARD_DATA pCardData,
                                                       PCARD_DH_AGREEMENT_INFO pAgreementInfo);
typedef DWORD(WINAPI *PFN_CARD_DERIVE_KEY)(PCARD_DATA pCardData, PCARD_DERIVE_KEY pAgreementInfo);
typedef DWORD(WINAPI *PFN_CARD_DESTROY_DH_AGREEMENT)(PCARD_DATA pCardData,
                                                     BYTE bSecretAgreementIndex, DWORD dwFlags);
/* Version 6. */
typedef DWORD(WINAPI *PFN_CARD_GET_CHALLENGE_EX)(PCARD_DATA pCardData, PIN_ID PinId,
                                                 PBYTE *ppbChallengeData, PDWORD pcbChallengeData,
                                                 DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_AUTHENTICATE_EX)(PCARD_DATA pCardData, PIN_ID PinId, DWORD dwFlags,
                                                PBYTE pbPinData, DWORD cbPinData,
                                                PBYTE *ppbSessionPin, PDWORD pcbSessionPin,
                                                PDWORD pcAttemptsRemaining);
typedef DWORD(WINAPI *PFN_CARD_CHANGE_AUTHENTICATOR_EX)(
    PCARD_DATA pCardData, DWORD dwFlags, PIN_ID dwAuthenticatingPinId,
    PBYTE pbAuthenticatingPinData, DWORD cbAuthenticatingPinData, PIN_ID dwTargetPinId,
    PBYTE pbTargetData, DWORD cbTargetData, DWORD cRetryCount, PDWORD pcAttemptsRemaining);
typedef DWORD(WINAPI *PFN_CARD_DEAUTHENTICATE_EX)(PCARD_DATA pCardData, PIN_SET PinId,
                                                  DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_GET_CONTAINER_PROPERTY)(PCARD_DATA pCardData, BYTE bContainerIndex,
                                                       LPCWSTR wszProperty, PBYTE pbData,
                                                       DWORD cbData, PDWORD pdwDataLen,
                                                       DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_SET_CONTAINER_PROPERTY)(PCARD_DATA pCardData, BYTE bContainerIndex,
                                                       LPCWSTR wszProperty, PBYTE pbData,
                                                       DWORD cbDataLen, DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_GET_PROPERTY)(PCARD_DATA pCardData, LPCWSTR wszProperty,
                                             PBYTE pbData, DWORD cbData, PDWORD pdwDataLen,
                                             DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_SET_PROPERTY)(PCARD_DATA pCardData, LPCWSTR wszProperty,
                                             PBYTE pbData, DWORD cbDataLen, DWORD dwFlags);
/* Version 7. */
typedef DWORD(WINAPI *PFN_MD_IMPORT_SESSION_KEY)(PCARD_DATA pCardData, LPCWSTR pwszBlobType,
                                                 LPCWSTR pwszAlgId, PCARD_KEY_HANDLE phKey,
                                                 PBYTE pbInput, DWORD cbInput);
typedef DWORD(WINAPI *PFN_MD_ENCRYPT_DATA)(PCARD_DATA pCardData, CARD_KEY_HANDLE hKey,
                                           LPCWSTR pwszSecureFunction, PBYTE pbInput, DWORD cbInput,
                                           DWORD dwFlags, PCARD_ENCRYPTED_DATA *ppEncryptedData,
                                           PDWORD pcEncryptedData);
typedef DWORD(WINAPI *PFN_CARD_IMPORT_SESSION_KEY)(PCARD_DATA pCardData, BYTE bContainerIndex,
                                                   LPVOID pPaddingInfo, LPCWSTR pwszBlobType,
                                                   LPCWSTR pwszAlgId, PCARD_KEY_HANDLE phKey,
                                                   PBYTE pbInput, DWORD cbInput, DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_GET_SHARED_KEY_HANDLE)(PCARD_DATA pCardData, PBYTE pbInput,
                                                      DWORD cbInput, PBYTE *ppbOutput,
                                                      PDWORD pcbOutput, PCARD_KEY_HANDLE phKey);
typedef DWORD(WINAPI *PFN_CARD_GET_ALGORITHM_PROPERTY)(PCARD_DATA pCardData, LPCWSTR pwszAlgId,
                                                       LPCWSTR pwszProperty, PBYTE pbData,
                                                       DWORD cbData, PDWORD pdwDataLen,
                                                       DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_GET_KEY_PROPERTY)(PCARD_DATA pCardData, CARD_KEY_HANDLE hKey,
                                                 LPCWSTR pwszProperty, PBYTE pbData, DWORD cbData,
                                                 PDWORD pdwDataLen, DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_SET_KEY_PROPERTY)(PCARD_DATA pCardData, CARD_KEY_HANDLE hKey,
                                                 LPCWSTR pwszProperty, PBYTE pbInput, DWORD cbInput,
                                                 DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_DESTROY_KEY)(PCARD_DATA pCardData, CARD_KEY_HANDLE hKey);
typedef DWORD(WINAPI *PFN_CARD_PROCESS_ENCRYPTED_DATA)(PCARD_DATA pCardData, CARD_KEY_HANDLE hKey,
                                                       LPCWSTR pwszSecureFunction,
                                                       PCARD_ENCRYPTED_DATA pEncryptedData,
                                                       DWORD cEncryptedData, PBYTE pbOutput,
                                                       DWORD cbOutput, PDWORD pdwOutputLen,
                                                       DWORD dwFlags);
typedef DWORD(WINAPI *PFN_CARD_CREATE_CONTAINER_EX)(PCARD_DATA pCardData, BYTE bContainerIndex,
                                                    DWORD dwFlags, DWORD dwKeySpec, DWORD dwKeySize,
                                                    PBYTE pbKeyData, PIN_ID PinId);

/* ---- The context (4.1.1) ----
 * The caller owns the structure and writes the members marked "caller" before CardAcquireContext,
 * "later" after it; the driver writes the rest, up to the version agreed on. */
struct _CARD_DATA {
    DWORD dwVersion;                           /* caller: wanted; driver: agreed on, then fixed */
    PBYTE pbAtr;                               /* caller */
    DWORD cbAtr;                               /* caller; 2 to 33 */
    LPWSTR pwszCardName;                       /* caller */
    PFN_CSP_ALLOC pfnCspAlloc;                 /* caller */
    PFN_CSP_REALLOC pfnCspReAlloc;             /* caller */
    PFN_CSP_FREE pfnCspFree;                   /* caller */
    PFN_CSP_CACHE_ADD_FILE pfnCspCacheAddFile; /* later; may be NULL */
    PFN_CSP_CACHE_LOOKUP_FILE pfnCspCacheLookupFile; /* later; may be NULL */
    PFN_CSP_CACHE_DELETE_FILE pfnCspCacheDeleteFile; /* later; may be NULL */
    PVOID pvCacheContext;                            /* later; may be NULL */
    PFN_CSP_PAD_DATA pfnCspPadData;                  /* caller; may be NULL */
    SCARDCONTEXT hSCardCtx;                          /* caller */
    SCARDHANDLE hScard;                              /* caller */
    PVOID pvVendorSpecific;                          /* driver: its own state */
    PFN_CARD_DELETE_CONTEXT pfnCardDeleteContext;
    PFN_CARD_QUERY_CAPABILITIES pfnCardQueryCapabilities;
    PFN_CARD_DELETE_CONTAINER pfnCardDeleteContainer;
    PFN_CARD_CREATE_CONTAINER pfnCardCreateContainer;
    PFN_CARD_GET_CONTAINER_INFO pfnCardGetContainerInfo;
    PFN_CARD_AUTHENTICATE_PIN pfnCardAuthenticatePin;
    PFN_CARD_GET_CHALLENGE pfnCardGetChallenge;
    PFN_CARD_AUTHENTICATE_CHALLENGE pfnCardAuthenticateChallenge;
    PFN_CARD_UNBLOCK_PIN pfnCardUnblockPin;
    PFN_CARD_CHANGE_AUTHENTICATOR pfnCardChangeAuthenticator;
    PFN_CARD_DEAUTHENTICATE pfnCardDeauthenticate; /* NULL: the caller resets the card instead */
    PFN_CARD_CREATE_DIRECTORY pfnCardCreateDirectory;
    PFN_CARD_DELETE_DIRECTORY pfnCardDeleteDirectory;
    LPVOID pvUnused3;
    LPVOID pvUnused4;
    PFN_CARD_CREATE_FILE pfnCardCreateFile;
    PFN_CARD_READ_FILE pfnCardReadFile;
    PFN_CARD_WRITE_FILE pfnCardWriteFile;
    PFN_CARD_DELETE_FILE pfnCardDeleteFile;
    PFN_CARD_ENUM_FILES pfnCardEnumFiles;
    PFN_CARD_GET_FILE_INFO pfnCardGetFileInfo;
    PFN_CARD_QUERY_FREE_SPACE pfnCardQueryFreeSpace;
    PFN_CARD_QUERY_KEY_SIZES pfnCardQueryKeySizes;
    PFN_CARD_SIGN_DATA pfnCardSignData;
    PFN_CARD_RSA_DECRYPT pfnCardRSADecrypt;                      /* NULL: an ECC-only card */
    PFN_CARD_CONSTRUCT_DH_AGREEMENT pfnCardConstructDHAgreement; /* NULL: an RSA-only driver */
    /* version 5 */
    PFN_CARD_DERIVE_KEY pfnCardDeriveKey;                    /* NULL: an RSA-only driver */
    PFN_CARD_DESTROY_DH_AGREEMENT pfnCardDestroyDHAgreement; /* NULL: an RSA-only driver */
    PFN_CSP_GET_DH_AGREEMENT pfnCspGetDHAgreement;           /* caller; may be NULL */
    /* version 6 */
    PFN_CARD_GET_CHALLENGE_EX pfnCardGetChallengeEx;
    PFN_CARD_AUTHENTICATE_EX pfnCardAuthenticateEx;
    PFN_CARD_CHANGE_AUTHENTICATOR_EX pfnCardChangeAuthenticatorEx;
    PFN_CARD_DEAUTHENTICATE_EX pfnCardDeauthenticateEx;
    PFN_CARD_GET_CONTAINER_PROPERTY pfnCardGetContainerProperty;
    PFN_CARD_SET_CONTAINER_PROPERTY pfnCardSetContainerProperty;
    PFN_CARD_GET_PROPERTY pfnCardGetProperty;
    PFN_CARD_SET_PROPERTY pfnCardSetProperty;
    /* version 7 */
    PFN_CSP_UNPAD_DATA pfnCspUnpadData; /* caller; may be NULL */
    PFN_MD_IMPORT_SESSION_KEY pfnMDImportSessionKey;
    PFN_MD_ENCRYPT_DATA pfnMDEncryptData;
    PFN_CARD_IMPORT_SESSION_KEY pfnCardImportSessionKey;
    PFN_CARD_GET_SHARED_KEY_HANDLE pfnCardGetSharedKeyHandle;
    PFN_CARD_GET_ALGORITHM_PROPERTY pfnCardGetAlgorithmProperty;
    PFN_CARD_GET_KEY_PROPERTY pfnCardGetKeyProperty;
    PFN_CARD_SET_KEY_PROPERTY pfnCardSetKeyProperty;
    PFN_CARD_DESTROY_KEY pfnCardDestroyKey;
    PFN_CARD_PROCESS_ENCRYPTED_DATA pfnCardProcessEncryptedData;
    PFN_CARD_CREATE_CONTAINER_EX pfnCardCreateContainerEx;
};

/* Bytes of CARD_DATA that exist at each version. */
#define MDCTS_CARD_DATA_SIZE_4 offsetof(CARD_DATA, pfnCardDeriveKey)
#define MDCTS_CARD_DATA_SIZE_5 offsetof(CARD_DATA, pfnCardGetChallengeEx)
#define MDCTS_CARD_DATA_SIZE_6 offsetof(CARD_DATA, pfnCspUnpadData)
#define MDCTS_CARD_DATA_SIZE_7 sizeof(CARD_DATA)

/* The one symbol a minidriver exports. */
DWORD WINAPI CardAcquireContext(PCARD_DATA pCardData, DWORD dwFlags);

#include "mdcts/cardmod_layout.h"

#ifdef __cplusplus
}
#endif

#endif
