/* SPDX-License-Identifier: Apache-2.0 */
/* A run's trace: what stands in front of the events, and the path that every event takes into it.
 */
#ifndef MDCTS_RUN_TRACE_H
#define MDCTS_RUN_TRACE_H

#include "plan.h"
#include "session.h"
#include "trace.h"

struct run_trace {
    struct trace_writer writer;
    const struct secret_mask *mask;
};

/* What line 1 says besides the session's own facts. */
struct run_facts {
    const char *cases_hash, *requirements_hash;
    const char *date;              /* YYYY-MM-DD, for waivers */
    const char *const *found_with; /* the words that a run needs to find its cases again */
    size_t found_with_count;
};

/* Each is false when the trace could not be written. */
bool run_trace_header(struct run_trace *trace, const struct session *session,
                      const struct run_facts *facts);
bool run_trace_requirements(struct run_trace *trace, const struct requirements *rows);
bool run_trace_capabilities(struct run_trace *trace, const struct node *capabilities);
bool run_trace_plan(struct run_trace *trace, const struct plan *plan);
bool run_trace_end(struct run_trace *trace, size_t cases);

/* Behind everything else, once it is known which places findings name: a list as names_find()
 * gives. */
bool run_trace_places(struct run_trace *trace, const char *path, const struct node *places);

/* The sink of struct run_environment; data is the struct run_trace. */
void run_trace_emit(void *data, struct arena *arena, struct node *event);

#endif
