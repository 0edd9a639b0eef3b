/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "base/clock.h"
#include "json_tree.h"
#include "options.h"
#include "probe.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASES_DEFAULT 500
#define CASES_MAX     100000

static struct {
    struct session_options session;
    unsigned long cases;
} options = {.cases = CASES_DEFAULT};

static const struct option_row rows[] = {
    SESSION_OPTION_ROWS(options.session),
    {"cases", 'n', OPTION_NUMBER, "N", "how many cases to measure [500]", &options.cases},
};

static const struct command_line command = {
    "bench",
    "",
    "Measures a whole isolated case: host, load, connect, acquire, PIN, agreement on P-256, HASH,\n"
    "delete; and what it is made of: the harness' own share is what is left of the whole when the\n"
    "driver's calls (with the card), its loading, the card's image and the caller's PC/SC calls "
    "are\n"
    "taken off.  Nothing is judged.",
    "Exit codes: 0, 2 usage, 3 something is missing.",
    rows,
    sizeof rows / sizeof rows[0],
};

static const char case_text[] =
    "{\"n\":0,\"id\":\"bench\",\"base\":\"bench\",\"requirement\":\"R191\",\"about\":\"bench\","
    "\"file\":\"bench\",\"line\":1,\"fixture_steps\":0,\"steps\":["
    "{\"line\":1,\"acquire\":{}},{\"line\":1,\"authenticate\":{\"role\":\"agreement\"}},"
    "{\"line\":1,\"construct\":{\"curve\":\"P-256\",\"as\":\"z\"}},"
    "{\"line\":1,\"derive\":{\"agreement\":\"$z\",\"kdf\":\"HASH\"},\"expect\":{\"return\":"
    "\"success\"}},"
    "{\"line\":1,\"delete_context\":{}}]}";

struct sample {
    uint64_t whole, own, load, restore, pcsc, driver; /* the others are the parts of whole */
    uint64_t begin, steps, end, sweep;                /* whole by phase */
    uint64_t apdu;                                    /* the case's first */
};

/* Makes the text that a run would write, and notes how long the card took. */
static void note_event(void *data, struct arena *arena, struct node *event)
{
    struct sample *sample = data;
    json_tree_text(arena, event);
    if (sample->apdu == 0 && strcmp(node_get_text(event, "e"), "apdu") == 0)
        sample->apdu = node_get_uint(event, "us", 0) * 1000u;
}

static bool measure(struct session *session, const struct planned *planned, struct arena *arena,
                    struct sample *out)
{
    *out = (struct sample){0};
    session->env.emit_data = out;
    uint64_t start = clock_ns();
    struct case_run *run = case_run_begin(&session->env, arena, 0, planned->id, NULL);
    bool ok = run != NULL;
    uint64_t begun = clock_ns();
    for (size_t i = 0; ok && i < planned->step_count; i++) {
        struct step_result r = case_run_step(run, &planned->steps[i], (uint32_t)i + 1);
        ok = r.ran && r.status == 0;
    }
    if (run == NULL)
        return false;
    uint64_t played = clock_ns();
    out->driver = run->calls_ns;
    case_run_end(run);
    out->load = run->load_ns;
    out->restore = run->restore_ns;
    out->pcsc = run->pcsc_ns;
    uint64_t ended = clock_ns();
    session_sweep(session);
    uint64_t swept = clock_ns();
    out->whole = swept - start;
    out->begin = begun - start;
    out->steps = played - begun;
    out->end = ended - played;
    out->sweep = swept - ended;
    out->own = out->whole - out->load - out->driver - out->pcsc - out->restore;
    return ok;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void print_row(const char *what, const struct sample *samples, size_t count, size_t offset)
{
    uint64_t *values = malloc(count * sizeof *values);
    if (values == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        memcpy(&values[i], (const char *)&samples[i] + offset, sizeof *values);
    qsort(values, count, sizeof *values, by_value);
    printf("%-24s %8.3f ms median %8.3f ms 90 %%\n", what, (double)values[count / 2] / 1e6,
           (double)values[count * 9 / 10] / 1e6);
    free(values);
}

static const struct {
    const char *what;
    size_t offset;
} report[] = {
    {"a whole case", offsetof(struct sample, whole)},
    {"  the harness' own", offsetof(struct sample, own)},
    {"  driver and card", offsetof(struct sample, driver)},
    {"  loading the driver", offsetof(struct sample, load)},
    {"  restoring the card", offsetof(struct sample, restore)},
    {"  PC/SC for the caller", offsetof(struct sample, pcsc)},
    {"the same by phase", offsetof(struct sample, whole)},
    {"  host and connection", offsetof(struct sample, begin)},
    {"  the five calls", offsetof(struct sample, steps)},
    {"  ending the host", offsetof(struct sample, end)},
    {"  looking for leftovers", offsetof(struct sample, sweep)},
    {"one APDU (SELECT)", offsetof(struct sample, apdu)},
};

static int bench(struct session *session, struct arena *arena)
{
    struct diags diags = {0};
    struct planned planned;
    struct arena scratch = {0};
    struct sample probing = {0};
    size_t done = 0;
    session->env.emit = note_event;
    session->env.emit_data = &probing;
    session->env.capabilities = probe_capabilities(&session->env, arena);
    session_preload(session);
    struct node *node = json_tree_parse(&diags, arena, case_text, sizeof case_text - 1, "bench", 1);
    if (node == NULL || !planned_read(&diags, arena, node, &planned)) {
        diags_print(&diags, stderr);
        return EXIT_OUR_FAULT;
    }
    struct sample *samples = arena_array(arena, struct sample, options.cases);
    uint64_t start = clock_ns();
    while (done < options.cases && measure(session, &planned, &scratch, &samples[done])) {
        done++;
        arena_reset(&scratch);
    }
    double seconds = (double)(clock_ns() - start) / 1e9;
    arena_free(&scratch);
    if (done < options.cases) {
        fputs("mdcts bench: error: the driver did not play the case to its end\n", stderr);
        return 1;
    }
    printf("%zu isolated cases in %.2f s: %.0f cases a second\n", done, seconds,
           (double)done / seconds);
    for (size_t i = 0; i < sizeof report / sizeof report[0]; i++)
        print_row(report[i].what, samples, done, report[i].offset);
    return 0;
}

int cmd_bench(int argc, char **argv)
{
    static struct session session;
    struct arena arena = {0};
    size_t words;
    int code = options_read(&command, argc, argv, &words);
    if (code >= 0)
        return code;
    if (words > 0 || options.cases == 0 || options.cases > CASES_MAX)
        return options_complain(&command, "it takes no words, and 1 to %d cases", CASES_MAX);
    code = session_open(&session, &options.session);
    if (code == 0)
        code = bench(&session, &arena);
    session_close(&session);
    arena_free(&arena);
    return code;
}
