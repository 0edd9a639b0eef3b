/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"

#include "oracle_answers.h"

#include "mdcts/cardmod.h"
#include "mdcts/cng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#define TESTS_MAX 128

static const char z_p256[] = "8e32244ff8b70a83d7c21fafd1af699bc80400ca9be13ef5f4b44e69db11b048";
static const char z_sha1[] = "1be7bf0f651ed007f9f477484839d0f8f3cefc89";

/* What every test needs, made afresh for each. */
struct fixture {
    struct oracle *oracle;
    struct arena arena;
    struct oracle_parameter parameters[8];
    struct oracle_request request;
};

static struct bytes hex(struct fixture *f, const char *text)
{
    struct bytes out;
    assert_true(bytes_from_hex(&f->arena, text, &out));
    return out;
}

static struct oracle_parameter *add(struct fixture *f, uint32_t type, struct bytes value)
{
    struct oracle_parameter *parameter = &f->parameters[f->request.parameter_count++];
    *parameter = (struct oracle_parameter){.type = type, .cb = (uint32_t)value.len, .value = value};
    return parameter;
}

static struct oracle_parameter *add_hex(struct fixture *f, uint32_t type, const char *text)
{
    return add(f, type, hex(f, text));
}

static struct oracle_parameter *add_hash(struct fixture *f, const char *name)
{
    struct bytes utf16;
    assert_true(bytes_from_utf8_as_utf16(&f->arena, name, &utf16));
    return add(f, KDF_HASH_ALGORITHM, utf16);
}

static void add_null(struct fixture *f, uint32_t type)
{
    add(f, type, (struct bytes){NULL, 0})->null = true;
}

static void begin(struct fixture *f, const char *kdf)
{
    f->request = (struct oracle_request){.kdf = kdf,
                                         .parameters = f->parameters,
                                         .curve = curve_by_name("P-256"),
                                         .z = hex(f, z_p256)};
}

static void expect_key(struct fixture *f, const char *key)
{
    struct oracle_result result = oracle_derive(f->oracle, &f->request, &f->arena);
    assert_int_equal(result.outcome, ORACLE_KEY);
    assert_null(result.why);
    assert_string_equal(bytes_to_hex(&f->arena, result.key), key);
}

/* key NULL: none. */
static void expect_unknown(struct fixture *f, const char *key)
{
    struct oracle_result result = oracle_derive(f->oracle, &f->request, &f->arena);
    assert_int_equal(result.outcome, ORACLE_UNKNOWN);
    assert_non_null(result.why);
    assert_string_equal(bytes_to_hex(&f->arena, result.key), key == NULL ? "" : key);
}

static void expect_refused(struct fixture *f, const char *part_of_why)
{
    struct oracle_result result = oracle_derive(f->oracle, &f->request, &f->arena);
    assert_int_equal(result.outcome, ORACLE_REFUSED);
    assert_non_null(strstr(result.why, part_of_why));
    assert_int_equal(result.key.len, 0);
}

static int setup(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    fixture.oracle = oracle_new();
    begin(&fixture, "HASH");
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    oracle_free(f->oracle);
    arena_free(&f->arena);
    return 0;
}

/* ---- known answers ---- */

static void test_oracle__known_answer(void **state)
{
    const struct known_answer *row = *state;
    struct oracle *oracle = oracle_new();
    assert_true(known_secret_check(row->secret));
    assert_true(known_answer_check(oracle, row));
    oracle_free(oracle);
}

static void test_oracle__known_answer_fails_with_one_bit_changed(void **state)
{
    struct fixture *f = *state;
    const struct known_answer *row;
    for (size_t i = 0; (row = known_answer_at(i)) != NULL; i++) {
        struct known_answer changed = *row;
        char *key = arena_strdup(&f->arena, row->key);
        size_t last = strlen(key) - 1;
        key[last] = key[last] == '0' ? '1' : '0';
        changed.key = key;
        assert_int_equal(known_answer_check(f->oracle, &changed), row->differs);
        struct known_secret moved = *row->secret;
        moved.private_key = row->secret->z;
        assert_false(known_secret_check(&moved));
    }
}

static void test_oracle__self_check_passes(void **state)
{
    struct fixture *f = *state;
    assert_null(oracle_self_check(f->oracle));
}

/* The two mistakes of the table, made on purpose, give the answers that must not be met. */
static void test_oracle__wrong_answers_are_those_of_the_mistakes(void **state)
{
    struct fixture *f = *state;
    add_hash(f, "SHA256");
    uint8_t reversed[32];
    for (size_t i = 0; i < 32; i++)
        reversed[i] = f->request.z.data[31 - i];
    f->request.z = (struct bytes){reversed, 32};
    expect_key(f, "c4225db834061e100da5b2ab8411a49e31a5bc6c11d1fdea510b0926ebaa12ab");
    begin(f, "HASH");
    add_hash(f, "SHA256");
    add_hex(f, KDF_SECRET_PREPEND, "20212223");
    add_hex(f, KDF_SECRET_PREPEND, "0405");
    add_hex(f, KDF_SECRET_APPEND, "101112");
    add_hex(f, KDF_SECRET_APPEND, "01");
    expect_key(f, "a705e06f372bb82e522c1dd72e92b4ebfaf52485eefd6d21de34b6657fcd20da");
}

/* ---- HASH ---- */

static void test_oracle__hash_defaults_to_sha1(void **state)
{
    struct fixture *f = *state;
    expect_key(f, z_sha1);
    add_null(f, KDF_HASH_ALGORITHM);
    expect_key(f, z_sha1);
}

static void test_oracle__hash_by_name(void **state)
{
    struct fixture *f = *state;
    add_hash(f, "MD5");
    expect_key(f, "4724669888aec11b87c896bdaf8f1203");
    begin(f, "HASH");
    add_hash(f, "SHA384");
    expect_key(f, "6e665e32610b5e68f9ae24097567a6eb30ed18458de0690ba84c807d20a2c2bf"
                  "a26e8b68d9b420753288f1e5ccf8c1ad");
    begin(f, "HASH");
    add_hash(f, "SHA512");
    expect_key(f, "f7d895f8802ff9b269024e6ebfce18bd66f4d4f69574a11609f651fb28f39720"
                  "e024059c3eb63a8532d492c2f64de591ec47b243cd61acf87848f7adf519ebd1");
}

static void test_oracle__names_of_no_hash_are_refused(void **state)
{
    static const char *const names[] = {"INVALID", "RNG",   "AES", "sha1",        "SHA-256",
                                        "SHA1 ",   "SHA25", "",    "SHA1\xC4\x80"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        begin(f, "HASH");
        add_hash(f, names[i]);
        expect_refused(f, "names no hash");
    }
    begin(f, "HASH");
    add_hex(f, KDF_HASH_ALGORITHM, "530048004100310000"); /* half a character */
    expect_refused(f, "names no hash");
}

static void test_oracle__hash_name_without_nul(void **state)
{
    struct fixture *f = *state;
    add_hash(f, "SHA1")->cb = 8;
    expect_key(f, z_sha1);
}

static void test_oracle__empty_values_change_nothing(void **state)
{
    struct fixture *f = *state;
    add_null(f, KDF_SECRET_PREPEND);
    add_hex(f, KDF_SECRET_APPEND, "");
    expect_key(f, z_sha1);
}

static void test_oracle__cb_cuts_the_value(void **state)
{
    struct fixture *f = *state;
    add_hash(f, "SHA256");
    add_hex(f, KDF_SECRET_PREPEND, "0405FFFF")->cb = 2;
    add_hex(f, KDF_SECRET_PREPEND, "20212223");
    add_hex(f, KDF_SECRET_APPEND, "01101112");
    expect_key(f, "ef4fc5a6078708530091b075a065a6b7fcb886574c23ca21e00a80597300229d");
}

static void test_oracle__cb_beyond_the_value_is_unknown(void **state)
{
    struct fixture *f = *state;
    add_hex(f, KDF_SECRET_PREPEND, "")->cb = UINT32_MAX;
    expect_unknown(f, z_sha1);
}

static void test_oracle__length_without_address_is_refused(void **state)
{
    struct fixture *f = *state;
    add_null(f, KDF_SECRET_APPEND);
    f->parameters[0].cb = 4;
    expect_refused(f, "no address");
}

static void test_oracle__two_hash_names_are_unknown(void **state)
{
    struct fixture *f = *state;
    add_hash(f, "SHA1");
    add_hash(f, "SHA256");
    expect_unknown(f, z_sha1);
}

/* ---- names, flags, types ---- */

static void test_oracle__names_of_no_kdf_are_refused(void **state)
{
    static const char *const names[] = {"", "FOO", "hash", "HASH ", "SP80056A_CONCAT"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        begin(f, names[i]);
        expect_refused(f, "names no key derivation function");
    }
    begin(f, NULL);
    expect_refused(f, "NULL");
    begin(f, "HKDF");
    expect_refused(f, "no parameters in CardDeriveKey");
}

static void test_oracle__flags(void **state)
{
    struct fixture *f = *state;
    f->request.flags = CARD_BUFFER_SIZE_ONLY | CARD_RETURN_KEY_HANDLE;
    expect_key(f, z_sha1);
    f->request.flags = KDF_USE_SECRET_AS_HMAC_KEY_FLAG; /* means nothing to HASH */
    expect_key(f, z_sha1);
    for (unsigned bit = 0; bit < 32; bit++) {
        f->request.flags = 1u << bit;
        if (bit != 0 && bit != 24 && bit != 29)
            expect_refused(f, "undefined bits");
    }
}

static void test_oracle__types_of_other_kdfs_are_refused(void **state)
{
    static const struct {
        const char *kdf;
        uint32_t type;
    } rows[] = {
        {"HASH", KDF_HMAC_KEY},
        {"HASH", KDF_TLS_PRF_LABEL},
        {"HASH", KDF_PARTYUINFO},
        {"HASH", 0x7F},
        {"HASH", 32},
        {"HASH", UINT32_MAX},
        {"HMAC", KDF_KEYBITLENGTH},
        {"TLS_PRF", KDF_SECRET_PREPEND},
        {"SP800_56A_CONCAT", KDF_SECRET_APPEND},
        {"TRUNCATE", KDF_HASH_ALGORITHM},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(f, rows[i].kdf);
        add_hex(f, rows[i].type, "00");
        expect_refused(f, "has no meaning for");
    }
}

static void test_oracle__second_secret_is_unknown(void **state)
{
    struct fixture *f = *state;
    add(f, KDF_SECRET_HANDLE, (struct bytes){NULL, 0})->cb = 8;
    expect_unknown(f, z_sha1);
    add_hash(f, "INVALID"); /* what must be refused without it, must be with it */
    expect_refused(f, "names no hash");
}

/* ---- HMAC ---- */

static void test_oracle__hmac_key_longer_than_a_block(void **state)
{
    struct fixture *f = *state;
    uint8_t key[200];
    memset(key, 0xAA, sizeof key);
    begin(f, "HMAC");
    add_hash(f, "SHA256");
    add(f, KDF_HMAC_KEY, (struct bytes){key, sizeof key});
    expect_key(f, "fb61ccc581262e56b4fda071ed749f575dd06daaf3579ad52a3228402155a955");
}

static void test_oracle__hmac_empty_key_and_no_key(void **state)
{
    struct fixture *f = *state;
    begin(f, "HMAC");
    expect_unknown(f, "5d2806bc5dcc400d7b8c597751c8ea8e2d84de7e");
    add_null(f, KDF_HMAC_KEY);
    expect_key(f, "5d2806bc5dcc400d7b8c597751c8ea8e2d84de7e");
}

static void test_oracle__hmac_flag_wins_over_key(void **state)
{
    struct fixture *f = *state;
    begin(f, "HMAC");
    add_hash(f, "SHA256");
    add_hex(f, KDF_HMAC_KEY, "030609");
    f->request.flags = KDF_USE_SECRET_AS_HMAC_KEY_FLAG;
    expect_key(f, "b1600315c2096d9dc5d0dab5ae58a5ea73f51c994394ccee6bdca96af350fb58");
}

/* ---- TLS_PRF ---- */

static void begin_tls(struct fixture *f, size_t seed_len)
{
    static uint8_t seed[65];
    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = (uint8_t)i;
    begin(f, "TLS_PRF");
    add(f, KDF_TLS_PRF_LABEL, (struct bytes){(const uint8_t *)"master secret", 13});
    add(f, KDF_TLS_PRF_SEED, (struct bytes){seed, seed_len});
}

static const char tls_old[] = "45f8b0ab31bd0a68844ee4bec2a95fe0bca136ffe325c40eb4963078cfdd9395"
                              "aebdb3136c9dc682ed4c98e9f231e877";
static const char tls_12[] = "65b0e9863bbe9382017f4ef06c99ea0b2d7762772479811996726d0934c07ad1"
                             "84c261b4867ceaea4c93b8159ee98939";

static void test_oracle__tls_protocols(void **state)
{
    static const struct {
        const char *number, *key; /* key NULL: unknown; "": refused */
    } rows[] = {
        {"01030000", tls_old}, {"02030000", tls_old}, {"03030000", tls_12}, {"02000000", NULL},
        {"00030000", NULL},    {"FFFE0000", NULL},    {"34120000", ""},     {"00000303", ""},
        {"0303", ""},          {"0303000000", ""},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin_tls(f, 64);
        add_hex(f, KDF_TLS_PRF_PROTOCOL, rows[i].number);
        if (rows[i].key == NULL)
            expect_unknown(f, NULL);
        else if (rows[i].key[0] == '\0')
            expect_refused(f, "no protocol's number");
        else
            expect_key(f, rows[i].key);
    }
}

static void test_oracle__tls_needs_label_and_seed(void **state)
{
    struct fixture *f = *state;
    begin(f, "TLS_PRF");
    expect_refused(f, "label");
    begin_tls(f, 64);
    f->request.parameter_count = 1;
    expect_refused(f, "needs a seed");
    begin_tls(f, 0);
    expect_refused(f, "64 bytes");
    begin_tls(f, 63);
    expect_refused(f, "64 bytes");
    begin_tls(f, 65);
    expect_refused(f, "64 bytes");
}

static void test_oracle__tls_hash_without_tls12_or_of_another_kind_is_unknown(void **state)
{
    struct fixture *f = *state;
    begin_tls(f, 64);
    add_hash(f, "SHA256");
    expect_unknown(f, tls_old);
    begin_tls(f, 64);
    add_hex(f, KDF_TLS_PRF_PROTOCOL, "03030000");
    add_hash(f, "SHA512");
    assert_int_equal(oracle_derive(f->oracle, &f->request, &f->arena).outcome, ORACLE_UNKNOWN);
}

static void test_oracle__tls_label_beyond_openssl_s_own_limit(void **state)
{
    struct fixture *f = *state;
    uint8_t label[2000];
    memset(label, 'A', sizeof label);
    begin_tls(f, 64);
    f->parameters[0].value = (struct bytes){label, sizeof label};
    f->parameters[0].cb = sizeof label;
    expect_key(f, "51aace904e62f8531f9b8c35fb102fa4b868e2b9ffd98d04e9e247ac76ff74eb"
                  "5664168e8cbddfff8c577f4501a22468");
}

/* No curve has an odd width, but secrets joined from two may. */
static void test_oracle__tls_halves_of_an_odd_secret_share_a_byte(void **state)
{
    struct fixture *f = *state;
    uint8_t z[33];
    for (size_t i = 0; i < sizeof z; i++)
        z[i] = (uint8_t)(i + 1);
    begin_tls(f, 64);
    f->request.z = (struct bytes){z, sizeof z};
    expect_key(f, "6eccbc0e3b112b0a170f50a10fb45193078e69f505e7733741c78f3c68916991"
                  "dbad7900d1dd9a0e5a0cb186a8f7346a");
}

/* ---- SP800_56A_CONCAT ---- */

static void begin_concat(struct fixture *f)
{
    begin(f, "SP800_56A_CONCAT");
    add_hex(f, KDF_PARTYVINFO, "56"); /* not in the formula's order */
    add_hex(f, KDF_ALGORITHMID, "41");
    add_hex(f, KDF_PARTYUINFO, "55");
}

static void test_oracle__concat_hash_follows_the_curve_and_length_is_asked_for(void **state)
{
    struct fixture *f = *state;
    uint8_t z[48];
    for (size_t i = 0; i < sizeof z; i++)
        z[i] = (uint8_t)i;
    begin_concat(f);
    f->request.curve = curve_by_name("P-384");
    f->request.z = (struct bytes){z, sizeof z};
    f->request.key_bytes = 100;
    const char key[] = "86073aaf8ca4ecc8755a82a17a070bc87305db9fabdf7ed202c401ac2cd030d4"
                       "794d01a8459ecfb348dc1d0ec6913de90bffc38315cc02a44426c307a58ab86c"
                       "527421bcff42088483190a85ae80a9c6f848e053407e12ade71e8a6dd88aab23"
                       "bb611150";
    expect_key(f, key);
    f->request.key_bytes = 0;
    expect_key(f, arena_strndup(&f->arena, key, 96));
    add_hex(f, KDF_KEYBITLENGTH, "80000000");
    f->request.key_bytes = 48;
    expect_key(f, arena_strndup(&f->arena, key, 32));
}

static void test_oracle__concat_needs_three(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < 3; i++) {
        begin_concat(f);
        f->parameters[i].type = KDF_SUPPPUBINFO;
        expect_refused(f, "needs AlgorithmID");
    }
    begin_concat(f);
    f->parameters[0].cb = 0; /* empty, but there */
    assert_int_equal(oracle_derive(f->oracle, &f->request, &f->arena).outcome, ORACLE_KEY);
}

static void test_oracle__concat_all_info_empty(void **state)
{
    struct fixture *f = *state;
    begin_concat(f);
    for (size_t i = 0; i < 3; i++)
        f->parameters[i].cb = 0;
    assert_int_equal(oracle_derive(f->oracle, &f->request, &f->arena).outcome, ORACLE_KEY);
}

static void test_oracle__concat_lengths_and_hashes_beyond_the_sources_are_unknown(void **state)
{
    struct fixture *f = *state;
    begin_concat(f);
    f->request.key_bytes = SIZE_MAX;
    expect_unknown(f, NULL);
    begin_concat(f);
    add_hex(f, KDF_KEYBITLENGTH, "81000000");
    expect_unknown(f, NULL);
    begin_concat(f);
    add_hash(f, "SHA1");
    assert_int_equal(oracle_derive(f->oracle, &f->request, &f->arena).outcome, ORACLE_UNKNOWN);
    begin_concat(f);
    add_hash(f, "SHA0");
    expect_refused(f, "names no hash");
}

/* ---- TRUNCATE ---- */

static void test_oracle__truncate_cuts_when_asked(void **state)
{
    struct fixture *f = *state;
    const char all[] = "48b011db694eb4f4f53ee19bca0004c89b69afd1af1fc2d7830ab7f84f24328e";
    begin(f, "TRUNCATE");
    expect_key(f, all);
    f->request.key_bytes = 33;
    expect_key(f, all);
    f->request.key_bytes = 1;
    expect_key(f, "48");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest behaviours[] = {
    TEST(test_oracle__known_answer_fails_with_one_bit_changed),
    TEST(test_oracle__self_check_passes),
    TEST(test_oracle__wrong_answers_are_those_of_the_mistakes),
    TEST(test_oracle__hash_defaults_to_sha1),
    TEST(test_oracle__hash_by_name),
    TEST(test_oracle__names_of_no_hash_are_refused),
    TEST(test_oracle__hash_name_without_nul),
    TEST(test_oracle__empty_values_change_nothing),
    TEST(test_oracle__cb_cuts_the_value),
    TEST(test_oracle__cb_beyond_the_value_is_unknown),
    TEST(test_oracle__length_without_address_is_refused),
    TEST(test_oracle__two_hash_names_are_unknown),
    TEST(test_oracle__names_of_no_kdf_are_refused),
    TEST(test_oracle__flags),
    TEST(test_oracle__types_of_other_kdfs_are_refused),
    TEST(test_oracle__second_secret_is_unknown),
    TEST(test_oracle__hmac_key_longer_than_a_block),
    TEST(test_oracle__hmac_empty_key_and_no_key),
    TEST(test_oracle__hmac_flag_wins_over_key),
    TEST(test_oracle__tls_protocols),
    TEST(test_oracle__tls_needs_label_and_seed),
    TEST(test_oracle__tls_hash_without_tls12_or_of_another_kind_is_unknown),
    TEST(test_oracle__tls_label_beyond_openssl_s_own_limit),
    TEST(test_oracle__tls_halves_of_an_odd_secret_share_a_byte),
    TEST(test_oracle__concat_hash_follows_the_curve_and_length_is_asked_for),
    TEST(test_oracle__concat_needs_three),
    TEST(test_oracle__concat_all_info_empty),
    TEST(test_oracle__concat_lengths_and_hashes_beyond_the_sources_are_unknown),
    TEST(test_oracle__truncate_cuts_when_asked),
};

/* One test for each known answer, under its name, besides the behaviours. */
int main(void)
{
    static struct CMUnitTest tests[TESTS_MAX];
    static struct known_answer rows[TESTS_MAX];
    size_t count = 0;
    for (const struct known_answer *row; (row = known_answer_at(count)) != NULL; count++) {
        if (count + sizeof behaviours / sizeof behaviours[0] >= TESTS_MAX)
            return 1;
        rows[count] = *row;
        tests[count] =
            (struct CMUnitTest){row->name, test_oracle__known_answer, NULL, NULL, &rows[count]};
    }
    memcpy(tests + count, behaviours, sizeof behaviours);
    count += sizeof behaviours / sizeof behaviours[0];
    return _cmocka_run_group_tests("oracle", tests, count, NULL, NULL);
}
