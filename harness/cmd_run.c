/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "case_files.h"
#include "case_sweep.h"
#include "console.h"
#include "digest.h"
#include "jobs.h"
#include "judge.h"
#include "junit.h"
#include "mdcts/cardmod.h"
#include "names.h"
#include "options.h"
#include "oracle.h"
#include "paths.h"
#include "places.h"
#include "probe.h"
#include "reconcile.h"
#include "run_trace.h"
#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define OUT_DEFAULT "mdcts-out"

static struct run_options {
    struct session_options session;
    const char *cases, *out, *level, *shard, *fail_on, *seed, *kinds_name;
    enum kinds kinds;
    struct option_list allow;
    bool no_sweeps, exhaustive;
    unsigned long jobs; /* 0: not said */
} options;

static const struct option_row rows[] = {
    SESSION_OPTION_ROWS(options.session),
    {"cases", 0, OPTION_TEXT, "DIR", "the case files [those of the suite]", &options.cases},
    {"level", 0, OPTION_TEXT, "LEVEL",
     "only requirements of this level: must, should or may and above", &options.level},
    {"shard", 0, OPTION_TEXT, "K/N", "only the K-th of N parts of the cases", &options.shard},
    {"allow", 0, OPTION_LIST, "WHAT",
     "on a real card, also cases that cost: pin-counter, write, attack-points, stress, admin",
     &options.allow},
    {"no-sweeps", 0, OPTION_FLAG, NULL, "without the cases that try a fault at every place",
     &options.no_sweeps},
    {"exhaustive", 0, OPTION_FLAG, NULL,
     "sweeps at every place, however many, and those of a driver's first calls",
     &options.exhaustive},
    {"jobs", 'j', OPTION_NUMBER, "N",
     "runners side by side, with the virtual reader only [one a processor]", &options.jobs},
    {"fail-on", 0, OPTION_TEXT, "warn", "exit 1 for warnings too", &options.fail_on},
    {"kinds", 0, OPTION_TEXT, "KINDS", KINDS_HELP, &options.kinds_name},
    {"seed", 0, OPTION_TEXT, "HEX", "make the same keys as the run with this seed", &options.seed},
    {"out", 'o', OPTION_TEXT, "DIR", "where the reports go [" OUT_DEFAULT "]", &options.out},
};

static const struct command_line command = {
    "run",
    "[FILE | ID-GLOB | REQUIREMENT ...]",
    "Judges a driver with all cases, or those of the files, ids and requirements named.",
    "A file or folder gives all its cases; beside ids or requirements of some of them, those.\n"
    "DIR/trace.jsonl grows during the run; DIR/results.json and DIR/junit.xml are written at its "
    "end.\n"
    "Ctrl-C or SIGTERM ends the run after the case under way; its trace says that it was cut.\n"
    "The PIN of a real card comes from MDCTS_PIN or from where the profile says.\n"
    "The totals are told twice, by the whole suite and by the documents alone (requirements of "
    "kind\n"
    "SRC, HDR and KIT); --kinds says which the table, the lines above them and the exit code go "
    "by.\n"
    "Exit codes: 0 passed, 1 failed, 2 usage, 3 something is missing, 4 our own fault,\n"
    "5 nothing selected, 6 broken or cut short.\n\n"
    "  mdcts run --driver ./driver.so\n"
    "  mdcts run --driver ./driver.so --reader 'ACS ACR39U' 'derive/*' R088\n",
    rows,
    sizeof rows / sizeof rows[0],
};

/* ---- the options' values ---- */

/* A number from 1 up, and where it ended. */
static bool read_part(const char *text, char **end, unsigned *out)
{
    errno = 0;
    unsigned long value = strtoul(text, end, 10);
    *out = (unsigned)value;
    return errno == 0 && *end != text && text[0] >= '0' && text[0] <= '9' && value >= 1 &&
           value <= UINT32_MAX;
}

static bool read_shard(struct plan_options *plan)
{
    char *end;
    return options.shard == NULL ||
           (read_part(options.shard, &end, &plan->shard) && *end == '/' &&
            read_part(end + 1, &end, &plan->shards) && *end == '\0' && plan->shard <= plan->shards);
}

static int read_plan_options(struct plan_options *plan, char **words, size_t word_count)
{
    plan->selectors = (const char *const *)words;
    plan->selector_count = word_count;
    if (options.level != NULL) {
        plan->has_level = true;
        if (!requirement_level_from_name(options.level, &plan->level))
            return options_complain(&command, "--level is must, should or may, not '%s'",
                                    options.level);
    }
    if (!read_shard(plan))
        return options_complain(&command, "--shard is K/N with 1 <= K <= N, not '%s'",
                                options.shard);
    if (options.fail_on != NULL && strcmp(options.fail_on, "warn") != 0)
        return options_complain(&command, "--fail-on takes 'warn', not '%s'", options.fail_on);
    if (!kinds_from_name(options.kinds_name, &options.kinds))
        return options_complain(&command, "--kinds is suite or documents, not '%s'",
                                options.kinds_name);
    if (options.no_sweeps && options.exhaustive)
        return options_complain(&command, "--no-sweeps and --exhaustive exclude each other");
    plan->no_sweeps = options.no_sweeps;
    plan->exhaustive = options.exhaustive;
    for (size_t i = 0; i < options.allow.count; i++) {
        unsigned one = case_allow_from_name(options.allow.items[i]);
        if (one == 0)
            return options_complain(&command, "--allow does not know '%s'", options.allow.items[i]);
        plan->allow |= one;
    }
    return -1;
}

/* ---- what a run consists of ---- */

struct run {
    struct arena arena;
    struct diags diags;
    struct scenario scenario;
    struct plan_options plan_options;
    struct plan plan;
    struct session session;
    struct run_trace trace;
    struct jobs jobs;
    unsigned job, job_count; /* this process plays every job_count-th case */
    const char *out, *trace_path;
    bool cut;         /* it was told that the run is cut short */
    bool lost_runner; /* one beside this did not come to its end: nobody takes the run for whole */
};

static struct run the_run;
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
    jobs_stop(&the_run.jobs);
}

/* The end of the run after the next case, not in the middle of one; a second signal ends it at
 * once. */
static void watch_interrupts(void)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static int complain_diags(struct run *run, int code)
{
    diags_print(&run->diags, stderr);
    return code;
}

static int read_cases(struct run *run, char **words, size_t word_count)
{
    const char *dir = options.cases != NULL ? options.cases : cases_dir();
    const char **files = arena_array(&run->arena, const char *, word_count);
    size_t count = 0;
    for (size_t i = 0; i < word_count; i++)
        if (access(words[i], F_OK) == 0)
            files[count++] = words[i];
    if (!case_files_load(&run->diags, &run->arena, dir, files, count, false, &run->scenario))
        return complain_diags(run, EXIT_USAGE);
    return -1;
}

static bool make_folders(const char *path)
{
    char part[4096];
    size_t len = strlen(path);
    if (len >= sizeof part)
        return false;
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return false;
    }
    return true;
}

/* Nobody shall take an earlier run's reports for those of one that is killed. */
static bool remove_reports(struct run *run)
{
    static const char *const names[] = {"results.json", "junit.xml"};
    bool ok = true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ok = (unlink(arena_printf(&run->arena, "%s/%s", run->out, names[i])) == 0 ||
              errno == ENOENT || errno == EISDIR) &&
             ok;
    return ok;
}

static int open_trace(struct run *run)
{
    run->out = options.out != NULL ? options.out : OUT_DEFAULT;
    run->trace_path = arena_printf(&run->arena, "%s/trace.jsonl", run->out);
    run->trace.mask = &run->session.mask;
    if (!make_folders(run->out) || !remove_reports(run) ||
        !trace_writer_open(&run->trace.writer, run->trace_path)) {
        fprintf(stderr, "mdcts: error: %s cannot be written: %s\n", run->trace_path,
                strerror(errno));
        return EXIT_OUR_FAULT;
    }
    run->session.env.emit = run_trace_emit;
    run->session.env.emit_data = &run->trace;
    return -1;
}

static int set_seed(struct run *run)
{
    if (options.seed != NULL && !bytes_from_hex(&run->arena, options.seed, &run->session.env.seed))
        return options_complain(&command, "--seed is hexadecimal, not '%s'", options.seed);
    return -1;
}

static const char *today(struct arena *keep)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t now = epoch != NULL ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm utc;
    char text[sizeof "YYYY-MM-DD"];
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y-%m-%d", &utc);
    return arena_strdup(keep, text);
}

/* What leads to the cases that are not in the suite's folder. */
static void find_with(struct run *run, struct run_facts *facts)
{
    const struct plan_options *plan = &run->plan_options;
    const char *dir = options.cases != NULL ? options.cases : cases_dir();
    const char **words = arena_array(&run->arena, const char *, plan->selector_count + 2);
    size_t count = 0;
    if (options.cases != NULL) {
        words[count++] = "--cases";
        words[count++] = dir;
    }
    for (size_t i = 0; i < plan->selector_count; i++)
        if (access(plan->selectors[i], F_OK) == 0 && !plan_is_below(dir, plan->selectors[i]))
            words[count++] = plan->selectors[i];
    facts->found_with = words;
    facts->found_with_count = count;
}

static bool write_preamble(struct run *run)
{
    size_t count = run->scenario.suite_count;
    const char **files = arena_array(&run->arena, const char *, count);
    const char *dir = options.cases != NULL ? options.cases : cases_dir();
    for (size_t i = 0; i < count; i++)
        files[i] = run->scenario.suites[i]->file;
    struct run_facts facts = {
        .cases_hash = digest_files(&run->arena, files, count),
        .requirements_hash =
            digest_file(&run->arena, arena_printf(&run->arena, "%s/requirements.yaml", dir)),
        .date = today(&run->arena),
    };
    find_with(run, &facts);
    return run_trace_header(&run->trace, &run->session, &facts) &&
           run_trace_requirements(&run->trace, &run->scenario.requirements);
}

/* ---- playing ---- */

static void after_round(void *data)
{
    session_sweep(data);
}

static bool play_case(struct run *run, size_t n, struct arena *arena)
{
    struct planned planned;
    struct node *node = plan_case_node(&run->plan, n, arena);
    if (!planned_read(&run->diags, arena, node, &planned))
        return false;
    return case_sweep_play(&run->session.env, arena, &planned, after_round, &run->session);
}

/* Whether this process leaves some of its share unplayed, which is no fault of the trace's. */
static bool is_cut(struct run *run)
{
    return interrupted || run->cut || session_lost(&run->session) != NULL;
}

static int tell_cut(struct run *run, const char *why)
{
    fprintf(stderr, "mdcts: error: %s; the run is cut short\n", why);
    run->cut = true;
    return -1;
}

/* This process' share of the cases. */
static int play(struct run *run)
{
    struct arena arena = {0};
    struct console console;
    bool ok = true;
    console_start(&console, stderr, console_style_of(stderr));
    for (size_t n = 0; n < run->plan.count && ok && !is_cut(run); n++) {
        if (n % run->job_count != run->job)
            continue;
        if (run->plan.cases[n].skip == NULL)
            ok = play_case(run, n, &arena) && !run->trace.writer.failed;
        arena_reset(&arena);
        if (n + 1 < run->plan.count)
            console_progress(&console, n + 1, run->plan.count, run->plan.cases[n].id);
    }
    arena_free(&arena);
    if (ok && !is_cut(run) && run->job == 0)
        console_progress(&console, run->plan.count, run->plan.count, "");
    if (run->diags.count > 0)
        return complain_diags(run, EXIT_OUR_FAULT);
    if (session_lost(&run->session) != NULL && !run->trace.writer.failed)
        return tell_cut(run, session_lost(&run->session));
    if (!ok && !run->trace.writer.failed)
        return tell_cut(run, link_is_gone(run->session.env.hosts->link)
                                 ? "the server of hosts has ended"
                                 : "no host could be started");
    return ok ? -1 : EXIT_OUR_FAULT;
}

/* What the capabilities decide: which cases there are, and which of them can run. */
static bool make_plan(struct run *run, const struct node *capabilities)
{
    session_preload(&run->session);
    run->session.env.exhaustive = options.exhaustive;
    /* What probing was refused none of the jobs sends again; our card's own PIN needs no proof. */
    struct card_secrets *secrets = &run->session.secrets;
    secrets->refused = node_get_bool(capabilities, "pin_refused", false);
    if (secrets->ours && !secrets->refused)
        secrets->proven[ROLE_USER] = true;
    run->session.env.capabilities = capabilities;
    run->plan_options.capabilities = capabilities;
    run->plan_options.virtual_reader = run->session.is_virtual;
    run->plan_options.readers = run->session.env.reader_count;
    if (run->session.is_virtual)
        run->plan_options.allow = ALLOW_ALL;
    return plan_make(&run->diags, &run->arena, &run->scenario, &run->plan_options, &run->plan);
}

static int run_session(struct run *run)
{
    if (!write_preamble(run))
        return EXIT_OUR_FAULT;
    struct node *capabilities = probe_capabilities(&run->session.env, &run->arena);
    reconcile_adopt(&run->arena, run->session.profile.capabilities, capabilities);
    session_sweep(&run->session);
    if (session_lost(&run->session) != NULL)
        return tell_cut(run, session_lost(&run->session));
    if (link_is_gone(run->session.env.hosts->link))
        return tell_cut(run, "the server of hosts has ended");
    const char *refused = session_pin_refused(&run->session);
    if (refused != NULL && !session_driver_lost_pin(&run->session)) {
        fprintf(stderr, "mdcts: error: %s\n", refused);
        return EXIT_ENVIRONMENT;
    }
    if (probe_pin_missing(capabilities) != NULL)
        fprintf(stderr,
                "mdcts: warning: a key that agrees wants the PIN of role %s, which the profile's "
                "'pins' don't give\n",
                probe_pin_missing(capabilities));
    if (!make_plan(run, capabilities))
        return complain_diags(run, EXIT_USAGE);
    if (!run_trace_capabilities(&run->trace, capabilities) ||
        !run_trace_plan(&run->trace, &run->plan))
        return EXIT_OUR_FAULT;
    jobs_tell(&run->jobs, capabilities);
    int code = play(run);
    bool shared = jobs_wait(&run->jobs) == 0;
    run->lost_runner = !shared;
    if (code < 0 && !shared && !is_cut(run))
        tell_cut(run, "a runner beside this one did not play all of its cases");
    if (code < 0 && shared && !is_cut(run))
        run_trace_end(&run->trace, run->plan.count);
    return code;
}

/* ---- runners side by side ---- */

static unsigned choose_jobs(void)
{
    const struct session_options *session = &options.session;
    bool ours = session->card == NULL && session->profile == NULL &&
                (session->reader == NULL || strcmp(session->reader, "virtual") == 0);
    if (options.jobs != 0)
        return (unsigned)options.jobs;
    return ours ? jobs_processors() : 1;
}

/* All of them make the same keys for the same case. */
static bool share_seed(struct run *run)
{
    uint8_t seed[16];
    if (options.seed == NULL && getrandom(seed, sizeof seed, 0) == (ssize_t)sizeof seed)
        options.seed = bytes_to_hex(&run->arena, (struct bytes){seed, sizeof seed});
    return options.seed != NULL;
}

static int work(void *data, unsigned number, int from)
{
    struct run *run = data;
    run->jobs.count = 0; /* they are not ours */
    run->job = options.session.job = number;
    int code = session_open(&run->session, &options.session);
    const struct node *capabilities = jobs_hear(&run->arena, from);
    run->trace.mask = &run->session.mask;
    run->session.env.emit = run_trace_emit;
    run->session.env.emit_data = &run->trace;
    if (code == 0 && capabilities != NULL && set_seed(run) < 0 &&
        trace_writer_join(&run->trace.writer, run->trace_path) && make_plan(run, capabilities))
        code = play(run) < 0 && !is_cut(run) ? 0 : EXIT_OUR_FAULT;
    session_close(&run->session);
    return code;
}

static int start_jobs(struct run *run)
{
    unsigned wanted = choose_jobs();
    if (wanted > JOBS_MAX)
        return options_complain(&command, "--jobs is at most %d, not %u", JOBS_MAX, wanted);
    run->job_count = wanted;
    options.session.jobs = wanted;
    run->trace_path = arena_printf(&run->arena, "%s/trace.jsonl",
                                   options.out != NULL ? options.out : OUT_DEFAULT);
    run->trace.writer.tally = trace_tally_new();
    if (run->trace.writer.tally == NULL || (wanted > 1 && !share_seed(run)))
        return EXIT_OUR_FAULT;
    for (unsigned i = 1; i < wanted; i++)
        if (!jobs_start(&run->jobs, work, run))
            return EXIT_OUR_FAULT;
    return 0;
}

static int close_trace(struct run *run, int code)
{
    if (trace_writer_close(&run->trace.writer))
        return code;
    fprintf(stderr, "mdcts: error: the trace could not be written; what there is lies in %s\n",
            run->trace_path);
    return EXIT_OUR_FAULT;
}

/* ---- reports ---- */

/* Names are looked up for what findings are about only, and stored, so that judging the trace again
 * tells the same. */
static bool name_places(struct run *run, struct results *results)
{
    const struct node *wanted = places_wanted(&run->arena, results);
    const char *driver = node_get_text(node_get(results->header, "driver"), "path");
    if (wanted->count == 0 || driver == NULL)
        return true;
    const struct node *places = names_find(&run->arena, driver, wanted);
    places_name(&run->arena, places, results);
    return run_trace_places(&run->trace, run->trace_path, places);
}

static int report(struct run *run)
{
    struct results results = {0};
    /* A runner that is killed may have counted a line that it did not write, or not all of. */
    if (!run->lost_runner && !trace_tally_fits(run->trace.writer.tally, run->trace_path)) {
        fprintf(stderr,
                "mdcts: error: %s is not what this run wrote: the driver or somebody else has "
                "changed it; it is not judged\n",
                run->trace_path);
        return EXIT_OUR_FAULT;
    }
    enum judge_status status = judge_trace(&run->diags, &run->arena, run->trace_path, &results);
    if (status != JUDGE_OK)
        return complain_diags(run, (int)status);
    results.kinds = options.kinds;
    if (!name_places(run, &results))
        return close_trace(run, EXIT_OUR_FAULT);
    const char *json = arena_printf(&run->arena, "%s/results.json", run->out);
    const char *junit = arena_printf(&run->arena, "%s/junit.xml", run->out);
    bool ok = results_write_file(json, &results) && junit_write(junit, &results);
    struct console console;
    console_start(&console, stdout, console_style_of(stdout));
    ok = console_results(&console, &results) && ok;
    if (printf("\nReports: %s %s %s\n", run->trace_path, json, junit) < 0 || fflush(stdout) != 0)
        ok = false;
    if (!ok) {
        fprintf(stderr, "mdcts: error: a report could not be written; the trace is kept: %s\n",
                run->trace_path);
        return EXIT_OUR_FAULT;
    }
    return results_exit_code(&results, options.fail_on != NULL);
}

/* An oracle that is wrong must not judge; better to know before an hour of card time. */
static int check_oracle(void)
{
    struct oracle *oracle = oracle_new();
    const char *wrong = oracle_self_check(oracle);
    oracle_free(oracle);
    if (wrong == NULL)
        return 0;
    fprintf(stderr, "mdcts: error: the oracle's known answer %s is wrong; nothing can be judged\n",
            wrong);
    return EXIT_OUR_FAULT;
}

/* A selection that selects nothing is told before a card is touched. */
static int check_selection(struct run *run)
{
    if (plan_make(&run->diags, &run->arena, &run->scenario, &run->plan_options, &run->plan)) {
        bool nothing = run->plan.count == 0;
        options.session.readers = plan_readers(&run->plan);
        run->plan = (struct plan){0};
        if (nothing)
            fputs("mdcts: error: nothing was selected\n", stderr);
        return nothing ? EXIT_NOTHING : 0;
    }
    return complain_diags(run, run->plan.unselected ? EXIT_NOTHING : EXIT_USAGE);
}

/* Runners that share a card reset it in the middle of each other's cases, and each would have to
 * prove the PIN anew.  What kind of reader a profile names is known only now. */
static int check_alone(const struct run *run)
{
    if (run->jobs.count == 0 || run->session.is_virtual)
        return 0;
    return options_complain(
        &command, "--jobs needs the virtual reader: a card in '%s' serves one runner at a time",
        run->session.readers[0]);
}

static int run_driver(struct run *run)
{
    int code = check_oracle();
    if (code == 0)
        code = check_selection(run);
    if (code == 0)
        code = start_jobs(run);
    if (code != 0)
        return code;
    code = session_open(&run->session, &options.session);
    if (code == 0)
        code = check_alone(run);
    if (code == 0)
        code = set_seed(run);
    if (code < 0)
        code = open_trace(run);
    if (code < 0)
        code = close_trace(run, run_session(run));
    jobs_tell(&run->jobs, NULL); /* whoever still waits for his share gets none */
    jobs_wait(&run->jobs);
    session_close(&run->session);
    return code < 0 ? report(run) : code;
}

int cmd_run(int argc, char **argv)
{
    size_t word_count;
    int code = options_read(&command, argc, argv, &word_count);
    if (code < 0)
        code = read_plan_options(&the_run.plan_options, argv, word_count);
    if (code < 0)
        code = read_cases(&the_run, argv, word_count);
    if (code < 0) {
        watch_interrupts();
        code = run_driver(&the_run);
    }
    diags_free(&the_run.diags);
    arena_free(&the_run.arena);
    return code;
}
