/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd_judge.h"

#include "console.h"
#include "judge.h"
#include "junit.h"

#include <getopt.h>
#include <string.h>

enum { EXIT_USAGE = 2, EXIT_OWN_FAULT = 4 };

static const char usage[] =
    "usage: mdcts judge DIR [--out FILE | --stdout] [--junit FILE] [--fail-on warn]\n"
    "       [--kinds suite | documents]\n"
    "\n"
    "Judges DIR/trace.jsonl alone: no driver, no card.  Writes DIR/results.json.\n"
    "\n"
    "  --out FILE      write the results there\n"
    "  --stdout        write the results to standard output, and no summary\n"
    "  --junit FILE    write JUnit XML too\n"
    "  --fail-on warn  exit 1 for warnings too\n"
    "  --kinds KINDS   " KINDS_HELP "\n";

struct judge_arguments {
    const char *folder, *out, *junit;
    bool to_stdout, fail_on_warn, help;
    enum kinds kinds;
};

static bool read_arguments(int argc, char **argv, struct judge_arguments *out)
{
    static const struct option options[] = {
        {"out", required_argument, NULL, 'o'},
        {"stdout", no_argument, NULL, 's'},
        {"junit", required_argument, NULL, 'j'},
        {"fail-on", required_argument, NULL, 'f'},
        {"kinds", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    bool ok = true;
    optind = 0;
    while (ok && (option = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
        switch (option) {
        case 'o': out->out = optarg; break;
        case 's': out->to_stdout = true; break;
        case 'j': out->junit = optarg; break;
        case 'f':
            ok = strcmp(optarg, "warn") == 0;
            out->fail_on_warn = true;
            break;
        case 'k': ok = kinds_from_name(optarg, &out->kinds); break;
        case 'h': out->help = true; break;
        default: ok = false; break;
        }
    }
    if (ok && optind + 1 == argc)
        out->folder = argv[optind];
    return ok && (out->help || out->folder != NULL) && !(out->to_stdout && out->out != NULL);
}

static bool write_all(const struct judge_arguments *arguments, const char *path,
                      const struct results *results)
{
    struct console console;
    if (arguments->junit != NULL && !junit_write(arguments->junit, results))
        return false;
    if (arguments->to_stdout)
        return results_write(stdout, results);
    if (!results_write_file(path, results))
        return false;
    console_start(&console, stdout, console_style_of(stdout));
    return console_results(&console, results);
}

static int judge_folder(const struct judge_arguments *arguments, struct arena *arena)
{
    struct diags diags = {.count = 0};
    struct results results;
    const char *trace = arena_printf(arena, "%s/trace.jsonl", arguments->folder);
    const char *path = arguments->out != NULL
                           ? arguments->out
                           : arena_printf(arena, "%s/results.json", arguments->folder);
    enum judge_status status = judge_trace(&diags, arena, trace, &results);
    int code = (int)status;
    diags_print(&diags, stderr);
    results.kinds = arguments->kinds;
    if (status == JUDGE_OK && !write_all(arguments, path, &results)) {
        fputs("mdcts: the results could not be written\n", stderr);
        code = EXIT_OWN_FAULT;
    } else if (status == JUDGE_OK) {
        code = results_exit_code(&results, arguments->fail_on_warn);
    }
    diags_free(&diags);
    return code;
}

int cmd_judge(int argc, char **argv)
{
    struct judge_arguments arguments = {.folder = NULL};
    struct arena arena = {0};
    if (!read_arguments(argc, argv, &arguments)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (arguments.help)
        return fputs(usage, stdout) >= 0 ? 0 : EXIT_OWN_FAULT;
    int code = judge_folder(&arguments, &arena);
    arena_free(&arena);
    return code;
}
