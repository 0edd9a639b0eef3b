/* SPDX-License-Identifier: Apache-2.0 */
#include "mutant_row.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_BYTES_MAX 4096

void mutant_die(const char *sentence, const char *what)
{
    fprintf(stderr, "mdcts-mutants: error: %s: %s\n", sentence, what);
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

static void read_outcomes(struct arena *keep, struct mutant_row *row, const char *text)
{
    char *copy = arena_strdup(keep, text), *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        char *colon = strchr(word, ':');
        if (colon == NULL || row->named_count == MUTANT_OUTCOMES_MAX)
            mutant_die("an outcome is Rnnn:OUTCOME", word);
        *colon = '\0';
        enum outcome outcome = strcmp(colon + 1, "WARN") == 0 ? OUTCOME_WARN : OUTCOME_FAIL;
        row->named[row->named_count++] =
            (struct outcome_of){.requirement = word, .outcome = outcome};
    }
}

static const char *driver_name(const struct mutant_rows *rows, const char *id)
{
    char *name = arena_printf(rows->keep, "%s-%s.so", rows->dialects ? "dialect" : "mutant", id);
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

static void add_row(struct mutant_rows *rows, const char *id, const char *at)
{
    struct mutant_row *row = &rows->items[rows->count++];
    *row = (struct mutant_row){.id = id, .driver = driver_name(rows, id)};
    if (!rows->dialects)
        read_outcomes(rows->keep, row, quoted(rows->keep, &at));
    row->consequences = quoted(rows->keep, &at);
    row->sentence = quoted(rows->keep, &at);
}

void mutant_rows_read(struct mutant_rows *rows, const char *path, char **wanted, int wanted_count)
{
    char line[ROW_BYTES_MAX];
    const char *start = rows->dialects ? "DIALECT_ROW(" : "DEFECT_ROW(";
    FILE *file = fopen(path, "r");
    if (file == NULL)
        mutant_die(strerror(errno), path);
    while (fgets(line, sizeof line, file) != NULL) {
        const char *at = line + strlen(start);
        if (strncmp(line, start, strlen(start)) != 0)
            continue;
        const char *id = arena_strndup(rows->keep, at, strcspn(at, ","));
        if (rows->count == MUTANT_ROWS_MAX)
            mutant_die("more rows than MUTANT_ROWS_MAX", path);
        if (is_wanted(id, wanted, wanted_count))
            add_row(rows, id, at);
    }
    fclose(file);
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
