/* SPDX-License-Identifier: Apache-2.0 */
#include "run_trace.h"

#include "surroundings.h"
#include "version.h"

#include <string.h>

static bool write_wrapped(struct run_trace *trace, struct arena *arena, const char *key,
                          struct node *value)
{
    struct node *line = node_new_map(arena);
    node_add(line, key, value);
    secret_mask_apply(trace->mask, arena, line);
    return trace_write(&trace->writer, line);
}

static void add_text(struct node *map, struct arena *arena, const char *key, const char *text)
{
    if (text != NULL)
        node_add(map, key, node_new_string(arena, text));
}

static void add_texts(struct node *map, struct arena *arena, const char *key,
                      const char *const *texts, size_t count)
{
    struct node *list = count == 0 ? NULL : node_add(map, key, node_new_list(arena));
    for (size_t i = 0; i < count; i++)
        node_append(list, node_new_string(arena, texts[i]));
}

bool run_trace_header(struct run_trace *trace, const struct session *session,
                      const struct run_facts *facts)
{
    struct arena arena = {0};
    struct node *head = node_new_map(&arena), *driver = node_new_map(&arena);
    node_add(head, "format", node_new_uint(&arena, TRACE_FORMAT));
    add_text(head, &arena, "suite", MDCTS_VERSION);
    add_text(head, &arena, "cases_hash", facts->cases_hash);
    add_text(head, &arena, "requirements_hash", facts->requirements_hash);
    add_text(driver, &arena, "path", session->env.driver);
    add_text(driver, &arena, "sha256", session->driver_sha256);
    struct node *config = surroundings_config(&arena, &session->profile);
    if (config != NULL)
        node_add(driver, "config", config);
    node_add(head, "driver", driver);
    add_text(head, &arena, "reader", session->is_virtual ? "virtual" : session->readers[0]);
    add_text(head, &arena, "abi", session->abi);
    add_text(head, &arena, "wrap", session->wrap);
    node_add(head, "seed", node_new_hex(&arena, session->env.seed));
    add_text(head, &arena, "isolate", "case");
    add_text(head, &arena, "date", facts->date);
    add_texts(head, &arena, "found_with", facts->found_with, facts->found_with_count);
    node_add(head, "profile", profile_public_node(&arena, &session->profile));
    bool ok = write_wrapped(trace, &arena, "trace", head);
    arena_free(&arena);
    return ok;
}

bool run_trace_requirements(struct run_trace *trace, const struct requirements *rows)
{
    struct arena arena = {0};
    bool ok = true;
    for (size_t i = 0; i < rows->count && ok; i++) {
        ok = write_wrapped(trace, &arena, "requirement",
                           requirement_to_node(&arena, &rows->items[i]));
        arena_reset(&arena);
    }
    arena_free(&arena);
    return ok;
}

bool run_trace_capabilities(struct run_trace *trace, const struct node *capabilities)
{
    struct arena arena = {0};
    bool ok = write_wrapped(trace, &arena, "capabilities", node_copy(&arena, capabilities));
    arena_free(&arena);
    return ok;
}

bool run_trace_plan(struct run_trace *trace, const struct plan *plan)
{
    struct arena arena = {0};
    bool ok = true;
    for (size_t i = 0; i < plan->count && ok; i++) {
        ok = write_wrapped(trace, &arena, "case", plan_case_node(plan, i, &arena));
        arena_reset(&arena);
    }
    arena_free(&arena);
    return ok;
}

bool run_trace_end(struct run_trace *trace, size_t cases)
{
    struct arena arena = {0};
    struct node *end = node_new_map(&arena);
    node_add(end, "complete", node_new_bool(&arena, true));
    node_add(end, "cases", node_new_uint(&arena, cases));
    bool ok = write_wrapped(trace, &arena, "end", end);
    arena_free(&arena);
    return ok;
}

bool run_trace_places(struct run_trace *trace, const char *path, const struct node *places)
{
    struct arena arena = {0};
    struct node *line = node_new_map(&arena);
    node_add(line, "places", node_copy(&arena, places));
    bool ok = trace_writer_join(&trace->writer, path) && trace_write(&trace->writer, line);
    ok = trace_writer_close(&trace->writer) && ok;
    arena_free(&arena);
    return ok;
}

void run_trace_emit(void *data, struct arena *arena, struct node *event)
{
    struct run_trace *trace = data;
    secret_mask_apply(trace->mask, arena, event);
    trace_write(&trace->writer, event);
}
