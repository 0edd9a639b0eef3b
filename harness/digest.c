/* SPDX-License-Identifier: Apache-2.0 */
#include "digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

/* Some 50 ms: RFC 7914. */
#define SCRYPT_N      16384
#define SCRYPT_R      8
#define SCRYPT_P      1
#define SCRYPT_MEMORY (64u * 1024 * 1024)

static EVP_MD_CTX *start(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int ok = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    assert(ok && "SHA-256 is always there");
    return context;
}

static const char *finish(EVP_MD_CTX *context, struct arena *keep)
{
    uint8_t value[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_DigestFinal_ex(context, value, &len);
    EVP_MD_CTX_free(context);
    return bytes_to_hex(keep, (struct bytes){value, len});
}

static bool add_file(EVP_MD_CTX *context, const char *path)
{
    uint8_t buffer[16384];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0;)
        EVP_DigestUpdate(context, buffer, n);
    bool ok = !ferror(file);
    fclose(file);
    return ok;
}

const char *digest_bytes(struct arena *keep, struct bytes data)
{
    EVP_MD_CTX *context = start();
    EVP_DigestUpdate(context, data.data, data.len);
    return finish(context, keep);
}

const char *digest_file(struct arena *keep, const char *path)
{
    EVP_MD_CTX *context = start();
    bool ok = add_file(context, path);
    const char *value = finish(context, keep);
    return ok ? value : NULL;
}

const char *digest_slow(struct arena *keep, const char *salt, const char *text)
{
    uint8_t value[32];
    int ok = EVP_PBE_scrypt(text, strlen(text), (const uint8_t *)salt, strlen(salt), SCRYPT_N,
                            SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY, value, sizeof value);
    return ok == 1 ? bytes_to_hex(keep, (struct bytes){value, sizeof value}) : NULL;
}

const char *digest_files(struct arena *keep, const char *const *paths, size_t count)
{
    EVP_MD_CTX *context = start();
    for (size_t i = 0; i < count; i++)
        add_file(context, paths[i]);
    return finish(context, keep);
}
