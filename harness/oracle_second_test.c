/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle_second.h"

#include "mdcts/cng.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

/* Row n is made by guess n (computed with Python's hashlib): Z1 is 00 01 .. 1f, Z2 64 65 .. 83, for
 * P-256; PREPEND 05, APPEND 06; CONCAT of "A", "U", "V". */
static const struct {
    const char *kdf;
    const char *key;
} rows[] = {
    {"HASH", "e791edb153dc1a1791ca6521a97b61ad6bb5ac330f468ee8f99aed3a5c3ad7b5"},
    {"HASH", "06761c14f27142400b89a31b398c98c1a374c3e7f0532134ea10ff71e0a8a116"},
    {"HASH", "f0cd9375a49e30608bf337cbbf2c2c56925a2eefb5bd5f325579e6cad1087e65"},
    {"HASH", "00d4c634f3f7e7ee673964a3b1b22332b12527ba3404226669883df1871bbc13"},
    {"HASH", "d9c39a0a1da305517f75f93e42c7e07ca951adbe0caad9ae58000290c2bbb0d0"},
    {"HASH", "45684457f222c6df555b82588129905c7821bcbab278d9a0662aa2d8db052bca"},
    {"HASH", "68e42ee50c8dc36c49a8bff5871aa85c25e28bcc6016f3a74bb45fee3be88ce8"},
    {"HASH", "2c4bc78fea00411cca2c0d53f85958d83db046f99092552e882fc358939e27b3"},
    {"HASH", "dcf8b92711187278e8f47e7d334687e7ddcfd611ea4bddae73395679cfe05826"},
    {"HMAC flag", "ac7561dd5d932463c079a12e73a19c5e2e347ad45d18d542a0d3ebd1ecddb9b2"},
    {"HASH", "5bd1c8c33784ca96512b59a8e6d4a29f06e481d8f68d5a9d6033072a61124bc2"},
    {"HASH", "36a513bc2b77bab4a9470915fc68ef1f367f6a9a1db7311bd7d8f6d7f998f4ec"},
    {"HMAC flag", "663f4bdd06ebff4bbeca7c80589f398dbdfed0282763b7ac5be1c25e6935e260"},
    {"HMAC", "9244d76b0c8b9fdbf9f768abe6995c86d873ddc16f637568e8e2d53f94ba5ba0"},
    {"HMAC", "74f5dab46dec14bb643fe9e45ab9f002628233028a5cbb7b81211d96a9463404"},
    {"SP800_56A_CONCAT", "acb10394a1e8533bae5ec5d49d11c92f6a7dfaffda1f5e2c1d026f99bdf830b3"},
};

#define ROWS (sizeof rows / sizeof rows[0])

struct scene {
    uint8_t z1[32], z2[32];
    struct oracle_parameter parameters[5];
    struct oracle_request request;
};

static struct oracle_parameter parameter(uint32_t type, const char *value, size_t len)
{
    return (struct oracle_parameter){
        .type = type, .cb = (uint32_t)len, .value = {(const uint8_t *)value, len}};
}

static void scene_make(struct scene *s, const char *kdf)
{
    const bool concat = strcmp(kdf, "SP800_56A_CONCAT") == 0;
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < 32; i++) {
        s->z1[i] = (uint8_t)i;
        s->z2[i] = (uint8_t)(100 + i);
    }
    s->request = (struct oracle_request){.kdf = strcmp(kdf, "HMAC flag") == 0 ? "HMAC" : kdf,
                                         .parameters = s->parameters,
                                         .parameter_count = 4,
                                         .curve = curve_by_name("P-256"),
                                         .z = {s->z1, 32}};
    if (strcmp(kdf, "HMAC flag") == 0)
        s->request.flags = KDF_USE_SECRET_AS_HMAC_KEY_FLAG;
    s->parameters[0] = parameter(KDF_SECRET_HANDLE, NULL, 8);
    if (concat) {
        s->parameters[1] = parameter(KDF_ALGORITHMID, "A", 1);
        s->parameters[2] = parameter(KDF_PARTYUINFO, "U", 1);
        s->parameters[3] = parameter(KDF_PARTYVINFO, "V", 1);
    } else {
        s->parameters[1] = parameter(KDF_HASH_ALGORITHM,
                                     "S\0H\0A\0"
                                     "2\0"
                                     "5\0"
                                     "6\0\0",
                                     14);
        s->parameters[2] = parameter(KDF_SECRET_PREPEND, "\5", 1);
        s->parameters[3] = parameter(KDF_SECRET_APPEND, "\6", 1);
    }
}

static const char *recognise(struct scene *s, const uint8_t *second, const char *key)
{
    struct oracle *oracle = oracle_new();
    struct arena arena = {0};
    struct bytes bytes;
    assert_true(bytes_from_hex(&arena, key, &bytes));
    const char *name =
        oracle_recognise_second_secret(oracle, &s->request, (struct bytes){second, 32}, bytes);
    arena_free(&arena);
    oracle_free(oracle);
    return name;
}

static void test_oracle_second__each_guess_is_recognised(void **state)
{
    (void)state;
    assert_null(oracle_second_secret_guess(ROWS));
    for (size_t i = 0; i < ROWS; i++) {
        struct scene s;
        scene_make(&s, rows[i].kdf);
        const char *name = recognise(&s, s.z2, rows[i].key);
        assert_non_null(name);
        assert_string_equal(name, oracle_second_secret_guess(i));
    }
}

static void test_oracle_second__other_keys_are_not(void **state)
{
    (void)state;
    struct scene s;
    scene_make(&s, "HASH");
    assert_null(recognise(&s, s.z2, ""));
    assert_null(recognise(&s, s.z2, "00"));
    assert_null(recognise(&s, s.z2, rows[ROWS - 1].key));
}

static void test_oracle_second__equal_secrets_tell_nothing(void **state)
{
    (void)state;
    struct scene s;
    scene_make(&s, "HASH");
    assert_null(recognise(&s, s.z1, rows[0].key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle_second__each_guess_is_recognised),
        cmocka_unit_test(test_oracle_second__other_keys_are_not),
        cmocka_unit_test(test_oracle_second__equal_secrets_tell_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
