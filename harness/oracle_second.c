/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle_second.h"

#include "mdcts/cng.h"

#include <string.h>

#define NO_TYPE UINT32_MAX

enum place { FIRST, LAST };

/* secret and value are spelt: 1 and 2 the secrets, < the second one reversed, x both xored, l and m
 * the lengths of first and second in two bytes.  The first row that fits is the answer. */
/* clang-format off */
static const struct guess {
    const char *name;
    const char *secret;
    uint32_t type; /* of a parameter put into the list */
    enum place place;
    const char *value;
} guesses[] = {
    { "the second secret is not used",              "1",    NO_TYPE, FIRST, "" },
    { "the second secret replaces the first",       "2",    NO_TYPE, FIRST, "" },
    { "Z1 || Z2",                                   "12",   NO_TYPE, FIRST, "" },
    { "Z2 || Z1",                                   "21",   NO_TYPE, FIRST, "" },
    { "Z1 || Z2, Z2 little-endian",                 "1<",   NO_TYPE, FIRST, "" },
    { "Z2 || Z1, Z2 little-endian",                 "<1",   NO_TYPE, FIRST, "" },
    { "Z1 xor Z2",                                  "x",    NO_TYPE, FIRST, "" },
    { "both with lengths as in RFC 5489, Z1 first", "l1m2", NO_TYPE, FIRST, "" },
    { "both with lengths as in RFC 5489, Z2 first", "m2l1", NO_TYPE, FIRST, "" },
    { "Z2 as the first KDF_SECRET_APPEND",          "1",    KDF_SECRET_APPEND,  FIRST, "2" },
    { "Z2 as the last KDF_SECRET_APPEND",           "1",    KDF_SECRET_APPEND,  LAST,  "2" },
    { "Z2 as the first KDF_SECRET_PREPEND",         "1",    KDF_SECRET_PREPEND, FIRST, "2" },
    { "Z2 as the last KDF_SECRET_PREPEND",          "1",    KDF_SECRET_PREPEND, LAST,  "2" },
    { "Z2 as KDF_HMAC_KEY",                         "1",    KDF_HMAC_KEY,       FIRST, "2" },
    { "Z1 as KDF_HMAC_KEY, Z2 as the secret",       "2",    KDF_HMAC_KEY,       FIRST, "1" },
    { "Z2 as KDF_SUPPPRIVINFO",                     "1",    KDF_SUPPPRIVINFO,   FIRST, "2" },
};
/* clang-format on */

#define GUESS_COUNT  (sizeof guesses / sizeof guesses[0])
#define LETTERS_MAX  4
#define SECRET_BYTES (LETTERS_MAX * CURVE_FIELD_BYTES_MAX)

const char *oracle_second_secret_guess(size_t index)
{
    return index < GUESS_COUNT ? guesses[index].name : NULL;
}

struct secrets {
    struct bytes first, second;
};

static size_t spell_letter(const struct secrets *s, char letter, uint8_t *out)
{
    const struct bytes which = letter == '1' || letter == 'l' ? s->first : s->second;
    if (letter == 'l' || letter == 'm') {
        out[0] = (uint8_t)(which.len >> 8);
        out[1] = (uint8_t)which.len;
        return 2;
    }
    for (size_t i = 0; i < which.len; i++)
        out[i] = letter == '<' ? which.data[which.len - 1 - i] : which.data[i];
    for (size_t i = 0; letter == 'x' && i < which.len && i < s->first.len; i++)
        out[i] ^= s->first.data[i];
    return which.len;
}

static struct bytes spell(const struct secrets *s, const char *spelling, uint8_t *out)
{
    struct bytes spelt = {out, 0};
    for (; *spelling != '\0'; spelling++)
        spelt.len += spell_letter(s, *spelling, out + spelt.len);
    return spelt;
}

/* The list without the handles and with the guess's parameter. */
static struct oracle_parameter *guess_list(struct arena *keep, const struct oracle_request *request,
                                           const struct guess *guess, struct bytes value,
                                           size_t *count)
{
    const struct oracle_parameter extra = {
        .type = guess->type, .cb = (uint32_t)value.len, .value = value};
    struct oracle_parameter *list =
        arena_array(keep, struct oracle_parameter, request->parameter_count + 1);
    *count = 0;
    if (guess->type != NO_TYPE && guess->place == FIRST)
        list[(*count)++] = extra;
    for (size_t i = 0; i < request->parameter_count; i++)
        if (request->parameters[i].type != KDF_SECRET_HANDLE)
            list[(*count)++] = request->parameters[i];
    if (guess->type != NO_TYPE && guess->place == LAST)
        list[(*count)++] = extra;
    return list;
}

static bool guess_fits(const struct oracle *oracle, const struct oracle_request *request,
                       const struct secrets *s, const struct guess *guess, struct bytes key)
{
    struct arena arena = {0};
    uint8_t secret[SECRET_BYTES];
    uint8_t value[SECRET_BYTES];
    struct oracle_request guessed = *request;
    guessed.z = spell(s, guess->secret, secret);
    guessed.key_bytes = key.len;
    guessed.parameters =
        guess_list(&arena, request, guess, spell(s, guess->value, value), &guessed.parameter_count);
    /* Also what is unknown for another reason has a likeliest key. */
    const struct oracle_result result = oracle_derive(oracle, &guessed, &arena);
    bool fits = result.key.len > 0 && bytes_equal(result.key, key);
    arena_free(&arena);
    return fits;
}

const char *oracle_recognise_second_secret(const struct oracle *oracle,
                                           const struct oracle_request *request,
                                           struct bytes second, struct bytes key)
{
    const struct secrets s = {request->z, second};
    if (s.first.len == 0 || s.first.len > CURVE_FIELD_BYTES_MAX || second.len == 0 ||
        second.len > CURVE_FIELD_BYTES_MAX || bytes_equal(s.first, second))
        return NULL;
    for (size_t i = 0; i < GUESS_COUNT; i++)
        if (guess_fits(oracle, request, &s, &guesses[i], key))
            return guesses[i].name;
    return NULL;
}
