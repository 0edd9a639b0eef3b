/* SPDX-License-Identifier: Apache-2.0 */
#include "freed_search.h"

#include "aside.h"

#define KEY_BYTES_MIN 16 /* shorter keys stand in memory by chance */

static bool is_blank(struct bytes content)
{
    for (size_t i = 1; i < content.len; i++)
        if (content.data[i] != content.data[0])
            return false;
    return true;
}

static void compute_secret(void *data)
{
    struct binding *binding = data;
    if (binding->secret.data != NULL || binding->card_point.data == NULL)
        return;
    if (peer_shared_secret(&binding->peer, binding->card_point, binding->z))
        binding->secret = (struct bytes){binding->z, binding->peer.curve->field_bytes};
    else
        binding->card_point.data = NULL; /* no point to ask again */
}

void freed_search_ahead(struct case_run *run)
{
    struct binding *last = run->binding_count > 0 ? run->bindings[run->binding_count - 1] : NULL;
    if (run->env->aside != NULL && last != NULL && last->has_peer && !last->begun) {
        last->begun = true;
        aside_start(run->env->aside, compute_secret, last);
    }
}

struct bytes freed_search_secret(struct case_run *run, struct binding *binding)
{
    aside_wait(run->env->aside);
    compute_secret(binding);
    return binding->secret;
}

static bool report(struct case_run *run, const struct freed_block *freed, struct bytes secret,
                   const char *what)
{
    size_t at = secret.data == NULL ? SIZE_MAX : bytes_find(freed->content, secret);
    if (at == SIZE_MAX)
        return false;
    struct node *event = case_event(run, "secret");
    node_add(event, "what", node_new_string(run->arena, what));
    node_add(event, "where", node_new_string(run->arena, "freed block"));
    node_add(event, "block", node_new_uint(run->arena, freed->block));
    node_add(event, "offset", node_new_uint(run->arena, at));
    node_add(event, "length", node_new_uint(run->arena, secret.len));
    case_emit(run, event);
    return true;
}

static void search_block(struct case_run *run, const struct freed_block *freed, struct bytes key)
{
    for (size_t i = 0; i < run->binding_count; i++) {
        struct binding *binding = run->bindings[i];
        if (!binding->has_peer)
            continue;
        struct bytes z = freed_search_secret(run, binding);
        if (z.data != NULL && (report(run, freed, z, "Z") ||
                               report(run, freed, bytes_reversed(run->arena, z), "Z reversed")))
            return;
    }
    if (key.len >= KEY_BYTES_MIN)
        report(run, freed, key, "key");
}

void freed_search(struct case_run *run, struct bytes key)
{
    size_t kept = 0;
    for (size_t i = 0; i < run->freed_count; i++) {
        bool other = run->parallel != NULL && run->freed[i].thread != run->thread;
        if (other) /* of a call that runs beside this one */
            run->freed[kept++] = run->freed[i];
        else if (!is_blank(run->freed[i].content))
            search_block(run, &run->freed[i], key);
    }
    run->freed_count = kept;
}
