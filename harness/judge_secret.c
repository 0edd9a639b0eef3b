/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_secret.h"

#include <inttypes.h>
#include <string.h>

#define WHOLE_SECRET   "R063" /* the agreement is the ECDH of the container's key with the point */
#define LEADING_ZEROS  "R064" /* Z keeps its leading zero bytes */
#define AGREEMENTS_OWN "R091" /* each agreement has its own secret */

/* What the candidates are made from. */
struct search {
    const struct key_judge *judge;
    struct case_record *record;
    const struct agreement *agreement;
    const struct curve *curve;
    struct bytes z;
    bool (*fits)(void *data, struct bytes z);
    void *data;
};

static bool try_reversed(const struct search *search, struct wrong_secret *out)
{
    *out = (struct wrong_secret){WHOLE_SECRET, "the secret with its bytes in reverse order"};
    return search->fits(search->data, bytes_reversed(&search->record->arena, search->z));
}

static bool try_shorter(const struct search *search, struct wrong_secret *out)
{
    size_t zeros = 0;
    while (zeros < search->z.len && search->z.data[zeros] == 0)
        zeros++;
    *out = (struct wrong_secret){LEADING_ZEROS, "the secret without its leading zero bytes"};
    return zeros > 0 && search->fits(search->data,
                                     (struct bytes){search->z.data + zeros, search->z.len - zeros});
}

/* With the peers of the case's other agreements: with their containers, that is their own secrets,
 * or with the agreement's, which is nobody's then if those differ. */
static bool try_others(const struct search *search, bool own_container, const char *words,
                       struct wrong_secret *out)
{
    struct case_record *record = search->record;
    *out = (struct wrong_secret){AGREEMENTS_OWN, words};
    for (size_t i = 0; i < record->agreement_count; i++) {
        const struct agreement *other = &record->agreements[i];
        const struct agreement *with = own_container ? search->agreement : other;
        const struct curve *curve;
        struct bytes z;
        if (other != search->agreement &&
            key_secret_with(search->judge, record, with, other, &curve, &z) == NULL &&
            !bytes_equal(z, search->z) && search->fits(search->data, z))
            return true;
    }
    return false;
}

static bool try_other_agreement(const struct search *search, struct wrong_secret *out)
{
    return try_others(search, false, "the secret of another agreement", out);
}

static bool try_other_peer(const struct search *search, struct wrong_secret *out)
{
    return try_others(search, true, "the secret with the peer of another agreement", out);
}

static bool try_other_container(const struct search *search, struct wrong_secret *out)
{
    struct arena *keep = &search->record->arena;
    const struct node *list = node_get(search->judge->capabilities, "containers");
    struct bytes scalar, point;
    if (!node_get_hex(keep, search->agreement->call->args, "peer_private", &scalar))
        return false;
    for (const struct node *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        const char *name = node_get_text(one, "curve");
        uint8_t *x = arena_alloc(keep, search->z.len, 1);
        struct bytes z = {x, search->z.len};
        if (name == NULL || curve_by_name(name) != search->curve ||
            !node_get_hex(keep, one, "public", &point) ||
            !curve_shared_x(search->curve, scalar, point, x) || bytes_equal(z, search->z) ||
            !search->fits(search->data, z))
            continue;
        *out = (struct wrong_secret){
            WHOLE_SECRET, arena_printf(keep, "the secret with the key of container %" PRIu64,
                                       node_get_uint(one, "index", 0))};
        return true;
    }
    return false;
}

struct wrong_secret wrong_secret_find(const struct key_judge *judge, struct case_record *record,
                                      const struct agreement *agreement,
                                      bool (*fits)(void *data, struct bytes z), void *data)
{
    static bool (*const tries[])(const struct search *, struct wrong_secret *) = {
        try_shorter, try_reversed, try_other_agreement, try_other_peer, try_other_container};
    struct search search = {
        .judge = judge, .record = record, .agreement = agreement, .fits = fits, .data = data};
    struct wrong_secret found;
    if (key_secret(judge, record, agreement, &search.curve, &search.z) != NULL)
        return (struct wrong_secret){.requirement = NULL};
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++)
        if (tries[i](&search, &found))
            return found;
    return (struct wrong_secret){.requirement = NULL};
}
