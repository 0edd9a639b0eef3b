/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include "base/node.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX    64
#define HELP_COLUMN 26

int options_complain(const struct command_line *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "mdcts %s: error: ", command->name);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\nTry: mdcts %s --help\n", command->name);
    va_end(args);
    return EXIT_USAGE;
}

static void print_row(const struct option_row *row)
{
    char left[80];
    int len = row->letter != 0 ? snprintf(left, sizeof left, "  -%c, --%s", row->letter, row->name)
                               : snprintf(left, sizeof left, "  --%s", row->name);
    if (row->argument != NULL && len > 0 && (size_t)len < sizeof left)
        snprintf(left + len, sizeof left - (size_t)len, " %s", row->argument);
    if (strlen(left) >= HELP_COLUMN)
        printf("%s\n%*s%s\n", left, HELP_COLUMN, "", row->help);
    else
        printf("%-*s%s\n", HELP_COLUMN, left, row->help);
}

static void print_help(const struct command_line *command)
{
    printf("usage: mdcts %s%s%s%s\n\n%s\n", command->name,
           command->row_count > 0 ? " [OPTIONS]" : "", command->words[0] != '\0' ? " " : "",
           command->words, command->about);
    if (command->row_count > 0)
        printf("\nOptions:\n");
    for (size_t i = 0; i < command->row_count; i++)
        print_row(&command->rows[i]);
    if (command->notes != NULL)
        printf("\n%s\n", command->notes);
}

static const struct option_row *find_row(const struct command_line *command, const char *name,
                                         size_t len)
{
    for (size_t i = 0; i < command->row_count; i++)
        if (strlen(command->rows[i].name) == len && strncmp(command->rows[i].name, name, len) == 0)
            return &command->rows[i];
    return NULL;
}

static const struct option_row *find_letter(const struct command_line *command, char letter)
{
    for (size_t i = 0; i < command->row_count; i++)
        if (command->rows[i].letter == letter && letter != 0)
            return &command->rows[i];
    return NULL;
}

static int unknown_option(const struct command_line *command, const char *word)
{
    const char *names[ROWS_MAX];
    size_t count = 0;
    for (; count < command->row_count && count < ROWS_MAX; count++)
        names[count] = command->rows[count].name;
    const char *near = nearest_name(word + strspn(word, "-"), names, count);
    if (near != NULL)
        return options_complain(command, "there is no option %s; did you mean --%s?", word, near);
    return options_complain(command, "there is no option %s", word);
}

/* Stores a value; -1 or an exit code. */
static int store(const struct command_line *command, const struct option_row *row,
                 const char *value)
{
    char *end;
    unsigned long number;
    struct option_list *list;
    switch (row->kind) {
    case OPTION_FLAG: *(bool *)row->target = true; break;
    case OPTION_TEXT: *(const char **)row->target = value; break;
    case OPTION_NUMBER:
        errno = 0;
        number = strtoul(value, &end, 0);
        if (errno != 0 || end == value || *end != '\0' || value[0] == '-')
            return options_complain(command, "--%s takes a number, not '%s'", row->name, value);
        *(unsigned long *)row->target = number;
        break;
    case OPTION_LIST:
        list = row->target;
        if (list->count == OPTION_LIST_MAX)
            return options_complain(command, "--%s stands more than %d times", row->name,
                                    OPTION_LIST_MAX);
        list->items[list->count++] = value;
        break;
    }
    return -1;
}

/* One option at argv[*i]; its value may be the next word. */
static int read_option(const struct command_line *command, int argc, char **argv, int *i)
{
    const char *word = argv[*i];
    const char *equals = strchr(word, '=');
    const char *value = NULL;
    const struct option_row *row;
    if (word[1] == '-') {
        size_t len = equals == NULL ? strlen(word + 2) : (size_t)(equals - word - 2);
        row = find_row(command, word + 2, len);
        value = equals == NULL ? NULL : equals + 1;
    } else {
        row = find_letter(command, word[1]);
        value = word[1] != '\0' && word[2] != '\0' ? word + 2 : NULL;
    }
    if (row == NULL)
        return unknown_option(command, word);
    if (row->kind == OPTION_FLAG)
        return value == NULL ? store(command, row, NULL)
                             : options_complain(command, "--%s takes no value", row->name);
    if (value == NULL && *i + 1 < argc)
        value = argv[++*i];
    if (value == NULL)
        return options_complain(command, "--%s needs a value: %s", row->name, row->argument);
    return store(command, row, value);
}

int options_read(const struct command_line *command, int argc, char **argv, size_t *word_count)
{
    bool only_words = false;
    *word_count = 0;
    for (int i = 1; i < argc; i++) {
        if (only_words || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[(*word_count)++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(command);
            return 0;
        } else {
            int code = read_option(command, argc, argv, &i);
            if (code >= 0)
                return code;
        }
    }
    return -1;
}
