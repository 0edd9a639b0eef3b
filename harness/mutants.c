/* SPDX-License-Identifier: Apache-2.0 */
/* mdcts-mutants: judges every single-defect mutant of the reference driver and prints the matrix.
 *
 *     mdcts-mutants [--all] [--html FILE] MDCTS DEFECTS_DEF DRIVER_DIR OUT_DIR [ID ...]
 *     mdcts-mutants --dialects [--all] MDCTS DIALECTS_DEF DRIVER_DIR OUT_DIR [ID ...]
 *     mdcts-mutants --unguarded DEFECTS_DEF
 *
 * The counting build of the reference runs first and says which cases pass which defect's place.
 * A mutant then runs those of the requirements that its row names or lists, and SAMPLE of the
 * others, evenly taken in the order of the plan: the same ones each time; and the cases of the
 * requirements that its row names for which the reference can do too much.  --all: every case.
 *
 * A mutant is killed when each outcome that its row names appears on the requirement named; it is
 * over-killed when a requirement outside its row is worse than INFO.  The reference driver must
 * show nothing worse than INFO at all.
 *
 * A dialect runs the cases that pass its places, or some of them if there are many, and a sample of
 * all others, another one than its neighbour's; or all with --all.  None may fail, crash, hang or
 * be blocked or broken, and warnings are only about the requirements that its row names.
 *
 * Then the mutants follow that only one instrument sees (mutant_instrument.h).
 *
 * Exit code 1 unless every driver does as its row says and each instrument has such mutants. */
#include "json_tree.h"
#include "mutant_guard.h"
#include "mutant_html.h"
#include "mutant_instrument.h"
#include "mutant_row.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COLUMNS          110u /* of a list of names */
#define REQUIREMENTS_MAX 512
#define JOBS             2
#define CASES_MAX        200000
#define FILE_BYTES_MAX   (64 * 1024 * 1024)
#define DEADLINE_PERCENT "20" /* of the usual one: a mutant that hangs shall not cost much */
#define SAMPLE_STRIDE    16   /* a dialect runs every 16th case */
#define PASSING_MAX      128  /* and so many of those that pass its places */
#define SAMPLE           40   /* cases of requirements that a mutant's row doesn't name */

/* The same keys every time: a secret that starts with a zero byte by chance is no flaky
 * consequence. */
#define SEED "6d757461746564206d757461746564"
/* What two dialects know besides the card's own PIN, for their profiles; pin.c has the same. */
#define SECOND_PIN        "123456"
#define ADMINISTRATOR_PIN "87654321"
#define COUNTING_DRIVER   "reference-counting.so"
#define PASSED            "passed "

struct planned {
    const char *id, *requirement;
    unsigned instruments; /* that it plays */
};

/* Runs beside each other, each on a processor of its own where there are so many: a runner that is
 * left two believes the other one idle. */
static struct job {
    struct mutant_row *row; /* NULL: none runs */
    pid_t pid;
} jobs[JOBS];

static struct arena arena;
static struct mutant_rows rows = {.keep = &arena};
static const char *mdcts;       /* the program */
static struct planned *planned; /* by the counting run; no id behind the last */

/* ---- running ---- */

static pid_t spawn(const char *const *argv, const char *log)
{
    extern char **environ;
    pid_t pid;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC,
                                     0666);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    int error = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        mutant_die(strerror(error), argv[0]);
    return pid;
}

static pid_t start_run(const char *driver, const char *out, const char *beside,
                       const struct mutant_row *row)
{
    size_t count = 0;
    const char **argv = arena_array(&arena, const char *, 18 + row->case_count);
    const char *fixed[] = {mdcts,    "run", "--driver",        driver,           "--out",  out,
                           "--seed", SEED,  "--timeout-scale", DEADLINE_PERCENT, "--jobs", beside};
    for (; count < sizeof fixed / sizeof fixed[0]; count++)
        argv[count] = fixed[count];
    if (row->profile != NULL) {
        argv[count++] = "--profile";
        argv[count++] = row->profile;
    }
    argv[count++] = "--";
    for (size_t i = 0; i < row->case_count; i++)
        argv[count++] = row->cases[i];
    unlink(arena_printf(&arena, "%s/results.json", out)); /* of an earlier run */
    return spawn(argv, arena_printf(&arena, "%s.log", out));
}

/* ---- which cases pass which place ---- */

static void add_case(struct mutant_row *row, const char *id)
{
    row->cases =
        arena_grow(&arena, row->cases, row->case_count, &row->case_capacity, sizeof *row->cases);
    row->cases[row->case_count++] = id;
}

static void add_pass(struct mutant_row *row, const struct planned *c)
{
    row->passing = arena_grow(&arena, row->passing, row->passing_count, &row->passing_capacity,
                              sizeof *row->passing);
    row->passing[row->passing_count++] = c;
}

/* The driver's output may hold several lines, and begin or end in the middle of one. */
static void note_output(const char *text, const struct planned *c)
{
    for (const char *at = text; (at = strstr(at, PASSED)) != NULL; at += sizeof PASSED - 1) {
        const char *name = at + sizeof PASSED - 1;
        size_t len = strcspn(name, "\n\\");
        for (size_t i = 0; i < rows.count; i++)
            if (strlen(rows.items[i].id) == len && strncmp(rows.items[i].id, name, len) == 0)
                add_pass(&rows.items[i], c);
    }
}

/* Of those that pass: the ones of the row's own requirements, and a sample of the others. */
static void choose_cases(struct mutant_row *row)
{
    size_t others = 0, nth = 0;
    row->pool = row->passing_count;
    for (size_t i = 0; i < row->passing_count; i++)
        others += !mutant_row_names(row, row->passing[i]->requirement);
    size_t step = others > SAMPLE ? (others + SAMPLE - 1) / SAMPLE : 1;
    for (size_t i = 0; i < row->passing_count; i++) {
        const struct planned *c = row->passing[i];
        if (mutant_row_names(row, c->requirement) || nth++ % step == 0)
            add_case(row, c->id);
    }
}

/* What the reference passes or skips tells nothing: all of the row's requirements, and a sample. */
static void choose_apart(struct mutant_row *row)
{
    for (size_t n = 0; n < CASES_MAX && planned[n].id != NULL; n++, row->pool = n)
        if (mutant_row_names(row, planned[n].requirement) || n % SAMPLE_STRIDE == 0)
            add_case(row, planned[n].id);
}

/* The cases of the dialect that is the number-th row: in the order of the plan, each once. */
static void choose_sample(struct mutant_row *row, size_t number)
{
    size_t stride = row->passing_count / PASSING_MAX + 1, passing = 0;
    for (size_t n = 0; n < CASES_MAX && planned[n].id != NULL; n++, row->pool = n) {
        bool passes = passing < row->passing_count && row->passing[passing] == &planned[n];
        passing += passes;
        if ((passes && passing % stride == 0) || n % SAMPLE_STRIDE == number % SAMPLE_STRIDE)
            add_case(row, planned[n].id);
    }
}

static int by_plan(const void *a, const void *b)
{
    const struct planned *x = *(const struct planned *const *)a,
                         *y = *(const struct planned *const *)b;
    return (x > y) - (x < y);
}

/* Runners side by side tell of their cases in turns, and a case passes a place more than once. */
static void tidy_passes(struct mutant_row *row)
{
    size_t kept = 0;
    if (row->passing_count > 0)
        qsort(row->passing, row->passing_count, sizeof(struct planned *), by_plan);
    for (size_t i = 0; i < row->passing_count; i++)
        if (kept == 0 || row->passing[kept - 1] != row->passing[i])
            row->passing[kept++] = row->passing[i];
    row->passing_count = kept;
}

static void read_passes(const char *trace)
{
    struct diags diags = {0};
    struct trace_reader reader;
    planned = arena_array(&arena, struct planned, CASES_MAX);
    enum trace_status status = TRACE_LINE;
    if (!trace_reader_open(&diags, &reader, trace))
        mutant_die("the counting run left no trace", trace);
    while (status == TRACE_LINE) {
        struct arena scratch = {0};
        struct node *line = NULL;
        struct event event;
        uint64_t offset;
        status = trace_read(&diags, &reader, &scratch, &line, &offset);
        const struct node *one = node_get(line, "case");
        uint64_t n = node_get_uint(one, "n", CASES_MAX);
        if (n < CASES_MAX)
            planned[n] = (struct planned){arena_strdup(&arena, node_get_text(one, "id")),
                                          arena_strdup(&arena, node_get_text(one, "requirement")),
                                          instruments_of_plan(one)};
        if (status == TRACE_LINE && event_read(line, &event) && event.kind == EVENT_OUTPUT &&
            event.case_n < CASES_MAX && planned[event.case_n].id != NULL)
            note_output(node_get_text(line, "text"), &planned[event.case_n]);
        arena_free(&scratch);
    }
    for (size_t i = 0; i < rows.count; i++)
        tidy_passes(&rows.items[i]);
    trace_reader_close(&reader);
    diags_print(&diags, stderr);
    diags_free(&diags);
}

static void count_passes(const char *drivers, const char *dir)
{
    static const struct mutant_row everything;
    const char *out = arena_printf(&arena, "%s/counting", dir);
    const char *driver = arena_printf(&arena, "%s/%s", drivers, COUNTING_DRIVER);
    int status;
    waitpid(start_run(driver, out, "2", &everything), &status, 0);
    read_passes(arena_printf(&arena, "%s/trace.jsonl", out));
}

static struct node *read_results(const char *out)
{
    struct diags diags = {0};
    const char *path = arena_printf(&arena, "%s/results.json", out);
    struct stat status;
    if (stat(path, &status) != 0 || status.st_size > FILE_BYTES_MAX)
        return NULL;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return NULL;
    char *text = arena_alloc(&arena, (size_t)status.st_size + 1, 1);
    size_t len = fread(text, 1, (size_t)status.st_size, file);
    fclose(file);
    struct node *node = json_tree_parse(&diags, &arena, text, len, path, 1);
    diags_print(&diags, stderr);
    diags_free(&diags);
    return node;
}

/* A case that the reference skips may be just the one about what a mutant lacks. */
static void add_skipped(const char *dir)
{
    const struct node *results = read_results(arena_printf(&arena, "%s/counting", dir));
    const struct node *cases = node_get(results, "cases");
    for (const struct node *one = cases == NULL ? NULL : cases->first; one != NULL;
         one = one->next) {
        const char *id = node_get_text(one, "id"), *verdict = node_get_text(one, "verdict");
        const char *requirement = node_get_text(one, "requirement");
        if (id == NULL || requirement == NULL || verdict == NULL || strcmp(verdict, "SKIP") != 0)
            continue;
        for (size_t i = 0; i < rows.count; i++)
            if (!rows.items[i].apart && mutant_row_named(&rows.items[i], requirement) != NULL) {
                add_case(&rows.items[i], id);
                rows.items[i].pool++;
            }
    }
}

/* ---- judging the judge ---- */

struct seen {
    struct outcome_of *items;
    size_t count;
};

static void note(struct seen *seen, const char *requirement, enum outcome outcome,
                 const char *example)
{
    for (size_t i = 0; i < seen->count; i++) {
        struct outcome_of *one = &seen->items[i];
        if (strcmp(one->requirement, requirement) != 0)
            continue;
        one->count += outcome == one->outcome;
        if (outcome > one->outcome)
            *one = (struct outcome_of){requirement, outcome, example, 1};
        return;
    }
    if (seen->count < REQUIREMENTS_MAX)
        seen->items[seen->count++] = (struct outcome_of){requirement, outcome, example, 1};
}

static enum outcome outcome_of_name(const char *name)
{
    return strcmp(name, "FAIL") == 0   ? OUTCOME_FAIL
           : strcmp(name, "WARN") == 0 ? OUTCOME_WARN
           : strcmp(name, "INFO") == 0 ? OUTCOME_INFO
                                       : OUTCOME_PASS;
}

static void note_finding(struct seen *seen, const struct node *finding, const char *otherwise,
                         const char *id)
{
    const char *requirement = node_get_text(finding, "requirement");
    const char *outcome = node_get_text(finding, "outcome");
    if (requirement == NULL)
        requirement = otherwise;
    if (requirement != NULL && outcome != NULL)
        note(seen, requirement, outcome_of_name(outcome), id);
}

static void note_case(struct seen *seen, const struct node *one)
{
    const char *id = node_get_text(one, "id"), *verdict = node_get_text(one, "verdict");
    const char *requirement = node_get_text(one, "requirement");
    const struct node *findings = node_get(one, "findings");
    if (id == NULL || verdict == NULL || requirement == NULL)
        return;
    bool ended = strcmp(verdict, "CRASH") == 0 || strcmp(verdict, "HANG") == 0;
    if (rows.dialects && strcmp(requirement, "null") == 0)
        requirement = id; /* a claim of the profile's, a crash at large */
    if (ended)
        note(seen, requirement, OUTCOME_FAIL, id);
    if (strcmp(verdict, "BROKEN") == 0 || (rows.dialects && strcmp(verdict, "BLOCKED") == 0))
        note(seen, verdict, OUTCOME_FAIL, id);
    for (const struct node *f = findings == NULL ? NULL : findings->first; f != NULL; f = f->next)
        note_finding(seen, f, rows.dialects ? requirement : NULL, id);
}

static void check_row(struct mutant_row *row, const struct node *results)
{
    struct seen seen = {.items = arena_array(&arena, struct outcome_of, REQUIREMENTS_MAX)};
    const struct node *cases = node_get(results, "cases");
    for (const struct node *one = cases == NULL ? NULL : cases->first; one != NULL; one = one->next)
        note_case(&seen, one);
    row->seen = seen.items;
    row->seen_count = seen.count;
    row->ok = cases != NULL;
    printf("%-34s ", row->id);
    if (row->case_count > 0)
        printf("%4zu of %4zu cases ", row->case_count, row->pool);
    for (size_t i = 0; i < row->named_count; i++) {
        const struct outcome_of *named = &row->named[i];
        const struct outcome_of *got = mutant_row_seen(row, named->requirement);
        bool killed = got != NULL && got->outcome == named->outcome;
        row->ok = row->ok && killed;
        printf(" %s:%s%s", named->requirement, outcome_name(named->outcome),
               killed        ? ""
               : got == NULL ? " SURVIVES"
                             : " DIFFERS");
    }
    for (size_t i = 0; i < seen.count; i++) {
        const struct outcome_of *one = &seen.items[i];
        bool named = mutant_row_names(row, one->requirement);
        if (one->outcome <= OUTCOME_INFO ||
            (named && !(rows.dialects && one->outcome > OUTCOME_WARN)))
            continue;
        row->ok = false;
        printf(" %s %s:%s (%s)", rows.dialects ? "FALSE ALARM" : "OVERKILL", one->requirement,
               outcome_name(one->outcome), one->example);
    }
    printf("%s\n", row->ok ? "" : cases == NULL ? " NO RESULTS" : "");
    fflush(stdout);
}

static const char *out_of(const char *dir, const struct mutant_row *row)
{
    return arena_printf(&arena, "%s/%s", dir, row->id);
}

static unsigned played_by(const char *id)
{
    for (size_t n = 0; id != NULL && n < CASES_MAX && planned[n].id != NULL; n++)
        if (strcmp(planned[n].id, id) == 0)
            return planned[n].instruments;
    return 0;
}

static void finish(struct mutant_row *row, const char *dir)
{
    const struct node *results = read_results(out_of(dir, row));
    check_row(row, results);
    if (row->ok && row->named_count > 0 && planned != NULL && !rows.dialects)
        row->alone = instruments_alone(&arena, results, out_of(dir, row), played_by);
}

/* Each instrument shall have mutants that pass for right without it.  False if one has none. */
static bool print_instruments(void)
{
    bool all = true;
    for (unsigned n = 0; n < INSTRUMENT_COUNT; n++) {
        size_t count = 0, column = 0;
        printf("only %s:", instrument_name((enum instrument)n));
        for (size_t i = 0; i < rows.count; i++) {
            if ((rows.items[i].alone >> n & 1) == 0)
                continue;
            column = column == 0 ? COLUMNS : column + 1 + strlen(rows.items[i].id);
            if (column >= COLUMNS)
                column = (size_t)printf("\n  %s", rows.items[i].id) - 1;
            else
                printf(" %s", rows.items[i].id);
            count++;
        }
        printf("%s\n", count == 0 ? " NO MUTANT" : "");
        all = all && count > 0;
    }
    return all;
}

/* The processor of the job, of those that this program may use, until the run is started. */
static void start_job(struct job *job, struct mutant_row *row, const char *drivers, const char *dir)
{
    cpu_set_t allowed, own;
    size_t wanted = (size_t)(job - jobs);
    bool known = sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) >= JOBS;
    CPU_ZERO(&own);
    for (size_t core = 0; known && core < CPU_SETSIZE; core++)
        if (CPU_ISSET(core, &allowed) && wanted-- == 0)
            CPU_SET(core, &own);
    if (known)
        sched_setaffinity(0, sizeof own, &own);
    job->row = row;
    job->pid =
        start_run(arena_printf(&arena, "%s/%s", drivers, row->driver), out_of(dir, row), "1", row);
    if (known)
        sched_setaffinity(0, sizeof allowed, &allowed);
}

/* False if none has ended, or none runs. */
static bool collect(int flags)
{
    int status;
    pid_t pid = waitpid(-1, &status, flags);
    for (size_t i = 0; i < JOBS; i++)
        if (pid > 0 && jobs[i].row != NULL && jobs[i].pid == pid) {
            jobs[i].row->ended = true;
            jobs[i].row = NULL;
        }
    return pid > 0;
}

/* JOBS runs at a time; the matrix comes in the order of the rows. */
static void run_all(const char *drivers, const char *dir)
{
    size_t started = 0, finished = 0;
    while (finished < rows.count) {
        for (size_t i = 0; i < JOBS; i++)
            if (jobs[i].row == NULL && started < rows.count)
                start_job(&jobs[i], &rows.items[started++], drivers, dir);
        if (rows.items[finished].ended)
            finish(&rows.items[finished++], dir);
        else
            collect(0);
        while (collect(WNOHANG))
            continue;
    }
}

static const char *const usage =
    "usage: mdcts-mutants [--all] [--html FILE] MDCTS DEFECTS_DEF DRIVER_DIR OUT_DIR [ID ...]\n"
    "       mdcts-mutants --dialects [--all] MDCTS DIALECTS_DEF DRIVER_DIR OUT_DIR [ID ...]\n"
    "       mdcts-mutants --unguarded DEFECTS_DEF\n";

static int run_matrix(char **words, int count, bool all, const char *html)
{
    size_t good = 0;
    mdcts = words[0];
    setenv("MDCTS_SECOND_PIN", SECOND_PIN, 1);
    setenv("MDCTS_ADMINISTRATOR_PIN", ADMINISTRATOR_PIN, 1);
    if (count == 4 && (all || !rows.dialects)) /* no sample of the reference's */
        rows.items[rows.count++] = (struct mutant_row){.id = "(the reference driver)",
                                                       .driver = "reference.so",
                                                       .consequences = "",
                                                       .sentence = ""};
    mutant_rows_read(&rows, words[1], words + 4, count - 4);
    if (mkdir(words[3], 0777) != 0 && errno != EEXIST)
        mutant_die(strerror(errno), words[3]);
    if (!all)
        count_passes(words[2], words[3]);
    for (size_t i = 0; i < rows.count && !all; i++)
        if (rows.dialects)
            choose_sample(&rows.items[i], i);
        else if (rows.items[i].apart)
            choose_apart(&rows.items[i]);
        else
            choose_cases(&rows.items[i]);
    if (!all && !rows.dialects)
        add_skipped(words[3]);
    run_all(words[2], words[3]);
    for (size_t i = 0; i < rows.count; i++)
        good += rows.items[i].ok;
    bool shown = all || rows.dialects || print_instruments() || count > 4;
    printf("%zu of %zu as their rows say\n", good, rows.count);
    if (html != NULL)
        mutant_html_write(&rows, html);
    return shown && good == rows.count && rows.count > 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    bool all = false, unguarded = false;
    const char *html = NULL;
    int at = 1, code = 2;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        rows.dialects = rows.dialects || strcmp(argv[at], "--dialects") == 0;
        all = all || strcmp(argv[at], "--all") == 0;
        unguarded = unguarded || strcmp(argv[at], "--unguarded") == 0;
        if (strcmp(argv[at], "--html") == 0 && at + 1 < argc)
            html = argv[++at];
    }
    if (unguarded && argc - at == 1) {
        mutant_rows_read(&rows, argv[at], NULL, 0);
        code = mutant_guard_check(&rows);
    } else if (!unguarded && argc - at >= 4) {
        code = run_matrix(argv + at, argc - at, all, html);
    } else {
        fputs(usage, stderr);
    }
    arena_free(&arena);
    return code;
}
