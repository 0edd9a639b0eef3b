/* SPDX-License-Identifier: Apache-2.0 */
#include "mutant_row.h"

#include "paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROW_BYTES_MAX 4096

void mutant_die(const char *sentence, const char *what)
{
    fprintf(stderr, "%s: error: %s: %s\n", program_invocation_short_name, sentence, what);
    exit(4);
}

/* The text between the next pair of quotes; *at moves behind it. */
static const char *quoted(struct arena *keep, const char **at)
{
    const char *start = strchr(*at, '"');
    const char *end = start == NULL ? NULL : strchr(start + 1, '"');
    if (end == NULL)
        mutant_die("a row is not complete", *at);
    *at = end + 1;
    return arena_strndup(keep, start + 1, (size_t)(end - start - 1));
}

static enum outcome read_outcome(const char *name)
{
    for (int outcome = OUTCOME_INFO; outcome <= OUTCOME_FAIL; outcome++)
        if (strcmp(name, outcome_name((enum outcome)outcome)) == 0)
            return (enum outcome)outcome;
    mutant_die("an outcome is INFO, WARN or FAIL", name);
}

static void read_outcomes(struct arena *keep, struct mutant_row *row, const char *text)
{
    char *copy = arena_strdup(keep, text), *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        char *colon = strchr(word, ':');
        if (colon == NULL || row->named_count == MUTANT_OUTCOMES_MAX)
            mutant_die("an outcome is Rnnn:OUTCOME", word);
        *colon = '\0';
        row->named[row->named_count++] =
            (struct outcome_of){.requirement = word, .outcome = read_outcome(colon + 1)};
    }
}

/* In lower case, with dashes. */
static const char *file_name(struct arena *keep, const char *id)
{
    char *name = arena_strdup(keep, id);
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

/* The macros that a row can be. */
static const struct row_kind {
    const char *start, *prefix; /* of the line, of the driver's file */
    bool dialects, apart;       /* in dialects.def; the places say nothing about the cases */
} row_kinds[] = {
    {"DEFECT_ROW(", "mutant", false, false},
    {"DEFECT_OF_ROW(", "mutant", false, true}, /* the dialect stands first */
    {"HOSTILE_ROW(", "hostile", false, true},
    {"DIALECT_ROW(", "dialect", true, false},
};

static const struct row_kind *row_kind(const char *line, bool dialects)
{
    for (size_t i = 0; i < sizeof row_kinds / sizeof row_kinds[0]; i++)
        if (row_kinds[i].dialects == dialects &&
            strncmp(line, row_kinds[i].start, strlen(row_kinds[i].start)) == 0)
            return &row_kinds[i];
    return NULL;
}

/* The names before the first quote: a dialect, if the row has one, and the id. */
static const char *read_id(struct arena *keep, const struct row_kind *kind, const char *line,
                           const char **dialect)
{
    const char *at = line + strlen(kind->start);
    const char *first = arena_strndup(keep, at, strcspn(at, ","));
    *dialect = kind->dialects ? first : NULL;
    if (strcmp(kind->start, "DEFECT_OF_ROW(") != 0)
        return first;
    *dialect = first;
    at += strcspn(at, ",");
    at += strspn(at, ", ");
    return arena_strndup(keep, at, strcspn(at, ","));
}

static size_t count_words(const char *words)
{
    size_t count = 0;
    for (const char *at = words; *at != '\0'; at += strcspn(at, " "), at += strspn(at, " "))
        count++;
    return count;
}

/* A dialect that needs to be told of has a profile: second-pin.yaml is that of SECOND_PIN. */
static const char *find_profile(struct arena *keep, const char *path, const char *dialect)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    const char *name =
        arena_printf(keep, "%s%s.yaml", arena_strndup(keep, path, len), file_name(keep, dialect));
    return access(name, R_OK) == 0 ? name : NULL;
}

static void add_row(struct mutant_rows *rows, const struct row_kind *kind, const char *id,
                    const char *at)
{
    struct mutant_row *row = &rows->items[rows->count++];
    *row = (struct mutant_row){
        .id = id,
        .driver = arena_printf(rows->keep, "%s-%s.so", kind->prefix, file_name(rows->keep, id)),
        .apart = kind->apart};
    if (!rows->dialects)
        read_outcomes(rows->keep, row, quoted(rows->keep, &at));
    row->consequences = quoted(rows->keep, &at);
    row->sentence = quoted(rows->keep, &at);
    if (!rows->dialects && count_words(row->consequences) > MUTANT_CONSEQUENCES_MAX)
        mutant_die("a row has more than MUTANT_CONSEQUENCES_MAX consequences; make the defect "
                   "narrower, or a case",
                   id);
}

void mutant_rows_read(struct mutant_rows *rows, const char *path, char **wanted, int wanted_count)
{
    char line[ROW_BYTES_MAX];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        mutant_die(strerror(errno), path);
    while (fgets(line, sizeof line, file) != NULL) {
        const struct row_kind *kind = row_kind(line, rows->dialects);
        if (kind == NULL)
            continue;
        const char *dialect, *id = read_id(rows->keep, kind, line, &dialect);
        if (rows->count == MUTANT_ROWS_MAX)
            mutant_die("more rows than MUTANT_ROWS_MAX", path);
        if (!is_wanted(id, wanted, wanted_count))
            continue;
        add_row(rows, kind, id, line);
        if (dialect != NULL)
            rows->items[rows->count - 1].profile = find_profile(rows->keep, path, dialect);
    }
    fclose(file);
}

bool mutant_rows_find(struct mutant_rows *rows)
{
    const char *path =
        arena_printf(rows->keep, "%s/../fixtures/reference/defects.def", cases_dir());
    if (access(path, R_OK) != 0)
        return false;
    mutant_rows_read(rows, path, NULL, 0);
    return true;
}

size_t mutant_rows_count(const struct mutant_rows *rows, const char *requirement)
{
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++)
        count += mutant_row_named(&rows->items[i], requirement) != NULL;
    return count;
}

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += len)
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static const struct outcome_of *find(const struct outcome_of *items, size_t count,
                                     const char *requirement)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].requirement, requirement) == 0)
            return &items[i];
    return NULL;
}

bool mutant_row_names(const struct mutant_row *row, const char *requirement)
{
    return mutant_row_named(row, requirement) != NULL || has_word(row->consequences, requirement);
}

const struct outcome_of *mutant_row_named(const struct mutant_row *row, const char *requirement)
{
    return find(row->named, row->named_count, requirement);
}

const struct outcome_of *mutant_row_seen(const struct mutant_row *row, const char *requirement)
{
    return find(row->seen, row->seen_count, requirement);
}
