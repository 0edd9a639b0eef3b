/* SPDX-License-Identifier: Apache-2.0 */
#include "diag.h"

bool diag_error(struct diags *diags, struct source_pos at, const char *format, ...)
{
    if (diags->count < DIAG_MAX) {
        va_list args;
        va_start(args, format);
        const char *text = arena_vprintf(&diags->arena, format, args);
        va_end(args);
        diags->items[diags->count] = (struct diag){at, text};
    }
    diags->count++;
    return false;
}

static void print_position(struct source_pos at, FILE *to)
{
    if (at.file == NULL)
        fputs("mdcts", to);
    else if (at.line == 0)
        fputs(at.file, to);
    else
        fprintf(to, "%s:%u:%u", at.file, at.line, at.column);
}

void diags_print(const struct diags *diags, FILE *to)
{
    size_t kept = diags->count < DIAG_MAX ? diags->count : DIAG_MAX;
    for (size_t i = 0; i < kept; i++) {
        print_position(diags->items[i].at, to);
        fprintf(to, ": error: %s\n", diags->items[i].text);
    }
    if (diags->count > kept)
        fprintf(to, "%zu more errors are not shown\n", diags->count - kept);
}

void diags_free(struct diags *diags)
{
    arena_free(&diags->arena);
    diags->count = 0;
}
