/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle_answers.h"

#include "mdcts/cng.h"

#include <assert.h>
#include <string.h>

/* clang-format off */

/* Both sides are the same key, in the tests of .NET's ECDiffieHellman. */
static const struct known_secret k1 = {
    "K1", "P-521",
    "00202F9F5480723D1ACF15372CE0B99B6CC3E8772FFDDCF828EEEB314B3EAA35B1"
    "9886AAB1E6871E548C261C7708BF561A4C373D3EED13F0749851F57B86DC049D71",
    "014AACFCDA18F77EBF11DC0A2D394D3032E86C3AC0B5F558916361163EA6AD3DB2"
    "7F6476D6C6E5D9C4A77BCCC5C0069D481718DACA3B1B13035AF5D246C4DC0CE0EA",
    "00CA500F75537C782E027DE568F148334BF56F7E24C3830792236B5D20F7A33E99"
    "862B1744D2413E4C4AC29DBA42FC48D23AE5B916BED73997EC69B3911C686C5164",
    "01cbbc175ce5f5ab41a62ea1705cb2fb49d77fd2eeb972a2f8055195799188eb65"
    "6f2f1d457593f40386fb722816c1b416e554ecce966af9a567bcda9f964c6a682e",
};

/* From Wine's test of BCryptSecretAgreement. */
static const struct known_secret k2 = {
    "K2", "P-256",
    "020990d2e336acfe83136c881aab9bddaa8aee699a6a62866a136988b7d5a3cd",
    "07619d49636b9694d18fd148cccf724dff43f4970fa38a72e9e0ba876dc36215",
    "ae65dd3151fc3bc959a10a92172b6455033e621dac3e37406a4cb6213f735cf5",
    "8e32244ff8b70a83d7c21fafd1af699bc80400ca9be13ef5f4b44e69db11b048",
};

#define HASH(name)   { KDF_HASH_ALGORITHM, KNOWN_NAME, name }
#define PRE(hex)     { KDF_SECRET_PREPEND, KNOWN_HEX, hex }
#define APP(hex)     { KDF_SECRET_APPEND, KNOWN_HEX, hex }
#define KEY(hex)     { KDF_HMAC_KEY, KNOWN_HEX, hex }
#define LABEL(text)  { KDF_TLS_PRF_LABEL, KNOWN_TEXT, text }
#define SEED(hex)    { KDF_TLS_PRF_SEED, KNOWN_HEX, hex }
#define TLS12        { KDF_TLS_PRF_PROTOCOL, KNOWN_HEX, "03030000" }
#define PART(n, f, v) { KDF_##n, KNOWN_##f, v }
/* The mixed list in the CNG pages. */
#define DOC_LIST     APP("01"), PRE("0405"), APP("101112"), PRE("20212223")
#define Z_AS_KEY     KDF_USE_SECRET_AS_HMAC_KEY_FLAG

#define ZERO16 "00000000000000000000000000000000"
#define ZEROS  ZERO16 ZERO16 ZERO16 ZERO16
#define COUNTING \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" \
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

static const struct known_answer answers[] = {
    /* published with .NET */
    { "K1 HASH SHA256", &k1, "HASH", 0, { HASH("SHA256") },
      "595B71C33D9D40ACD9CA847C47267DAEE7498EEF0B553482FAA45791418AC679", false },
    { "K1 HASH SHA1", &k1, "HASH", 0, { HASH("SHA1") },
      "25E464FAC33F4A5F8786627FB3685F4C31B26327", false },
    { "K1 HASH pre 02040608", &k1, "HASH", 0, { HASH("SHA256"), PRE("02040608") },
      "D0F4C42D61E794E508A079822F3069C9F89D9E3385C8E090425FF38927798017", false },
    { "K1 HASH app 010305", &k1, "HASH", 0, { HASH("SHA256"), APP("010305") },
      "20DCB58E2AC4E70B1BF47362B0D1C8B728E27D6575EA9B85106CBE05E1F7D6DB", false },
    { "K1 HASH pre 02040608 app 010305", &k1, "HASH", 0,
      { HASH("SHA256"), PRE("02040608"), APP("010305") },
      "EFC758D39896E9DE96C120B0A74FB751F140BD7F3F4FC3777DC2A530145E01EC", false },
    { "K1 HASH pre 010305 app 02040608", &k1, "HASH", 0,
      { HASH("SHA256"), PRE("010305"), APP("02040608") },
      "7DB5520A5D6351595FC286CD53509D964FBB152C289F072581CB5E16EBF319E8", false },
    { "K1 HMAC SHA256 secret as key", &k1, "HMAC", Z_AS_KEY, { HASH("SHA256") },
      "6D7D15C9A08FD47DFDABD3541BE3BBAF93B15FC65D30E6012CCC0B23ED5C43FF", false },
    { "K1 HMAC SHA1 secret as key", &k1, "HMAC", Z_AS_KEY, { HASH("SHA1") },
      "39D4B035BC1A1E4108B965689E27BA98ACED8449", false },
    { "K1 HMAC key 030609", &k1, "HMAC", 0, { HASH("SHA256"), KEY("030609") },
      "7A4F81BF065CC521AFB162DB4A45CEFC78227178A58632EA53D3E367AB7D1979", false },
    { "K1 HMAC secret as key pre 02040608 app 010305", &k1, "HMAC", Z_AS_KEY,
      { HASH("SHA256"), PRE("02040608"), APP("010305") },
      "DB39A6AC9334701D2DCD508C401C65BC69348F684C85EDDE506950F049668842", false },
    { "K1 HMAC secret as key pre 010305 app 02040608", &k1, "HMAC", Z_AS_KEY,
      { HASH("SHA256"), PRE("010305"), APP("02040608") },
      "66471DE2655DF9404636F9076F845F0B71A04DDA2BA6F1469EB0F2E9EF57DC33", false },
    { "K1 HMAC key 030609 pre 02040608 app 010305", &k1, "HMAC", 0,
      { HASH("SHA256"), KEY("030609"), PRE("02040608"), APP("010305") },
      "2F7A31FF9118A6BBF92E268568C634A9F1E244CA8C1A74C864DECC50727B7DEE", false },
    { "K1 HMAC key 030609 pre 010305 app 02040608", &k1, "HMAC", 0,
      { HASH("SHA256"), KEY("030609"), PRE("010305"), APP("02040608") },
      "AE3CD974F262B199B0859D9F933207D2F6E3E04434D60089FE0BE801ED38D370", false },
    { "K1 TLS_PRF slithy toves", &k1, "TLS_PRF", 0, { LABEL("slithy toves"), SEED(ZEROS) },
      "3D5DCEF2B35E73523C34802175875CC241A966D2DEB89041540650478D300A70"
      "F822AF7F9D70A31BA4B67D100F4A1620", false },
    { "K1 TLS_PRF Hello, World!", &k1, "TLS_PRF", 0, { LABEL("Hello, World!"), SEED(ZEROS) },
      "ED83A7CF14C6F1577FE7AD90F1D78D36AFF5D2612B78A70E5FD000660E4A3B00"
      "DFF9B7C118C29A3D32536A89A5481C00", false },
    /* computed from the formulas, with two programs */
    { "K1 TLS_PRF 1.2 SHA256", &k1, "TLS_PRF", 0,
      { LABEL("slithy toves"), SEED(ZEROS), TLS12, HASH("SHA256") },
      "3031b83926daef579ce49145b2cc81397619977aced2edf8e0eb4d11d135e205"
      "79576d47435ef1aef9448249ad3f0f15", false },
    { "K1 TLS_PRF 1.2 SHA384", &k1, "TLS_PRF", 0,
      { LABEL("slithy toves"), SEED(ZEROS), TLS12, HASH("SHA384") },
      "d978c074ba04de801e726604eba716be6342cccfb1f63afb315c41195d63e5ac"
      "b297c53f1b4a651ee122c98e99a7f3c4", false },
    { "K1 CONCAT", &k1, "SP800_56A_CONCAT", 0,
      { PART(ALGORITHMID, HEX, "0102"), PART(PARTYUINFO, HEX, "0304"),
        PART(PARTYVINFO, HEX, "0506") },
      "7f50757b26138f6bd065f0d08da06de356dcc6f3e28f5d37c28b9c10b9ca663f"
      "394ff28c590509784776cede8b3bc11a283f88ccc34a335bfff65994135b34b74417", false },
    /* published with Wine */
    { "K2 TRUNCATE", &k2, "TRUNCATE", 0, {{ 0, KNOWN_NONE, NULL }},
      "48b011db694eb4f4f53ee19bca0004c89b69afd1af1fc2d7830ab7f84f24328e", false },
    { "K2 HASH SHA1", &k2, "HASH", 0, { HASH("SHA1") },
      "1be7bf0f651ed007f9f477484839d0f8f3cefc89", false },
    /* computed from the formulas */
    { "K2 HASH SHA256", &k2, "HASH", 0, { HASH("SHA256") },
      "d50436cab816094b7d7d52a19339793d70a1e621c11e7b5bf47aa2552bb0df59", false },
    { "K2 HASH mixed list SHA1", &k2, "HASH", 0, { DOC_LIST, HASH("SHA1") },
      "5ca3bbd886c0ad8db6570bb0b82b2e25fd1c1eba", false },
    { "K2 HASH mixed list SHA256", &k2, "HASH", 0, { DOC_LIST, HASH("SHA256") },
      "ef4fc5a6078708530091b075a065a6b7fcb886574c23ca21e00a80597300229d", false },
    { "K2 HASH mixed list not joined in reverse", &k2, "HASH", 0, { DOC_LIST, HASH("SHA256") },
      "a705e06f372bb82e522c1dd72e92b4ebfaf52485eefd6d21de34b6657fcd20da", true },
    { "K2 HASH secret not little-endian", &k2, "HASH", 0, { HASH("SHA256") },
      "c4225db834061e100da5b2ab8411a49e31a5bc6c11d1fdea510b0926ebaa12ab", true },
    { "K2 HMAC secret as key", &k2, "HMAC", Z_AS_KEY, { HASH("SHA256") },
      "b1600315c2096d9dc5d0dab5ae58a5ea73f51c994394ccee6bdca96af350fb58", false },
    { "K2 HMAC key 030609 mixed list", &k2, "HMAC", 0,
      { DOC_LIST, HASH("SHA256"), KEY("030609") },
      "0e381f992b2051364bce78de9de80efd3393516e4d5707240b83e81c9caa7b57", false },
    { "K2 TLS_PRF", &k2, "TLS_PRF", 0, { LABEL("master secret"), SEED(COUNTING) },
      "45f8b0ab31bd0a68844ee4bec2a95fe0bca136ffe325c40eb4963078cfdd9395"
      "aebdb3136c9dc682ed4c98e9f231e877", false },
    { "K2 TLS_PRF 1.2 SHA256", &k2, "TLS_PRF", 0,
      { LABEL("master secret"), SEED(COUNTING), TLS12, HASH("SHA256") },
      "65b0e9863bbe9382017f4ef06c99ea0b2d7762772479811996726d0934c07ad1"
      "84c261b4867ceaea4c93b8159ee98939", false },
    { "K2 TLS_PRF 1.2 SHA384", &k2, "TLS_PRF", 0,
      { LABEL("master secret"), SEED(COUNTING), TLS12, HASH("SHA384") },
      "f7544bd82a1830723deff41216d2514b13eacc39200bba0427792507b1c54c7b"
      "8e8df2010dad25a56376d61b03dd523e", false },
    { "K2 CONCAT", &k2, "SP800_56A_CONCAT", 0,
      { PART(ALGORITHMID, TEXT, "ALG"), PART(PARTYUINFO, TEXT, "U"), PART(PARTYVINFO, TEXT, "V") },
      "c00f870c4d8a1793395506e42af01d5a9145ad0d393df27c12169f864740abb6", false },
    { "K2 CONCAT with supplementary info", &k2, "SP800_56A_CONCAT", 0,
      { PART(ALGORITHMID, TEXT, "ALG"), PART(PARTYUINFO, TEXT, "U"), PART(PARTYVINFO, TEXT, "V"),
        PART(SUPPPUBINFO, TEXT, "PUB"), PART(SUPPPRIVINFO, TEXT, "PRIV") },
      "3a6a21671966b21ebb3bde0b46051713f79c671396e3e8867b06f76c1cc33c74", false },
};

/* clang-format on */

const struct known_answer *known_answer_at(size_t index)
{
    return index < sizeof answers / sizeof answers[0] ? &answers[index] : NULL;
}

static struct bytes from_hex(struct arena *keep, const char *text)
{
    struct bytes out;
    bool ok = bytes_from_hex(keep, text, &out);
    assert(ok);
    return out;
}

static struct bytes known_value(struct arena *keep, const struct known_parameter *from)
{
    struct bytes out = {(const uint8_t *)from->value, 0};
    bool ok = true;
    switch (from->form) {
    case KNOWN_NONE: break;
    case KNOWN_HEX: out = from_hex(keep, from->value); break;
    case KNOWN_TEXT: out.len = strlen(from->value); break;
    case KNOWN_NAME: ok = bytes_from_utf8_as_utf16(keep, from->value, &out); break;
    }
    assert(ok);
    return out;
}

struct oracle_request known_answer_request(struct arena *keep, const struct known_answer *row)
{
    struct oracle_parameter *parameters =
        arena_array(keep, struct oracle_parameter, KNOWN_PARAMETERS_MAX);
    size_t count = 0;
    for (; count < KNOWN_PARAMETERS_MAX && row->parameters[count].form != KNOWN_NONE; count++) {
        const struct bytes value = known_value(keep, &row->parameters[count]);
        parameters[count] = (struct oracle_parameter){
            .type = row->parameters[count].type, .cb = (uint32_t)value.len, .value = value};
    }
    return (struct oracle_request){
        .kdf = row->kdf,
        .flags = row->flags,
        .parameters = parameters,
        .parameter_count = count,
        .curve = curve_by_name(row->secret->curve),
        .z = from_hex(keep, row->secret->z),
        .key_bytes = strlen(row->key) / 2,
    };
}

bool known_secret_check(const struct known_secret *secret)
{
    struct arena arena = {0};
    const struct curve *curve = curve_by_name(secret->curve);
    const struct bytes point =
        from_hex(&arena, arena_printf(&arena, "%s%s", secret->peer_x, secret->peer_y));
    uint8_t z[CURVE_FIELD_BYTES_MAX];
    bool ok = curve_shared_x(curve, from_hex(&arena, secret->private_key), point, z) &&
              bytes_equal((struct bytes){z, curve->field_bytes}, from_hex(&arena, secret->z));
    arena_free(&arena);
    return ok;
}

bool known_answer_check(const struct oracle *oracle, const struct known_answer *row)
{
    struct arena arena = {0};
    const struct oracle_request request = known_answer_request(&arena, row);
    const struct oracle_result result = oracle_derive(oracle, &request, &arena);
    bool ok = result.outcome == ORACLE_KEY &&
              bytes_equal(result.key, from_hex(&arena, row->key)) != row->differs;
    arena_free(&arena);
    return ok;
}

const char *oracle_self_check(const struct oracle *oracle)
{
    const struct known_secret *checked = NULL;
    const struct known_answer *row;
    for (size_t i = 0; (row = known_answer_at(i)) != NULL; i++) {
        if (row->secret != checked && !known_secret_check(row->secret))
            return row->secret->name;
        checked = row->secret;
        if (!known_answer_check(oracle, row))
            return row->name;
    }
    return NULL;
}
