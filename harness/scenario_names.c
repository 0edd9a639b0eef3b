/* SPDX-License-Identifier: Apache-2.0 */
/* The names that the case language shares with Cardmod.h, cng.h and the curves. */
#include "scenario_value.h"

#include "mdcts/cardmod.h"
#include "mdcts/cng.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NUMBER(name)                                                                               \
    {                                                                                              \
#name, (uint32_t)(name)                                                                    \
    }

static const struct named_number flag_rows[] = {
    NUMBER(CARD_BUFFER_SIZE_ONLY),
    NUMBER(CARD_RETURN_KEY_HANDLE),
    NUMBER(KDF_USE_SECRET_AS_HMAC_KEY_FLAG),
    NUMBER(CARD_PADDING_INFO_PRESENT),
    NUMBER(CARD_SECURE_KEY_INJECTION_NO_CARD_MODE),
    NUMBER(CARD_AUTHENTICATE_GENERATE_SESSION_PIN),
    NUMBER(CARD_AUTHENTICATE_SESSION_PIN),
    NUMBER(CARD_PIN_SILENT_CONTEXT),
    NUMBER(CARD_CREATE_CONTAINER_KEY_GEN),
    NUMBER(CARD_CREATE_CONTAINER_KEY_IMPORT),
};

static const struct named_number parameter_rows[] = {
    NUMBER(KDF_HASH_ALGORITHM),
    NUMBER(KDF_SECRET_PREPEND),
    NUMBER(KDF_SECRET_APPEND),
    NUMBER(KDF_HMAC_KEY),
    NUMBER(KDF_TLS_PRF_LABEL),
    NUMBER(KDF_TLS_PRF_SEED),
    NUMBER(KDF_SECRET_HANDLE),
    NUMBER(KDF_NCRYPT_SECRET_HANDLE),
    NUMBER(KDF_TLS_PRF_PROTOCOL),
    NUMBER(KDF_ALGORITHMID),
    NUMBER(KDF_PARTYUINFO),
    NUMBER(KDF_PARTYVINFO),
    NUMBER(KDF_SUPPPUBINFO),
    NUMBER(KDF_SUPPPRIVINFO),
    NUMBER(KDF_LABEL),
    NUMBER(KDF_CONTEXT),
    NUMBER(KDF_SALT),
    NUMBER(KDF_ITERATION_COUNT),
    NUMBER(KDF_GENERIC_PARAMETER),
    NUMBER(KDF_KEYBITLENGTH),
    NUMBER(KDF_HKDF_SALT),
    NUMBER(KDF_HKDF_INFO),
};

static const struct named_number key_spec_rows[] = {
    NUMBER(AT_KEYEXCHANGE), NUMBER(AT_SIGNATURE),  NUMBER(AT_ECDSA_P256), NUMBER(AT_ECDSA_P384),
    NUMBER(AT_ECDSA_P521),  NUMBER(AT_ECDHE_P256), NUMBER(AT_ECDHE_P384), NUMBER(AT_ECDHE_P521),
};

const struct name_table flag_table = {flag_rows, COUNT(flag_rows)};
const struct name_table parameter_table = {parameter_rows, COUNT(parameter_rows)};
const struct name_table key_spec_table = {key_spec_rows, COUNT(key_spec_rows)};

static const char *const kdfs[] = {"HASH", "HMAC", "TLS_PRF", "SP800_56A_CONCAT", "TRUNCATE"};
static const char *const hashes[] = {"MD5", "SHA1", "SHA256", "SHA384", "SHA512"};
static const char *const ciphers[] = {"3DES", "3DES_112", "AES"};
static const char *const curves[] = {"P-256", "P-384", "P-521"};
static const char *const curves_or_any[] = {"P-256", "P-384", "P-521", CURVE_ANY};
#define ENTRY_ROW(name, offset, version, arguments) #name,
static const char *const entries[] = {
#include "base/entry_points.def"
};
#undef ENTRY_ROW

const struct text_table kdf_names = {kdfs, COUNT(kdfs)};
const struct text_table hash_names = {hashes, COUNT(hashes)};
const struct text_table cipher_names = {ciphers, COUNT(ciphers)};
const struct text_table curve_names = {curves, COUNT(curves)};
const struct text_table curve_words = {curves_or_any, COUNT(curves_or_any)};
static const char *const meetings[] = {"CspAlloc", "CspFree", "CspGetDHAgreement", "SCardTransmit",
                                       "return"};
const struct text_table meeting_places = {meetings, COUNT(meetings)};
const struct text_table entry_names = {entries, COUNT(entries)};

bool name_table_find(const struct name_table *table, const char *name, uint32_t *value)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->rows[i].name, name) == 0) {
            *value = table->rows[i].value;
            return true;
        }
    }
    return false;
}

const char *name_table_name(const struct name_table *table, uint32_t value)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].value == value)
            return table->rows[i].name;
    return NULL;
}

bool text_table_has(const struct text_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->names[i], name) == 0)
            return true;
    return false;
}
