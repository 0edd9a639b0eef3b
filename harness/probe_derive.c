/* SPDX-License-Identifier: Apache-2.0 */
/* What CardDeriveKey can do: KDFs, hashes, who allocates, flags and secret handles.  Each question
 * has an agreement and a host of its own. */
#include "probe_internal.h"

#include "mdcts/cardmod.h"
#include "mdcts/cng.h"

#include <string.h>

#define HASH_PARAMETER(name)  "[{\"KDF_HASH_ALGORITHM\":\"" name "\"}]"
#define HMAC_PARAMETERS(more) "[{\"KDF_HMAC_KEY\":\"hex:030609\"}" more "]"
#define SEED_PARAMETER        "{\"KDF_TLS_PRF_SEED\":{\"repeat\":\"00\",\"count\":64}}"

#define QUESTIONS_MAX 3

/* What is asked in turn until something works.  A default that is missing makes no KDF missing, so
 * a list that names a hash comes first. */
static const struct {
    const char *kdf, *parameters[QUESTIONS_MAX];
} kdf_questions[] = {
    {"HASH", {HASH_PARAMETER("SHA256"), "null", HASH_PARAMETER("SHA1")}},
    {"HMAC", {HMAC_PARAMETERS(",{\"KDF_HASH_ALGORITHM\":\"SHA256\"}"), HMAC_PARAMETERS("")}},
    {"TLS_PRF", {"[{\"KDF_TLS_PRF_LABEL\":\"label\"}," SEED_PARAMETER "]"}},
    {"SP800_56A_CONCAT",
     {"[{\"KDF_ALGORITHMID\":\"A\"},{\"KDF_PARTYUINFO\":\"U\"},{\"KDF_PARTYVINFO\":\"V\"}]"}},
    {"TRUNCATE", {"null"}},
};

static const char *const hash_questions[] = {"MD5", "SHA1", "SHA256", "SHA384", "SHA512"};

/* A buffer that is large enough for every KDF serves drivers of both output dialects. */
#define ASK_DERIVE                                                                                 \
    "{\"derive\":{\"agreement\":\"$z\",\"kdf\":\"%s\",\"parameters\":%s,"                          \
    "\"flags\":%u,\"version\":%u,\"output\":%s}%s}"
#define LARGE_BUFFER "{\"size\":256}"

/* The parameters with which the KDF works; NULL: with none of them. */
static const char *working_parameters(struct probe *p, size_t question)
{
    for (size_t i = 0; i < QUESTIONS_MAX && kdf_questions[question].parameters[i] != NULL; i++) {
        const char *parameters = kdf_questions[question].parameters[i];
        const char *kdf = kdf_questions[question].kdf;
        bool ok = probe_agreed(p, "probe/kdf") &&
                  probe_works(p, "kdfs", kdf,
                              probe_ask(p, ASK_DERIVE, kdf, parameters, 0u, 1u, LARGE_BUFFER, ""));
        probe_group_end(p);
        if (ok)
            return parameters;
    }
    return NULL;
}

/* The first KDF that works is the one of the later questions. */
static void probe_kdfs(struct probe *p)
{
    struct node *kdfs = node_new_list(p->keep);
    for (size_t i = 0; i < sizeof kdf_questions / sizeof kdf_questions[0]; i++) {
        const char *parameters = working_parameters(p, i);
        if (parameters == NULL)
            continue;
        if (kdfs->first == NULL)
            p->parameters = parameters;
        node_append(kdfs, node_new_string(p->keep, kdf_questions[i].kdf));
    }
    probe_note(p, "kdfs", kdfs);
    if (kdfs->first == NULL && node_get_uint(p->found, "agreements", 0) > 0)
        probe_note_missing(p, "kdfs", "R107", "a KDF that works",
                           "none does, though agreements do: the cases of derivations are skipped");
}

static const char *first_kdf(const struct probe *p, size_t *question)
{
    const struct node *kdf = node_get(p->found, "kdfs")->first;
    for (*question = 0; kdf != NULL; (*question)++)
        if (strcmp(kdf_questions[*question].kdf, node_text(kdf)) == 0)
            return node_text(kdf);
    return NULL;
}

static void probe_hashes(struct probe *p)
{
    struct node *hashes = node_new_list(p->keep);
    size_t question;
    const char *kdf = first_kdf(p, &question);
    for (size_t i = 0; i < sizeof hash_questions / sizeof hash_questions[0] && kdf != NULL; i++) {
        const char *list = arena_printf(p->keep,
                                        question == 0 ? HASH_PARAMETER("%s")
                                                      : "[{\"KDF_HASH_ALGORITHM\":\"%s\"},"
                                                        "{\"KDF_HMAC_KEY\":\"hex:03\"}]",
                                        hash_questions[i]);
        if (question <= 1 && probe_agreed(p, "probe/hash") &&
            probe_works(p, "hashes", hash_questions[i],
                        probe_ask(p, ASK_DERIVE, kdf, list, 0u, 1u, LARGE_BUFFER, "")))
            node_append(hashes, node_new_string(p->keep, hash_questions[i]));
        probe_group_end(p);
    }
    probe_note(p, "hashes", hashes);
}

/* What may be missing of CardDeriveKey, by the name that its refusal is told by. */
struct question {
    const char *capability, *name;
    uint32_t flags;
    const char *output, *more; /* JSON: what `output` says, what follows the arguments */
};

static bool derives(struct probe *p, const char *kdf, const char *parameters,
                    const struct question *q)
{
    bool ok =
        probe_agreed(p, "probe/derive") &&
        probe_works(p, q->capability, q->name,
                    probe_ask(p, ASK_DERIVE, kdf, parameters, q->flags, 1u, q->output, q->more));
    probe_group_end(p);
    return ok;
}

/* Whether the driver hands out blocks of its own, fills the caller's buffer, or either. */
static void probe_output(struct probe *p)
{
    size_t question;
    const char *kdf = first_kdf(p, &question), *dialect = "callee";
    if (kdf != NULL) {
        const struct question none = {"output", "pbDerivedKey NULL", 0, "null", ""};
        bool allocates = derives(p, kdf, p->parameters, &none);
        bool fills = false;
        if (probe_agreed(p, "probe/output")) {
            struct step_result r =
                probe_ask(p, ASK_DERIVE, kdf, p->parameters, 0u, 1u, LARGE_BUFFER, "");
            fills = probe_succeeded(r) && node_get_bool(r.out, "filled", false);
        }
        probe_group_end(p);
        dialect = allocates && fills ? "both" : allocates ? "callee" : "caller";
    }
    probe_note(p, "output", node_new_string(p->keep, dialect));
}

/* Success alone says little: a driver that ignores the flag succeeds too, and hands out the key. */
static bool returns_handle(struct probe *p, const char *kdf, const char *cipher)
{
    bool handle = false;
    if (probe_agreed(p, "probe/key-handle")) {
        struct step_result r = probe_ask(
            p,
            "{\"derive\":{\"agreement\":\"$z\",\"kdf\":\"%s\",\"parameters\":%s,\"flags\":%u,"
            "\"version\":2,\"output\":null,%s}}",
            kdf, p->parameters, (unsigned)CARD_RETURN_KEY_HANDLE, cipher);
        handle = probe_works(p, "key_handles", "CARD_RETURN_KEY_HANDLE", r) &&
                 node_get_uint(r.out, "hKey", 0) != 0;
    }
    probe_group_end(p);
    return handle;
}

/* A key is for a cipher, and a driver may refuse one that is named no cipher. */
static bool returns_handles(struct probe *p, const char *kdf)
{
    return returns_handle(p, kdf, "\"algorithm\":\"AES\",\"key_length\":256") ||
           returns_handle(p, kdf, "\"algorithm\":\"AES\",\"key_length\":128") ||
           returns_handle(p, kdf, "\"algorithm\":\"3DES\",\"key_length\":192");
}

static void probe_extras(struct probe *p)
{
    static const char answer[] = ",\"callbacks\":{\"CspGetDHAgreement\":[{\"handle\":\"h1\","
                                 "\"index\":\"$z\",\"return\":0}]}";
    static const char hash[] = "[{\"KDF_SECRET_HANDLE\":\"h1\"}]",
                      hmac[] = "[{\"KDF_HMAC_KEY\":\"hex:03\"},{\"KDF_SECRET_HANDLE\":\"h1\"}]";
    size_t question;
    const char *kdf = first_kdf(p, &question), *output = node_get_text(p->found, "output");
    output = strcmp(output, "caller") == 0 ? LARGE_BUFFER : "null";
    const struct question handle = {"secret_handles", "KDF_NCRYPT_SECRET_HANDLE", 0, output,
                                    answer};
    const struct question size = {"size_only", "CARD_BUFFER_SIZE_ONLY", CARD_BUFFER_SIZE_ONLY,
                                  "null", ""};
    const struct question secret = {"hmac_secret", "KDF_USE_SECRET_AS_HMAC_KEY_FLAG",
                                    KDF_USE_SECRET_AS_HMAC_KEY_FLAG, output, ""};
    probe_note_bool(p, "secret_handles",
                    kdf != NULL && question <= 1 &&
                        derives(p, kdf, question == 0 ? hash : hmac, &handle));
    probe_note_bool(p, "size_only", kdf != NULL && derives(p, kdf, p->parameters, &size));
    probe_note_bool(p, "key_handles", kdf != NULL && returns_handles(p, kdf));
    probe_note_bool(p, "hmac_secret", derives(p, "HMAC", "null", &secret));
}

void probe_derivations(struct probe *p)
{
    probe_kdfs(p);
    probe_hashes(p);
    probe_output(p);
    probe_extras(p);
}
