/* SPDX-License-Identifier: Apache-2.0 */
#include "entry_layout.h"

#include "mdcts/cardmod.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define AT(type, member)                                                                           \
    .name = #member, .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

/* clang-format off */

/* ---- structures ---- */

#define NUMBER(type, member)         {AT(type, member), .kind = LAYOUT_NUMBER}
#define OUT_NUMBER(type, member)     {AT(type, member), .kind = LAYOUT_NUMBER, .output = true}
#define NUMBER_IS(type, member, n)   {AT(type, member), .kind = LAYOUT_NUMBER, .initial = (n)}
#define TEXT16(type, member)         {AT(type, member), .kind = LAYOUT_TEXT16}
#define INPUT(type, member, len)     {AT(type, member), .kind = LAYOUT_INPUT, .length = #len}
#define OUT_BLOCK(type, member, len, what) {AT(type, member), .kind = LAYOUT_OUT_BLOCK, .length = #len, .content = #what, .output = true}
#define POINTER(type, member)        {AT(type, member), .kind = LAYOUT_POINTER}

static const struct value_layout container_info_members[] = {
    NUMBER_IS(CONTAINER_INFO, dwVersion, CONTAINER_INFO_CURRENT_VERSION),
    NUMBER(CONTAINER_INFO, dwReserved),
    NUMBER(CONTAINER_INFO, cbSigPublicKey),
    OUT_BLOCK(CONTAINER_INFO, pbSigPublicKey, cbSigPublicKey, sig),
    NUMBER(CONTAINER_INFO, cbKeyExPublicKey),
    OUT_BLOCK(CONTAINER_INFO, pbKeyExPublicKey, cbKeyExPublicKey, key_ex),
};

static const struct value_layout key_sizes_members[] = {
    NUMBER_IS(CARD_KEY_SIZES, dwVersion, CARD_KEY_SIZES_CURRENT_VERSION),
    NUMBER(CARD_KEY_SIZES, dwMinimumBitlen),
    NUMBER(CARD_KEY_SIZES, dwDefaultBitlen),
    NUMBER(CARD_KEY_SIZES, dwMaximumBitlen),
    NUMBER(CARD_KEY_SIZES, dwIncrementalBitlen),
};

static const struct value_layout capabilities_members[] = {
    NUMBER_IS(CARD_CAPABILITIES, dwVersion, CARD_CAPABILITIES_CURRENT_VERSION),
    NUMBER(CARD_CAPABILITIES, fCertificateCompression),
    NUMBER(CARD_CAPABILITIES, fKeyGen),
};

static const struct value_layout free_space_members[] = {
    NUMBER_IS(CARD_FREE_SPACE_INFO, dwVersion, CARD_FREE_SPACE_INFO_CURRENT_VERSION),
    NUMBER(CARD_FREE_SPACE_INFO, dwBytesAvailable),
    NUMBER(CARD_FREE_SPACE_INFO, dwKeyContainersAvailable),
    NUMBER(CARD_FREE_SPACE_INFO, dwMaxKeyContainers),
};

static const struct value_layout file_info_members[] = {
    NUMBER_IS(CARD_FILE_INFO, dwVersion, CARD_FILE_INFO_CURRENT_VERSION),
    NUMBER(CARD_FILE_INFO, cbFileSize),
    NUMBER(CARD_FILE_INFO, AccessCondition),
};

static const struct value_layout signing_members[] = {
    NUMBER_IS(CARD_SIGNING_INFO, dwVersion, CARD_SIGNING_INFO_CURRENT_VERSION),
    NUMBER(CARD_SIGNING_INFO, bContainerIndex),
    NUMBER(CARD_SIGNING_INFO, dwKeySpec),
    NUMBER(CARD_SIGNING_INFO, dwSigningFlags),
    NUMBER(CARD_SIGNING_INFO, aiHashAlg),
    INPUT(CARD_SIGNING_INFO, pbData, cbData),
    NUMBER(CARD_SIGNING_INFO, cbData),
    OUT_BLOCK(CARD_SIGNING_INFO, pbSignedData, cbSignedData, signature),
    NUMBER(CARD_SIGNING_INFO, cbSignedData),
    POINTER(CARD_SIGNING_INFO, pPaddingInfo),
    NUMBER(CARD_SIGNING_INFO, dwPaddingType),
};

static const struct value_layout decrypt_members[] = {
    NUMBER_IS(CARD_RSA_DECRYPT_INFO, dwVersion, CARD_RSA_KEY_DECRYPT_INFO_VERSION_ONE),
    NUMBER(CARD_RSA_DECRYPT_INFO, bContainerIndex),
    NUMBER_IS(CARD_RSA_DECRYPT_INFO, dwKeySpec, AT_KEYEXCHANGE),
    INPUT(CARD_RSA_DECRYPT_INFO, pbData, cbData),
    NUMBER(CARD_RSA_DECRYPT_INFO, cbData),
    POINTER(CARD_RSA_DECRYPT_INFO, pPaddingInfo),
    NUMBER(CARD_RSA_DECRYPT_INFO, dwPaddingType),
};

static const struct value_layout agreement_members[] = {
    NUMBER_IS(CARD_DH_AGREEMENT_INFO, dwVersion, CARD_DH_AGREEMENT_INFO_VERSION),
    NUMBER(CARD_DH_AGREEMENT_INFO, bContainerIndex),
    NUMBER(CARD_DH_AGREEMENT_INFO, dwFlags),
    NUMBER(CARD_DH_AGREEMENT_INFO, dwPublicKey),
    INPUT(CARD_DH_AGREEMENT_INFO, pbPublicKey, dwPublicKey),
    POINTER(CARD_DH_AGREEMENT_INFO, pbReserved),
    NUMBER(CARD_DH_AGREEMENT_INFO, cbReserved),
    OUT_NUMBER(CARD_DH_AGREEMENT_INFO, bSecretAgreementIndex),
};

static const struct value_layout derive_members[] = {
    NUMBER_IS(CARD_DERIVE_KEY, dwVersion, CARD_DERIVE_KEY_VERSION),
    NUMBER(CARD_DERIVE_KEY, dwFlags),
    TEXT16(CARD_DERIVE_KEY, pwszKDF),
    NUMBER(CARD_DERIVE_KEY, bSecretAgreementIndex),
    POINTER(CARD_DERIVE_KEY, pParameterList),
    OUT_BLOCK(CARD_DERIVE_KEY, pbDerivedKey, cbDerivedKey, key),
    OUT_NUMBER(CARD_DERIVE_KEY, cbDerivedKey),
    TEXT16(CARD_DERIVE_KEY, pwszAlgId),
    NUMBER(CARD_DERIVE_KEY, dwKeyLen),
    OUT_NUMBER(CARD_DERIVE_KEY, hKey),
};

static const struct value_layout encrypted_members[] = {
    INPUT(CARD_ENCRYPTED_DATA, pbEncryptedData, cbEncryptedData),
    NUMBER(CARD_ENCRYPTED_DATA, cbEncryptedData),
};

#define STRUCT_LAYOUT(name, type, members) \
    static const struct struct_layout name = {#type, sizeof(type), members, COUNT(members), false}
#define WATCHED_LAYOUT(name, type, members) \
    static const struct struct_layout name = {#type, sizeof(type), members, COUNT(members), true}
STRUCT_LAYOUT(container_info_layout, CONTAINER_INFO, container_info_members);
STRUCT_LAYOUT(key_sizes_layout, CARD_KEY_SIZES, key_sizes_members);
STRUCT_LAYOUT(capabilities_layout, CARD_CAPABILITIES, capabilities_members);
STRUCT_LAYOUT(free_space_layout, CARD_FREE_SPACE_INFO, free_space_members);
STRUCT_LAYOUT(file_info_layout, CARD_FILE_INFO, file_info_members);
STRUCT_LAYOUT(signing_layout, CARD_SIGNING_INFO, signing_members);
STRUCT_LAYOUT(decrypt_layout, CARD_RSA_DECRYPT_INFO, decrypt_members);
WATCHED_LAYOUT(agreement_layout, CARD_DH_AGREEMENT_INFO, agreement_members);
WATCHED_LAYOUT(derive_layout, CARD_DERIVE_KEY, derive_members);
STRUCT_LAYOUT(encrypted_layout, CARD_ENCRYPTED_DATA, encrypted_members);

/* ---- entry points ---- */

#define P_CARD_DATA           {.name = "pCardData", .kind = LAYOUT_CARD_DATA, .size = 8}
#define P_BYTE(n)             {.name = #n, .kind = LAYOUT_NUMBER, .size = 1}
#define P_DWORD(n)            {.name = #n, .kind = LAYOUT_NUMBER, .size = 4}
#define P_DWORD_IS(n, v)      {.name = #n, .kind = LAYOUT_NUMBER, .size = 4, .initial = (v)}
#define P_HANDLE(n)           {.name = #n, .kind = LAYOUT_NUMBER, .size = 8}
#define P_TEXT16(n)           {.name = #n, .kind = LAYOUT_TEXT16, .size = 8}
#define P_TEXT8(n)            {.name = #n, .kind = LAYOUT_TEXT8, .size = 8}
#define P_INPUT(n, len)       {.name = #n, .kind = LAYOUT_INPUT, .size = 8, .length = #len}
#define P_STRUCT(n, l)        {.name = #n, .kind = LAYOUT_STRUCT, .size = 8, .layout = &(l)}
#define P_OUT_DWORD(n)        {.name = #n, .kind = LAYOUT_OUT_NUMBER, .size = 4}
#define P_OUT_HANDLE(n)       {.name = #n, .kind = LAYOUT_OUT_NUMBER, .size = 8}
#define P_OUT_BLOCK(n, len)   {.name = #n, .kind = LAYOUT_OUT_BLOCK, .size = 8, .length = #len}
#define P_BUFFER(n, cap, len) {.name = #n, .kind = LAYOUT_OUT_BUFFER, .size = 8, .length = #len, .capacity = #cap}
#define P_POINTER(n)          {.name = #n, .kind = LAYOUT_POINTER, .size = 8}

#define PARAMETERS(...) {P_CARD_DATA, __VA_ARGS__}, \
    sizeof((struct value_layout[]){P_CARD_DATA, __VA_ARGS__}) / sizeof(struct value_layout)

static const struct entry_layout entries[] = {
    {"CardAcquireContext", PARAMETERS(P_DWORD(dwFlags))},
    {"CardDeleteContext", {P_CARD_DATA}, 1},
    {"CardQueryCapabilities", PARAMETERS(P_STRUCT(pCardCapabilities, capabilities_layout))},
    {"CardDeleteContainer", PARAMETERS(P_BYTE(bContainerIndex), P_DWORD(dwReserved))},
    {"CardCreateContainer", PARAMETERS(P_BYTE(bContainerIndex), P_DWORD_IS(dwFlags, CARD_CREATE_CONTAINER_KEY_GEN),
        P_DWORD_IS(dwKeySpec, AT_ECDHE_P256), P_DWORD(dwKeySize), P_POINTER(pbKeyData))},
    {"CardGetContainerInfo", PARAMETERS(P_BYTE(bContainerIndex), P_DWORD(dwFlags),
        P_STRUCT(pContainerInfo, container_info_layout))},
    {"CardAuthenticatePin", PARAMETERS(P_TEXT16(pwszUserId), P_INPUT(pbPin, cbPin), P_DWORD(cbPin),
        P_OUT_DWORD(pcAttemptsRemaining))},
    {"CardGetChallenge", PARAMETERS(P_OUT_BLOCK(ppbChallengeData, pcbChallengeData),
        P_OUT_DWORD(pcbChallengeData))},
    {"CardAuthenticateChallenge", PARAMETERS(P_INPUT(pbResponseData, cbResponseData),
        P_DWORD(cbResponseData), P_OUT_DWORD(pcAttemptsRemaining))},
    {"CardUnblockPin", PARAMETERS(P_TEXT16(pwszUserId), P_INPUT(pbAuthenticationData, cbAuthenticationData),
        P_DWORD(cbAuthenticationData), P_INPUT(pbNewPinData, cbNewPinData), P_DWORD(cbNewPinData),
        P_DWORD(cRetryCount), P_DWORD(dwFlags))},
    {"CardChangeAuthenticator", PARAMETERS(P_TEXT16(pwszUserId),
        P_INPUT(pbCurrentAuthenticator, cbCurrentAuthenticator), P_DWORD(cbCurrentAuthenticator),
        P_INPUT(pbNewAuthenticator, cbNewAuthenticator), P_DWORD(cbNewAuthenticator),
        P_DWORD(cRetryCount), P_DWORD(dwFlags), P_OUT_DWORD(pcAttemptsRemaining))},
    {"CardDeauthenticate", PARAMETERS(P_TEXT16(pwszUserId), P_DWORD(dwFlags))},
    {"CardCreateDirectory", PARAMETERS(P_TEXT8(pszDirectoryName), P_DWORD_IS(AccessCondition, UserCreateDeleteDirAc))},
    {"CardDeleteDirectory", PARAMETERS(P_TEXT8(pszDirectoryName))},
    {"CardCreateFile", PARAMETERS(P_TEXT8(pszDirectoryName), P_TEXT8(pszFileName),
        P_DWORD(cbInitialCreationSize), P_DWORD_IS(AccessCondition, EveryoneReadUserWriteAc))},
    {"CardReadFile", PARAMETERS(P_TEXT8(pszDirectoryName), P_TEXT8(pszFileName), P_DWORD(dwFlags),
        P_OUT_BLOCK(ppbData, pcbData), P_OUT_DWORD(pcbData))},
    {"CardWriteFile", PARAMETERS(P_TEXT8(pszDirectoryName), P_TEXT8(pszFileName), P_DWORD(dwFlags),
        P_INPUT(pbData, cbData), P_DWORD(cbData))},
    {"CardDeleteFile", PARAMETERS(P_TEXT8(pszDirectoryName), P_TEXT8(pszFileName), P_DWORD(dwFlags))},
    {"CardEnumFiles", PARAMETERS(P_TEXT8(pszDirectoryName), P_OUT_BLOCK(pmszFileNames, pdwcbFileName),
        P_OUT_DWORD(pdwcbFileName), P_DWORD(dwFlags))},
    {"CardGetFileInfo", PARAMETERS(P_TEXT8(pszDirectoryName), P_TEXT8(pszFileName),
        P_STRUCT(pCardFileInfo, file_info_layout))},
    {"CardQueryFreeSpace", PARAMETERS(P_DWORD(dwFlags), P_STRUCT(pCardFreeSpaceInfo, free_space_layout))},
    {"CardQueryKeySizes", PARAMETERS(P_DWORD_IS(dwKeySpec, AT_ECDHE_P256), P_DWORD(dwFlags),
        P_STRUCT(pKeySizes, key_sizes_layout))},
    {"CardSignData", PARAMETERS(P_STRUCT(pInfo, signing_layout))},
    {"CardRSADecrypt", PARAMETERS(P_STRUCT(pInfo, decrypt_layout))},
    {"CardConstructDHAgreement", PARAMETERS(P_STRUCT(pAgreementInfo, agreement_layout))},
    {"CardDeriveKey", PARAMETERS(P_STRUCT(pAgreementInfo, derive_layout))},
    {"CardDestroyDHAgreement", PARAMETERS(P_BYTE(bSecretAgreementIndex), P_DWORD(dwFlags))},
    {"CardGetChallengeEx", PARAMETERS(P_DWORD_IS(PinId, ROLE_ADMIN), P_OUT_BLOCK(ppbChallengeData, pcbChallengeData),
        P_OUT_DWORD(pcbChallengeData), P_DWORD(dwFlags))},
    {"CardAuthenticateEx", PARAMETERS(P_DWORD_IS(PinId, ROLE_USER), P_DWORD(dwFlags), P_INPUT(pbPinData, cbPinData),
        P_DWORD(cbPinData), P_POINTER(ppbSessionPin), P_POINTER(pcbSessionPin),
        P_OUT_DWORD(pcAttemptsRemaining))},
    {"CardChangeAuthenticatorEx", PARAMETERS(P_DWORD_IS(dwFlags, PIN_CHANGE_FLAG_CHANGEPIN),
        P_DWORD_IS(dwAuthenticatingPinId, ROLE_USER), P_INPUT(pbAuthenticatingPinData, cbAuthenticatingPinData),
        P_DWORD(cbAuthenticatingPinData), P_DWORD_IS(dwTargetPinId, ROLE_USER),
        P_INPUT(pbTargetData, cbTargetData), P_DWORD(cbTargetData), P_DWORD(cRetryCount),
        P_OUT_DWORD(pcAttemptsRemaining))},
    {"CardDeauthenticateEx", PARAMETERS(P_DWORD_IS(PinId, 1u << ROLE_USER), P_DWORD(dwFlags))},
    {"CardGetContainerProperty", PARAMETERS(P_BYTE(bContainerIndex), P_TEXT16(wszProperty),
        P_BUFFER(pbData, cbData, pdwDataLen), P_DWORD(cbData), P_OUT_DWORD(pdwDataLen), P_DWORD(dwFlags))},
    {"CardSetContainerProperty", PARAMETERS(P_BYTE(bContainerIndex), P_TEXT16(wszProperty),
        P_INPUT(pbData, cbDataLen), P_DWORD(cbDataLen), P_DWORD(dwFlags))},
    {"CardGetProperty", PARAMETERS(P_TEXT16(wszProperty), P_BUFFER(pbData, cbData, pdwDataLen),
        P_DWORD(cbData), P_OUT_DWORD(pdwDataLen), P_DWORD(dwFlags))},
    {"CardSetProperty", PARAMETERS(P_TEXT16(wszProperty), P_INPUT(pbData, cbDataLen), P_DWORD(cbDataLen),
        P_DWORD(dwFlags))},
    {"MDImportSessionKey", PARAMETERS(P_TEXT16(pwszBlobType), P_TEXT16(pwszAlgId), P_OUT_HANDLE(phKey),
        P_INPUT(pbInput, cbInput), P_DWORD(cbInput))},
    {"MDEncryptData", PARAMETERS(P_HANDLE(hKey), P_TEXT16(pwszSecureFunction), P_INPUT(pbInput, cbInput),
        P_DWORD(cbInput), P_DWORD(dwFlags), P_OUT_BLOCK(ppEncryptedData, pcEncryptedData),
        P_OUT_DWORD(pcEncryptedData))},
    {"CardImportSessionKey", PARAMETERS(P_BYTE(bContainerIndex), P_POINTER(pPaddingInfo),
        P_TEXT16(pwszBlobType), P_TEXT16(pwszAlgId), P_OUT_HANDLE(phKey), P_INPUT(pbInput, cbInput),
        P_DWORD(cbInput), P_DWORD(dwFlags))},
    {"CardGetSharedKeyHandle", PARAMETERS(P_INPUT(pbInput, cbInput), P_DWORD(cbInput),
        P_OUT_BLOCK(ppbOutput, pcbOutput), P_OUT_DWORD(pcbOutput), P_OUT_HANDLE(phKey))},
    {"CardGetAlgorithmProperty", PARAMETERS(P_TEXT16(pwszAlgId), P_TEXT16(pwszProperty),
        P_BUFFER(pbData, cbData, pdwDataLen), P_DWORD(cbData), P_OUT_DWORD(pdwDataLen), P_DWORD(dwFlags))},
    {"CardGetKeyProperty", PARAMETERS(P_HANDLE(hKey), P_TEXT16(pwszProperty),
        P_BUFFER(pbData, cbData, pdwDataLen), P_DWORD(cbData), P_OUT_DWORD(pdwDataLen), P_DWORD(dwFlags))},
    {"CardSetKeyProperty", PARAMETERS(P_HANDLE(hKey), P_TEXT16(pwszProperty), P_INPUT(pbInput, cbInput),
        P_DWORD(cbInput), P_DWORD(dwFlags))},
    {"CardDestroyKey", PARAMETERS(P_HANDLE(hKey))},
    {"CardProcessEncryptedData", PARAMETERS(P_HANDLE(hKey), P_TEXT16(pwszSecureFunction),
        P_STRUCT(pEncryptedData, encrypted_layout), P_DWORD(cEncryptedData), P_BUFFER(pbOutput, cbOutput, pdwOutputLen),
        P_DWORD(cbOutput), P_OUT_DWORD(pdwOutputLen), P_DWORD(dwFlags))},
    {"CardCreateContainerEx", PARAMETERS(P_BYTE(bContainerIndex), P_DWORD_IS(dwFlags, CARD_CREATE_CONTAINER_KEY_GEN),
        P_DWORD_IS(dwKeySpec, AT_ECDHE_P256), P_DWORD(dwKeySize), P_POINTER(pbKeyData), P_DWORD_IS(PinId, ROLE_USER))},
};

/* ---- CARD_DATA ---- */

static const struct value_layout card_data[] = {
    NUMBER(CARD_DATA, dwVersion), POINTER(CARD_DATA, pbAtr), NUMBER(CARD_DATA, cbAtr),
    TEXT16(CARD_DATA, pwszCardName), POINTER(CARD_DATA, pfnCspAlloc), POINTER(CARD_DATA, pfnCspReAlloc),
    POINTER(CARD_DATA, pfnCspFree), POINTER(CARD_DATA, pfnCspCacheAddFile),
    POINTER(CARD_DATA, pfnCspCacheLookupFile), POINTER(CARD_DATA, pfnCspCacheDeleteFile),
    POINTER(CARD_DATA, pvCacheContext), POINTER(CARD_DATA, pfnCspPadData), NUMBER(CARD_DATA, hSCardCtx),
    NUMBER(CARD_DATA, hScard), POINTER(CARD_DATA, pvVendorSpecific),
    POINTER(CARD_DATA, pfnCardDeleteContext), POINTER(CARD_DATA, pfnCardQueryCapabilities),
    POINTER(CARD_DATA, pfnCardDeleteContainer), POINTER(CARD_DATA, pfnCardCreateContainer),
    POINTER(CARD_DATA, pfnCardGetContainerInfo), POINTER(CARD_DATA, pfnCardAuthenticatePin),
    POINTER(CARD_DATA, pfnCardGetChallenge), POINTER(CARD_DATA, pfnCardAuthenticateChallenge),
    POINTER(CARD_DATA, pfnCardUnblockPin), POINTER(CARD_DATA, pfnCardChangeAuthenticator),
    POINTER(CARD_DATA, pfnCardDeauthenticate), POINTER(CARD_DATA, pfnCardCreateDirectory),
    POINTER(CARD_DATA, pfnCardDeleteDirectory), POINTER(CARD_DATA, pvUnused3), POINTER(CARD_DATA, pvUnused4),
    POINTER(CARD_DATA, pfnCardCreateFile), POINTER(CARD_DATA, pfnCardReadFile),
    POINTER(CARD_DATA, pfnCardWriteFile), POINTER(CARD_DATA, pfnCardDeleteFile),
    POINTER(CARD_DATA, pfnCardEnumFiles), POINTER(CARD_DATA, pfnCardGetFileInfo),
    POINTER(CARD_DATA, pfnCardQueryFreeSpace), POINTER(CARD_DATA, pfnCardQueryKeySizes),
    POINTER(CARD_DATA, pfnCardSignData), POINTER(CARD_DATA, pfnCardRSADecrypt),
    POINTER(CARD_DATA, pfnCardConstructDHAgreement), POINTER(CARD_DATA, pfnCardDeriveKey),
    POINTER(CARD_DATA, pfnCardDestroyDHAgreement), POINTER(CARD_DATA, pfnCspGetDHAgreement),
    POINTER(CARD_DATA, pfnCardGetChallengeEx), POINTER(CARD_DATA, pfnCardAuthenticateEx),
    POINTER(CARD_DATA, pfnCardChangeAuthenticatorEx), POINTER(CARD_DATA, pfnCardDeauthenticateEx),
    POINTER(CARD_DATA, pfnCardGetContainerProperty), POINTER(CARD_DATA, pfnCardSetContainerProperty),
    POINTER(CARD_DATA, pfnCardGetProperty), POINTER(CARD_DATA, pfnCardSetProperty),
    POINTER(CARD_DATA, pfnCspUnpadData), POINTER(CARD_DATA, pfnMDImportSessionKey),
    POINTER(CARD_DATA, pfnMDEncryptData), POINTER(CARD_DATA, pfnCardImportSessionKey),
    POINTER(CARD_DATA, pfnCardGetSharedKeyHandle), POINTER(CARD_DATA, pfnCardGetAlgorithmProperty),
    POINTER(CARD_DATA, pfnCardGetKeyProperty), POINTER(CARD_DATA, pfnCardSetKeyProperty),
    POINTER(CARD_DATA, pfnCardDestroyKey), POINTER(CARD_DATA, pfnCardProcessEncryptedData),
    POINTER(CARD_DATA, pfnCardCreateContainerEx),
};

/* clang-format on */

const struct entry_layout *entry_layout_find(const char *name)
{
    for (size_t i = 0; i < COUNT(entries); i++)
        if (strcmp(entries[i].name, name) == 0)
            return &entries[i];
    return NULL;
}

const struct value_layout *card_data_members(size_t *count)
{
    *count = COUNT(card_data);
    return card_data;
}

const struct value_layout *card_data_member(const char *name)
{
    for (size_t i = 0; i < COUNT(card_data); i++)
        if (strcmp(card_data[i].name, name) == 0)
            return &card_data[i];
    return NULL;
}

size_t card_data_size(uint32_t version)
{
    if (version <= CARD_DATA_VERSION_FOUR)
        return MDCTS_CARD_DATA_SIZE_4;
    if (version == CARD_DATA_VERSION_FIVE)
        return MDCTS_CARD_DATA_SIZE_5;
    return version == CARD_DATA_VERSION_SIX ? MDCTS_CARD_DATA_SIZE_6 : MDCTS_CARD_DATA_SIZE_7;
}

enum card_data_owner card_data_owner(const struct value_layout *member)
{
    static const char *const later[] = {"pfnCspCacheAddFile", "pfnCspCacheLookupFile",
                                        "pfnCspCacheDeleteFile", "pvCacheContext"};
    for (size_t i = 0; i < COUNT(later); i++)
        if (strcmp(member->name, later[i]) == 0)
            return OWNER_CALLER_LATER;
    if (strcmp(member->name, "dwVersion") == 0)
        return OWNER_BOTH;
    if (strncmp(member->name, "pfnCsp", 6) == 0 ||
        member->offset < offsetof(CARD_DATA, pvVendorSpecific))
        return OWNER_CALLER;
    return OWNER_DRIVER;
}
