/* SPDX-License-Identifier: Apache-2.0 */
#include "mutant_html.h"

#include "mutant_instrument.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIREMENTS_MAX 512

struct columns {
    const char *names[REQUIREMENTS_MAX];
    size_t count;
};

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<title>Mutants of the reference minidriver</title>\n<style>\n"
    "body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5em; color: #222; background: #fff }\n"
    "h1 { font-size: 1.4em } p { max-width: 60em }\n"
    ".frame { overflow: auto; max-height: 85vh; border: 1px solid #bbb }\n"
    "table { border-collapse: separate; border-spacing: 0 }\n"
    "th, td { border-right: 1px solid #e4e4e4; border-bottom: 1px solid #e4e4e4; padding: 1px "
    "4px;\n"
    "  font-weight: normal; text-align: left }\n"
    "thead th { position: sticky; top: 0; background: #f4f4f4; z-index: 1; height: 13em;\n"
    "  vertical-align: bottom; padding: 4px 1px }\n"
    "thead th span { writing-mode: vertical-rl; transform: rotate(180deg);\n"
    "  font: 11px/1.2 ui-monospace, monospace; white-space: nowrap }\n"
    "tbody th { position: sticky; left: 0; background: #f4f4f4; font-family: ui-monospace,\n"
    "  monospace; white-space: nowrap }\n"
    "thead th.corner { left: 0; z-index: 2; padding: 4px; font-family: inherit }\n"
    "td { min-width: 1.1em; text-align: center; font: 11px ui-monospace, monospace }\n"
    "tbody tr:hover td, tbody tr:hover th { background-color: #eef3fb }\n"
    "td.fail, tbody tr:hover td.fail { background: #b3261e; color: #fff }\n"
    "td.warn, tbody tr:hover td.warn { background: #f2b632; color: #222 }\n"
    "td.side, tbody tr:hover td.side { background: #d5dbe6; color: #333 }\n"
    "td.wrong, tbody tr:hover td.wrong { background: #fff; color: #b3261e;\n"
    "  outline: 2px solid #b3261e; outline-offset: -2px; font-weight: bold }\n"
    ".key td { padding: 2px 8px; text-align: left; font: inherit }\n"
    ".bad { color: #b3261e; font-weight: bold }\n"
    "</style></head><body>\n";

static const char key[] =
    "<table class=\"key\"><tr><td class=\"fail\">F</td><td>named, and failed</td>"
    "<td class=\"warn\">W</td><td>named, and warned</td>"
    "<td class=\"side\">f w</td><td>a consequence that the row lists</td>"
    "<td class=\"wrong\">&minus;</td><td>named, and not seen so</td>"
    "<td class=\"wrong\">f w</td><td>seen, and not listed</td></tr></table>\n";

static void put_text(FILE *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        switch (*c) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(*c, out); break;
        }
    }
}

static void add_name(struct columns *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->names[i], name) == 0)
            return;
    if (c->count < REQUIREMENTS_MAX)
        c->names[c->count++] = name;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The requirements that any row names or shows worse than INFO, in order. */
static void collect(const struct mutant_rows *rows, struct columns *out)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct mutant_row *row = &rows->items[i];
        for (size_t n = 0; n < row->named_count; n++)
            add_name(out, row->named[n].requirement);
        for (size_t n = 0; n < row->seen_count; n++)
            if (row->seen[n].outcome > OUTCOME_INFO)
                add_name(out, row->seen[n].requirement);
    }
    qsort(out->names, out->count, sizeof out->names[0], compare_names);
}

static void put_cell(FILE *out, const struct mutant_row *row, const char *requirement)
{
    const struct outcome_of *named = mutant_row_named(row, requirement);
    const struct outcome_of *seen = mutant_row_seen(row, requirement);
    bool shown = seen != NULL && seen->outcome > OUTCOME_INFO;
    bool fails = shown && seen->outcome == OUTCOME_FAIL;
    if (named == NULL && !shown) {
        fputs("<td></td>", out);
        return;
    }
    bool killed = named != NULL && shown && seen->outcome == named->outcome;
    const char *class = killed                               ? (fails ? "fail" : "warn")
                        : named != NULL                      ? "wrong"
                        : mutant_row_names(row, requirement) ? "side"
                                                             : "wrong";
    const char *letter = !shown ? "&minus;" : killed ? (fails ? "F" : "W") : fails ? "f" : "w";
    fprintf(out, "<td class=\"%s\" title=\"", class);
    put_text(out, requirement);
    fputs(" &times; ", out);
    put_text(out, row->id);
    if (shown) {
        fprintf(out, ": %s in %zu, first ", outcome_name(seen->outcome), seen->count);
        put_text(out, seen->example);
    }
    fprintf(out, "\">%s</td>", letter);
}

static void put_head(FILE *out, const struct mutant_rows *rows)
{
    fputs("<div class=\"frame\"><table><thead><tr><th class=\"corner\">requirement</th>", out);
    for (size_t i = 0; i < rows->count; i++) {
        const struct mutant_row *row = &rows->items[i];
        fputs("<th title=\"", out);
        put_text(out, row->sentence);
        fprintf(out, "\"><span%s>", row->ok ? "" : " class=\"bad\"");
        put_text(out, row->id);
        fputs("</span></th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
}

static void put_instruments(FILE *out, const struct mutant_rows *rows)
{
    fputs("<h2>What only one instrument sees</h2>\n<p>With the instrument switched off these pass "
          "for right.</p>\n<dl>\n",
          out);
    for (unsigned n = 0; n < INSTRUMENT_COUNT; n++) {
        fprintf(out, "<dt>%s</dt><dd>", instrument_name((enum instrument)n));
        for (size_t i = 0; i < rows->count; i++)
            if ((rows->items[i].alone >> n & 1) != 0)
                fprintf(out, "<code>%s</code> ", rows->items[i].id);
        fputs("</dd>\n", out);
    }
    fputs("</dl>\n", out);
}

static void put_list(FILE *out, const struct mutant_rows *rows)
{
    fputs("<h2>The mutants</h2>\n<dl>\n", out);
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->items[i].sentence[0] == '\0') /* the reference */
            continue;
        fputs("<dt><code>", out);
        put_text(out, rows->items[i].id);
        fprintf(out, "</code>%s</dt><dd>",
                rows->items[i].ok ? "" : " <span class=\"bad\">not as its row says</span>");
        put_text(out, rows->items[i].sentence);
        fputs("</dd>\n", out);
    }
    fputs("</dl>\n", out);
}

void mutant_html_write(const struct mutant_rows *rows, const char *path)
{
    struct columns columns = {.count = 0};
    size_t good = 0;
    FILE *out = fopen(path, "w");
    if (out == NULL)
        mutant_die(strerror(errno), path);
    collect(rows, &columns);
    for (size_t i = 0; i < rows->count; i++)
        good += rows->items[i].ok;
    fputs(head, out);
    fprintf(out,
            "<h1>Mutants of the reference minidriver</h1>\n<p>%zu of %zu drivers do as their rows "
            "say. A row is a requirement, a column a driver with one seeded defect; point at a "
            "cell for the case.</p>\n",
            good, rows->count);
    fputs(key, out);
    put_head(out, rows);
    for (size_t i = 0; i < columns.count; i++) {
        fputs("<tr><th>", out);
        put_text(out, columns.names[i]);
        fputs("</th>", out);
        for (size_t n = 0; n < rows->count; n++)
            put_cell(out, &rows->items[n], columns.names[i]);
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
    put_instruments(out, rows);
    put_list(out, rows);
    fputs("</body></html>\n", out);
    if (ferror(out) != 0 || fclose(out) != 0)
        mutant_die("cannot be written", path);
}
