/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "case_files.h"
#include "derive_report.h"
#include "judge.h"
#include "options.h"
#include "paths.h"
#include "probe.h"
#include "run_trace.h"
#include "session.h"
#include "step_role.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct derive_options {
    struct session_options session;
    const char *container, *curve, *kdf, *hash, *flags, *version, *leading_zeros;
    struct option_list parameters;
    bool secret_handle;
} options;

static const struct option_row rows[] = {
    SESSION_OPTION_ROWS(options.session),
    {"container", 0, OPTION_TEXT, "N", "the container whose key agrees", &options.container},
    {"curve", 0, OPTION_TEXT, "CURVE", "or: the first container on P-256, P-384 or P-521 [any]",
     &options.curve},
    {"leading-zeros", 0, OPTION_TEXT, "N", "a peer whose secret begins with N zero bytes",
     &options.leading_zeros},
    {"kdf", 0, OPTION_TEXT, "KDF", "HASH, HMAC, TLS_PRF, SP800_56A_CONCAT, TRUNCATE [HASH]",
     &options.kdf},
    {"hash", 0, OPTION_TEXT, "HASH", "KDF_HASH_ALGORITHM: SHA1, SHA256 ...", &options.hash},
    {"param", 0, OPTION_LIST, "TYPE=VALUE",
     "a parameter: a text, hex:0306 or null; may be repeated", &options.parameters},
    {"flags", 0, OPTION_TEXT, "N", "dwFlags of CARD_DERIVE_KEY, a number or a name",
     &options.flags},
    {"version", 0, OPTION_TEXT, "N", "dwVersion of CARD_DERIVE_KEY [1]", &options.version},
    {"secret-handle", 0, OPTION_FLAG, NULL,
     "a KDF_NCRYPT_SECRET_HANDLE parameter, answered with a second agreement",
     &options.secret_handle},
};

static const struct command_line command = {
    "derive",
    "",
    "Makes one agreement, derives one key from it, and shows everything that happened.",
    "Exit codes: 0 the key is right or its refusal allowed, 1 it is not, 2 usage, 3 something is "
    "missing.\n\n"
    "  mdcts derive --driver ./driver.so --curve P-256 --kdf HMAC --hash SHA256 "
    "--param KDF_HMAC_KEY=hex:0306\n",
    rows,
    sizeof rows / sizeof rows[0],
};

/* ---- the case that the options describe ---- */

static struct node *text_node(struct arena *arena, const char *text)
{
    struct node *node = node_new_string(arena, text);
    bool number = text[0] != '\0' && strspn(text, "0123456789xabcdefABCDEF") == strlen(text) &&
                  text[0] >= '0' && text[0] <= '9';
    if (number || strcmp(text, "null") == 0)
        node->kind = NODE_PLAIN;
    return node;
}

static struct node *op_node(struct arena *arena, struct node *steps, const char *op)
{
    struct node *step = node_append(steps, node_new_map(arena));
    node_add(step, "line", node_new_uint(arena, 1));
    return node_add(step, op, node_new_map(arena));
}

static void add_construct(struct arena *arena, struct node *steps, const char *as)
{
    struct node *args = op_node(arena, steps, "construct");
    if (options.container != NULL)
        node_add(args, "container", text_node(arena, options.container));
    else
        node_add(args, "curve",
                 node_new_string(arena, options.curve != NULL ? options.curve : CURVE_ANY));
    if (options.leading_zeros != NULL) {
        struct node *peer = node_add(args, "peer", node_new_map(arena));
        node_add(peer, "leading_zeros", text_node(arena, options.leading_zeros));
    }
    node_add(args, "as", node_new_string(arena, as));
}

static int add_parameters(struct arena *arena, struct node *derive)
{
    struct node *list = node_new_list(arena);
    if (options.hash != NULL)
        node_add(node_append(list, node_new_map(arena)), "KDF_HASH_ALGORITHM",
                 node_new_string(arena, options.hash));
    for (size_t i = 0; i < options.parameters.count; i++) {
        const char *text = options.parameters.items[i];
        const char *equals = strchr(text, '=');
        if (equals == NULL || equals == text)
            return options_complain(&command, "--param is TYPE=VALUE, not '%s'", text);
        const char *type = arena_strndup(arena, text, (size_t)(equals - text));
        struct node *item = node_append(list, node_new_map(arena));
        node_add(item, type, text_node(arena, equals + 1));
    }
    if (options.secret_handle)
        node_add(node_append(list, node_new_map(arena)), "KDF_NCRYPT_SECRET_HANDLE",
                 node_new_string(arena, "h1"));
    if (list->count > 0)
        node_add(derive, "parameters", list);
    return -1;
}

static int add_derive(struct arena *arena, struct node *steps)
{
    struct node *args = op_node(arena, steps, "derive");
    node_add(args, "agreement", node_new_string(arena, "$z"));
    node_add(args, "kdf", node_new_string(arena, options.kdf != NULL ? options.kdf : "HASH"));
    if (options.flags != NULL)
        node_add(args, "flags", text_node(arena, options.flags));
    if (options.version != NULL)
        node_add(args, "version", text_node(arena, options.version));
    int code = add_parameters(arena, args);
    struct node *expect = node_add(steps->last, "expect", node_new_map(arena));
    node_add(expect, "return", node_new_string(arena, "any"));
    if (!options.secret_handle)
        node_add(expect, "key", node_new_string(arena, "oracle"));
    if (options.secret_handle) {
        struct node *callbacks = node_add(steps->last, "callbacks", node_new_map(arena));
        struct node *answers = node_add(callbacks, "CspGetDHAgreement", node_new_list(arena));
        struct node *answer = node_append(answers, node_new_map(arena));
        node_add(answer, "handle", node_new_string(arena, "h1"));
        node_add(answer, "index", node_new_string(arena, "$second"));
        node_add(answer, "return", node_new_uint(arena, 0));
    }
    return code;
}

/* The `case` of a trace: what the options ask for, in the case language. */
static int make_case(struct arena *arena, struct node **out)
{
    struct node *map = node_new_map(arena), *steps = node_new_list(arena);
    node_add(map, "n", node_new_uint(arena, 0));
    node_add(map, "id", node_new_string(arena, "derive"));
    node_add(map, "base", node_new_string(arena, "derive"));
    node_add(map, "requirement", node_new_string(arena, "R191"));
    node_add(map, "about", node_new_string(arena, "The derivation asked for at the prompt."));
    node_add(map, "file", node_new_string(arena, "command line"));
    node_add(map, "line", node_new_uint(arena, 1));
    node_add(map, "fixture_steps", node_new_uint(arena, 0));
    op_node(arena, steps, "acquire");
    node_add(op_node(arena, steps, "authenticate"), "role",
             node_new_string(arena, ROLE_WORD_AGREEMENT));
    add_construct(arena, steps, "z");
    if (options.secret_handle)
        add_construct(arena, steps, "second");
    int code = add_derive(arena, steps);
    node_add(map, "steps", steps);
    *out = map;
    return code;
}

/* ---- playing and showing it ---- */

struct derivation_run {
    struct arena arena;
    struct diags diags;
    struct scenario scenario;
    struct session session;
    struct run_trace trace;
    struct derive_report report;
    char path[128];
};

static void emit(void *data, struct arena *arena, struct node *event)
{
    struct derivation_run *run = data;
    run_trace_emit(&run->trace, arena, event);
    derive_report_take(&run->report, event);
}

static bool write_case(struct derivation_run *run, const struct node *node)
{
    struct node *line = node_new_map(&run->arena);
    node_add(line, "case", node_copy(&run->arena, node));
    return trace_write(&run->trace.writer, line);
}

/* The trace of one derivation is a file that nobody else sees. */
static bool open_trace(struct derivation_run *run)
{
    snprintf(run->path, sizeof run->path, "%s/derive.jsonl", run->session.supervisor.folder);
    run->trace.mask = &run->session.mask;
    return trace_writer_open(&run->trace.writer, run->path);
}

static int play(struct derivation_run *run, const struct node *node)
{
    struct planned planned;
    struct run_facts facts = {.date = "1970-01-01"};
    if (!open_trace(run))
        return EXIT_OUR_FAULT;
    run->session.env.emit = run_trace_emit;
    run->session.env.emit_data = &run->trace;
    bool ok = run_trace_header(&run->trace, &run->session, &facts) &&
              run_trace_requirements(&run->trace, &run->scenario.requirements);
    run->session.env.capabilities = probe_capabilities(&run->session.env, &run->arena);
    ok = ok && run_trace_capabilities(&run->trace, run->session.env.capabilities) &&
         write_case(run, node);
    if (!ok || !planned_read(&run->diags, &run->arena, node, &planned)) {
        diags_print(&run->diags, stderr);
        return ok ? EXIT_USAGE : EXIT_OUR_FAULT;
    }
    run->session.env.emit = emit;
    run->session.env.emit_data = run;
    derive_report_start(&run->report, &run->arena, (uint32_t)planned.step_count);
    case_run_planned(&run->session.env, &run->arena, &planned, NULL);
    return run_trace_end(&run->trace, 1) && trace_writer_close(&run->trace.writer) ? -1
                                                                                   : EXIT_OUR_FAULT;
}

static int judge(struct derivation_run *run)
{
    struct results results = {0};
    enum judge_status status = judge_trace(&run->diags, &run->arena, run->path, &results);
    if (status != JUDGE_OK) {
        diags_print(&run->diags, stderr);
        return (int)status;
    }
    if (derive_report_print(&run->report, &results, stdout))
        return results_exit_code(&results, false);
    fputs("mdcts: error: the answer could not be written\n", stderr);
    return EXIT_OUR_FAULT;
}

static int derive(struct derivation_run *run)
{
    struct node *node = NULL;
    int code = make_case(&run->arena, &node);
    const char *rows_file = arena_printf(&run->arena, "%s/requirements.yaml", cases_dir());
    if (code >= 0)
        return code;
    if (!case_files_add_requirements(&run->diags, &run->arena, rows_file, &run->scenario)) {
        diags_print(&run->diags, stderr);
        return EXIT_USAGE;
    }
    code = session_open(&run->session, &options.session);
    if (code == 0)
        code = play(run, node);
    if (code < 0)
        code = judge(run);
    session_close(&run->session);
    return code;
}

int cmd_derive(int argc, char **argv)
{
    static struct derivation_run run;
    size_t word_count;
    int code = options_read(&command, argc, argv, &word_count);
    if (code < 0 && word_count > 0)
        code = options_complain(&command, "'%s' is no option", argv[0]);
    if (code < 0)
        code = derive(&run);
    diags_free(&run.diags);
    arena_free(&run.arena);
    return code;
}
