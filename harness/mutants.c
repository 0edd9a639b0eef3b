/* SPDX-License-Identifier: Apache-2.0 */
/* mdcts-mutants: judges every single-defect mutant of the reference driver and prints the matrix.
 *
 *     mdcts-mutants [--all] MDCTS DEFECTS_DEF DRIVER_DIR OUT_DIR [ID ...]
 *     mdcts-mutants --dialects [--all] MDCTS DIALECTS_DEF DRIVER_DIR OUT_DIR [ID ...]
 *
 * The counting build of the reference runs first and says which cases pass which defect's place; a
 * mutant then runs those, or all with --all.
 *
 * A mutant is killed when each outcome that its row names appears on the requirement named; it is
 * over-killed when a requirement outside its row is worse than INFO.  The reference driver must
 * show nothing worse than INFO at all.
 *
 * A dialect runs the cases that pass its places, or some of them if there are many, and a sample of
 * all others, another one than its neighbour's; or all with --all.  None may fail, crash, hang or
 * be blocked or broken, and warnings are only about the requirements that its row names.
 *
 * Exit code 1 unless every driver does as its row says. */
#include "finding.h"
#include "json_tree.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROWS_MAX         512
#define OUTCOMES_MAX     32
#define REQUIREMENTS_MAX 512
#define JOBS             2
#define SAMPLE_STRIDE    16  /* a dialect runs every 16th case */
#define PASSING_MAX      128 /* and so many of those that pass its places */
#define CASES_MAX        200000
#define FILE_BYTES_MAX   (64u * 1024 * 1024)
#define DEADLINE_PERCENT "20" /* of the usual one: a mutant that hangs shall not cost much */

struct outcome_of {
    const char *requirement;
    enum outcome outcome;
    const char *example; /* a case */
    size_t count;
};

struct row {
    const char *id, *driver, *sentence;
    struct outcome_of named[OUTCOMES_MAX];
    size_t named_count;
    const char *consequences; /* blank-separated requirement ids; of a dialect: that may warn */
    const char **cases;       /* that pass its place */
    size_t case_count, case_capacity;
    pid_t pid;
    bool ok;
};

/* The same keys every time: a secret that starts with a zero byte by chance is no flaky
 * consequence. */
#define SEED            "6d757461746564206d757461746564"
#define COUNTING_DRIVER "reference-counting.so"
#define PASSED          "passed "

static struct arena arena;
static bool dialects; /* not mutants */
static struct row rows[ROWS_MAX];
static size_t row_count;
static const char *planned[CASES_MAX]; /* by the counting run; NULL behind the last */

static _Noreturn void die(const char *sentence, const char *what)
{
    fprintf(stderr, "mdcts-mutants: error: %s: %s\n", sentence, what);
    exit(4);
}

/* ---- defects.def ---- */

/* The text between the next pair of quotes; *at moves behind it. */
static const char *quoted(const char **at)
{
    const char *start = strchr(*at, '"');
    const char *end = start == NULL ? NULL : strchr(start + 1, '"');
    if (end == NULL)
        die("a row of the defects is not complete", *at);
    *at = end + 1;
    return arena_strndup(&arena, start + 1, (size_t)(end - start - 1));
}

static void read_outcomes(struct row *row, const char *text)
{
    char *copy = arena_strdup(&arena, text), *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        char *colon = strchr(word, ':');
        if (colon == NULL || row->named_count == OUTCOMES_MAX)
            die("an outcome is Rnnn:OUTCOME", word);
        *colon = '\0';
        enum outcome outcome = strcmp(colon + 1, "WARN") == 0 ? OUTCOME_WARN : OUTCOME_FAIL;
        row->named[row->named_count++] =
            (struct outcome_of){.requirement = word, .outcome = outcome};
    }
}

static const char *driver_name(const char *id)
{
    char *name = arena_printf(&arena, "%s-%s.so", dialects ? "dialect" : "mutant", id);
    for (char *c = name; *c != '\0'; c++)
        *c = (char)(*c == '_' ? '-' : *c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    return name;
}

static bool is_wanted(const char *id, char **wanted, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(id, wanted[i]) == 0)
            return true;
    return count == 0;
}

static void read_rows(const char *path, char **wanted, int wanted_count)
{
    char line[4096];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        die(strerror(errno), path);
    while (fgets(line, sizeof line, file) != NULL && row_count < ROWS_MAX) {
        const char *start = dialects ? "DIALECT_ROW(" : "DEFECT_ROW(";
        const char *at = line + strlen(start);
        if (strncmp(line, start, strlen(start)) != 0)
            continue;
        struct row *row = &rows[row_count];
        row->id = arena_strndup(&arena, at, strcspn(at, ","));
        if (!is_wanted(row->id, wanted, wanted_count))
            continue;
        row->driver = driver_name(row->id);
        if (!dialects)
            read_outcomes(row, quoted(&at));
        row->consequences = quoted(&at);
        row->sentence = quoted(&at);
        row_count++;
    }
    fclose(file);
}

/* ---- running ---- */

static pid_t start_run(const char *mdcts, const char *driver, const char *out,
                       const struct row *row)
{
    extern char **environ;
    pid_t pid;
    size_t count = 0;
    const char **argv = arena_array(&arena, const char *, 16 + row->case_count);
    const char *fixed[] = {mdcts,    "run", "--driver",        driver,           "--out",  out,
                           "--seed", SEED,  "--timeout-scale", DEADLINE_PERCENT, "--jobs", "1",
                           "--"};
    for (; count < sizeof fixed / sizeof fixed[0]; count++)
        argv[count] = fixed[count];
    for (size_t i = 0; i < row->case_count; i++)
        argv[count++] = row->cases[i];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const char *log = arena_printf(&arena, "%s.log", out);
    unlink(arena_printf(&arena, "%s/results.json", out)); /* of an earlier run */
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC,
                                     0666);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    int error = posix_spawn(&pid, mdcts, &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        die(strerror(error), mdcts);
    return pid;
}

/* ---- which cases pass which place ---- */

static void add_case(struct row *row, const char *id)
{
    if (row->case_count > 0 && strcmp(row->cases[row->case_count - 1], id) == 0)
        return;
    row->cases =
        arena_grow(&arena, row->cases, row->case_count, &row->case_capacity, sizeof *row->cases);
    row->cases[row->case_count++] = id;
}

/* The driver's output may hold several lines, and begin or end in the middle of one. */
static void note_output(const char *text, const char *id)
{
    for (const char *at = text; (at = strstr(at, PASSED)) != NULL; at += sizeof PASSED - 1) {
        const char *name = at + sizeof PASSED - 1;
        size_t len = strcspn(name, "\n\\");
        for (size_t i = 0; i < row_count; i++)
            if (strlen(rows[i].id) == len && strncmp(rows[i].id, name, len) == 0)
                add_case(&rows[i], id);
    }
}

static void read_passes(const char *trace)
{
    struct diags diags = {0};
    struct trace_reader reader;
    enum trace_status status = TRACE_LINE;
    if (!trace_reader_open(&diags, &reader, trace))
        die("the counting run left no trace", trace);
    while (status == TRACE_LINE) {
        struct arena scratch = {0};
        struct node *line = NULL;
        struct event event;
        uint64_t offset;
        status = trace_read(&diags, &reader, &scratch, &line, &offset);
        const struct node *one = node_get(line, "case");
        uint64_t n = node_get_uint(one, "n", CASES_MAX);
        if (n < CASES_MAX)
            planned[n] = arena_strdup(&arena, node_get_text(one, "id"));
        if (status == TRACE_LINE && event_read(line, &event) && event.kind == EVENT_OUTPUT &&
            event.case_n < CASES_MAX && planned[event.case_n] != NULL)
            note_output(node_get_text(line, "text"), planned[event.case_n]);
        arena_free(&scratch);
    }
    trace_reader_close(&reader);
    diags_print(&diags, stderr);
    diags_free(&diags);
}

static void count_passes(const char *mdcts, const char *drivers, const char *dir)
{
    const char *out = arena_printf(&arena, "%s/counting", dir);
    const char *driver = arena_printf(&arena, "%s/%s", drivers, COUNTING_DRIVER);
    static const struct row everything;
    int status;
    waitpid(start_run(mdcts, driver, out, &everything), &status, 0);
    read_passes(arena_printf(&arena, "%s/trace.jsonl", out));
}

/* The cases of the dialect that is the number-th row: in the order of the plan, each once. */
static void choose_sample(struct row *row, size_t number)
{
    struct row chosen = {.case_count = 0};
    size_t stride = row->case_count / PASSING_MAX + 1, passing = 0;
    for (size_t n = 0; n < CASES_MAX && planned[n] != NULL; n++) {
        bool passes = passing < row->case_count && strcmp(row->cases[passing], planned[n]) == 0;
        passing += passes;
        if ((passes && passing % stride == 0) || n % SAMPLE_STRIDE == number % SAMPLE_STRIDE)
            add_case(&chosen, planned[n]);
    }
    row->cases = chosen.cases;
    row->case_count = chosen.case_count;
}

static struct node *read_results(const char *out)
{
    struct diags diags = {0};
    const char *path = arena_printf(&arena, "%s/results.json", out);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return NULL;
    char *text = arena_alloc(&arena, FILE_BYTES_MAX / 16, 1);
    size_t len = fread(text, 1, FILE_BYTES_MAX / 16, file);
    fclose(file);
    struct node *node = json_tree_parse(&diags, &arena, text, len, path, 1);
    diags_print(&diags, stderr);
    diags_free(&diags);
    return node;
}

/* ---- judging the judge ---- */

struct seen {
    struct outcome_of items[REQUIREMENTS_MAX];
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
    if (dialects &&
        strcmp(requirement, "null") == 0) /* a claim of the profile's, a crash at large */
        requirement = id;
    if (ended)
        note(seen, requirement, OUTCOME_FAIL, id);
    if (strcmp(verdict, "BROKEN") == 0 || (dialects && strcmp(verdict, "BLOCKED") == 0))
        note(seen, verdict, OUTCOME_FAIL, id);
    for (const struct node *f = findings == NULL ? NULL : findings->first; f != NULL; f = f->next)
        note_finding(seen, f, dialects ? requirement : NULL, id);
}

static const struct outcome_of *find_seen(const struct seen *seen, const char *requirement)
{
    for (size_t i = 0; i < seen->count; i++)
        if (strcmp(seen->items[i].requirement, requirement) == 0)
            return &seen->items[i];
    return NULL;
}

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += len)
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static bool is_named(const struct row *row, const char *requirement)
{
    for (size_t i = 0; i < row->named_count; i++)
        if (strcmp(row->named[i].requirement, requirement) == 0)
            return true;
    return has_word(row->consequences, requirement);
}

static void check_row(struct row *row, const struct node *results)
{
    static struct seen seen;
    seen.count = 0;
    const struct node *cases = node_get(results, "cases");
    for (const struct node *one = cases == NULL ? NULL : cases->first; one != NULL; one = one->next)
        note_case(&seen, one);
    row->ok = cases != NULL;
    printf("%-34s ", row->id);
    if (row->case_count > 0)
        printf("%4zu cases ", row->case_count);
    for (size_t i = 0; i < row->named_count; i++) {
        const struct outcome_of *named = &row->named[i];
        const struct outcome_of *got = find_seen(&seen, named->requirement);
        bool killed = got != NULL && got->outcome == named->outcome;
        row->ok = row->ok && killed;
        printf(" %s:%s%s", named->requirement, outcome_name(named->outcome),
               killed        ? ""
               : got == NULL ? " SURVIVES"
                             : " DIFFERS");
    }
    for (size_t i = 0; i < seen.count; i++) {
        const struct outcome_of *one = &seen.items[i];
        bool named = is_named(row, one->requirement);
        if (one->outcome <= OUTCOME_INFO || (named && !(dialects && one->outcome > OUTCOME_WARN)))
            continue;
        row->ok = false;
        printf(" %s %s:%s (%s)", dialects ? "FALSE ALARM" : "OVERKILL", one->requirement,
               outcome_name(one->outcome), one->example);
    }
    printf("%s\n", row->ok ? "" : cases == NULL ? " NO RESULTS" : "");
    fflush(stdout);
}

static const char *out_of(const char *dir, const struct row *row)
{
    return arena_printf(&arena, "%s/%s", dir, row->id);
}

static void finish(struct row *row, const char *dir)
{
    int status;
    waitpid(row->pid, &status, 0);
    check_row(row, read_results(out_of(dir, row)));
    if (dialects && row->ok && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
        row->ok = false;
        printf("%-34s the run ended with status %#x, see %s.log\n", row->id, (unsigned)status,
               out_of(dir, row));
    }
}

/* JOBS runs at a time; the matrix comes in the order of the rows. */
static void run_all(const char *mdcts, const char *drivers, const char *dir)
{
    size_t started = 0;
    for (size_t i = 0; i < row_count; i++) {
        for (; started < row_count && started < i + JOBS; started++) {
            const char *driver = arena_printf(&arena, "%s/%s", drivers, rows[started].driver);
            struct row *row = &rows[started];
            row->pid = start_run(mdcts, driver, out_of(dir, row), row);
        }
        finish(&rows[i], dir);
    }
}

int main(int argc, char **argv)
{
    size_t good = 0;
    bool all = false;
    for (; argc > 1 && argv[1][0] == '-'; argv++, argc--) {
        dialects = dialects || strcmp(argv[1], "--dialects") == 0;
        all = all || strcmp(argv[1], "--all") == 0;
    }
    if (argc < 5) {
        fputs("usage: mdcts-mutants [--dialects] [--all] MDCTS ROWS_DEF DRIVER_DIR OUT_DIR "
              "[ID ...]\n",
              stderr);
        return 2;
    }
    if (argc == 5 && (all || !dialects)) /* no sample of the reference's */
        rows[row_count++] = (struct row){.id = "(the reference driver)",
                                         .driver = "reference.so",
                                         .consequences = "",
                                         .sentence = ""};
    read_rows(argv[2], argv + 5, argc - 5);
    if (mkdir(argv[4], 0777) != 0 && errno != EEXIST)
        die(strerror(errno), argv[4]);
    if (!all)
        count_passes(argv[1], argv[3], argv[4]);
    for (size_t i = 0; dialects && !all && i < row_count; i++)
        choose_sample(&rows[i], i);
    run_all(argv[1], argv[3], argv[4]);
    for (size_t i = 0; i < row_count; i++)
        good += rows[i].ok;
    printf("%zu of %zu as their rows say\n", good, row_count);
    arena_free(&arena);
    return good == row_count && row_count > 0 ? 0 : 1;
}
