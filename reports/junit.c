/* SPDX-License-Identifier: Apache-2.0 */
#include "junit.h"

#include "report_text.h"

#include <inttypes.h>
#include <libxml/xmlwriter.h>
#include <string.h>
#include <unistd.h>

struct junit {
    xmlTextWriterPtr writer;
    const struct results *results;
    bool ok;
};

enum junit_kind { JUNIT_PASSED, JUNIT_FAILURE, JUNIT_ERROR, JUNIT_SKIPPED };

static const enum junit_kind kinds[VERDICT_COUNT] = {
    [VERDICT_PASS] = JUNIT_PASSED,    [VERDICT_INFO] = JUNIT_PASSED,
    [VERDICT_WARN] = JUNIT_PASSED,    [VERDICT_FAIL] = JUNIT_FAILURE,
    [VERDICT_CRASH] = JUNIT_ERROR,    [VERDICT_HANG] = JUNIT_ERROR,
    [VERDICT_SKIP] = JUNIT_SKIPPED,   [VERDICT_BLOCKED] = JUNIT_ERROR,
    [VERDICT_WAIVED] = JUNIT_SKIPPED, [VERDICT_BROKEN] = JUNIT_ERROR,
};
static const char *const kind_elements[] = {NULL, "failure", "error", "skipped"};

/* libxml2's characters are unsigned. */
static const xmlChar *xml_chars(const char *text)
{
    return (const xmlChar *)text;
}

static void open_element(struct junit *junit, const char *name)
{
    junit->ok = xmlTextWriterStartElement(junit->writer, xml_chars(name)) >= 0 && junit->ok;
}

static void close_element(struct junit *junit)
{
    junit->ok = xmlTextWriterEndElement(junit->writer) >= 0 && junit->ok;
}

static void add_attribute(struct junit *junit, const char *name, const char *text)
{
    struct arena scratch = {0};
    const char *safe = report_text_xml(&scratch, text);
    junit->ok = xmlTextWriterWriteAttribute(junit->writer, xml_chars(name), xml_chars(safe)) >= 0 &&
                junit->ok;
    arena_free(&scratch);
}

static void add_number(struct junit *junit, const char *name, uint64_t number)
{
    struct arena scratch = {0};
    add_attribute(junit, name, arena_printf(&scratch, "%" PRIu64, number));
    arena_free(&scratch);
}

static void add_text(struct junit *junit, const char *text)
{
    struct arena scratch = {0};
    junit->ok =
        xmlTextWriterWriteString(junit->writer, xml_chars(report_text_xml(&scratch, text))) >= 0 &&
        junit->ok;
    arena_free(&scratch);
}

static void add_finding(struct junit *junit, const struct finding *finding)
{
    struct arena scratch = {0};
    const struct requirement *row =
        finding->requirement == NULL
            ? NULL
            : requirement_find(&junit->results->rows, finding->requirement);
    add_text(junit, arena_printf(&scratch, "%s %s: %s\n", outcome_name(finding->outcome),
                                 finding->requirement == NULL ? "profile" : finding->requirement,
                                 row == NULL || row->text == NULL ? "" : row->text));
    add_text(junit, arena_printf(&scratch, "expected: %s\n", finding->expected));
    add_text(junit, arena_printf(&scratch, "observed: %s\n", finding->observed));
    if (finding->file != NULL)
        add_text(junit, arena_printf(&scratch, "at: %s:%" PRIu32 ", step %" PRIu32 "\n",
                                     finding->file, finding->line, finding->step));
    arena_free(&scratch);
}

static void add_findings(struct junit *junit, const struct case_result *one)
{
    struct arena scratch = {0};
    for (size_t i = 0; i < one->finding_count; i++)
        add_finding(junit, &one->findings[i]);
    if (one->seen_total > 0)
        add_text(junit, arena_printf(&scratch, "seen in %" PRIu64 " case%s\n", one->seen_total,
                                     one->seen_total == 1 ? "" : "s"));
    if (one->repro != NULL)
        add_text(junit, arena_printf(&scratch, "repro: %s\n", one->repro));
    arena_free(&scratch);
}

static const char *case_message(const struct case_result *one)
{
    if (one->reason != NULL)
        return one->reason;
    for (size_t i = 0; i < one->finding_count; i++)
        if (one->findings[i].outcome >= OUTCOME_WARN)
            return one->findings[i].observed;
    return verdict_name(one->verdict);
}

static void add_case(struct junit *junit, const char *suite, const struct case_result *one)
{
    struct arena scratch = {0};
    enum junit_kind kind = kinds[one->verdict];
    open_element(junit, "testcase");
    add_attribute(junit, "classname", suite);
    add_attribute(junit, "name", one->id);
    add_attribute(
        junit, "time",
        arena_printf(&scratch, "%" PRIu64 ".%06" PRIu64, one->us / 1000000, one->us % 1000000));
    if (one->file != NULL) {
        add_attribute(junit, "file", one->file);
        add_number(junit, "line", one->line);
    }
    if (kind != JUNIT_PASSED) {
        open_element(junit, kind_elements[kind]);
        add_attribute(junit, "message", case_message(one));
        if (kind != JUNIT_SKIPPED) {
            add_attribute(junit, "type", verdict_name(one->verdict));
            add_findings(junit, one);
        }
        close_element(junit);
    } else if (one->finding_count > 0) {
        open_element(junit, "system-out");
        add_findings(junit, one);
        close_element(junit);
    }
    close_element(junit);
    arena_free(&scratch);
}

static bool is_in_suite(const struct case_result *one, const char *suite)
{
    size_t len = strlen(suite);
    return strcspn(one->id, "/[") == len && strncmp(one->id, suite, len) == 0;
}

static void add_counts(struct junit *junit, const char *suite)
{
    uint64_t tests = 0, counts[] = {0, 0, 0, 0};
    for (size_t i = 0; i < junit->results->case_count; i++) {
        const struct case_result *one = &junit->results->cases[i];
        if (suite != NULL && !is_in_suite(one, suite))
            continue;
        tests++;
        counts[kinds[one->verdict]]++;
    }
    add_number(junit, "tests", tests);
    add_number(junit, "failures", counts[JUNIT_FAILURE]);
    add_number(junit, "errors", counts[JUNIT_ERROR]);
    if (suite != NULL)
        add_number(junit, "skipped", counts[JUNIT_SKIPPED]);
}

static void add_suite(struct junit *junit, const char *suite)
{
    open_element(junit, "testsuite");
    add_attribute(junit, "name", suite);
    add_counts(junit, suite);
    for (size_t i = 0; i < junit->results->case_count; i++)
        if (is_in_suite(&junit->results->cases[i], suite))
            add_case(junit, suite, &junit->results->cases[i]);
    close_element(junit);
}

static bool is_first_of_suite(const struct results *results, size_t index, const char *suite)
{
    for (size_t i = 0; i < index; i++)
        if (is_in_suite(&results->cases[i], suite))
            return false;
    return true;
}

static void add_document(struct junit *junit)
{
    const struct results *results = junit->results;
    junit->ok = xmlTextWriterStartDocument(junit->writer, NULL, "UTF-8", NULL) >= 0;
    open_element(junit, "testsuites");
    add_attribute(junit, "name", "mdcts");
    add_counts(junit, NULL);
    for (size_t i = 0; i < results->case_count; i++) {
        struct arena scratch = {0};
        const char *suite = report_suite(&scratch, results->cases[i].id);
        if (is_first_of_suite(results, i, suite))
            add_suite(junit, suite);
        arena_free(&scratch);
    }
    close_element(junit);
    junit->ok = xmlTextWriterEndDocument(junit->writer) >= 0 && junit->ok;
}

/* To a file beside, then renamed: a reader never sees half of it. */
static bool save_buffer(const char *path, xmlBufferPtr buffer)
{
    struct arena scratch = {0};
    const char *beside = arena_printf(&scratch, "%s.new", path);
    size_t len = (size_t)xmlBufferLength(buffer);
    FILE *to = fopen(beside, "we");
    bool ok = to != NULL && fwrite(xmlBufferContent(buffer), 1, len, to) == len;
    if (to != NULL && fclose(to) != 0)
        ok = false;
    ok = ok && rename(beside, path) == 0;
    if (!ok && to != NULL)
        unlink(beside);
    arena_free(&scratch);
    return ok;
}

/* JUnit has no word for a run that was cut short, and what is not in it nobody misses: an error of
 * its own says so. */
static struct results with_cut(struct arena *keep, const struct results *results)
{
    struct results out = *results;
    if (results->complete)
        return out;
    out.cases = arena_array(keep, struct case_result, results->case_count + 1);
    if (results->case_count > 0)
        memcpy(out.cases, results->cases, results->case_count * sizeof *out.cases);
    out.cases[out.case_count++] = (struct case_result){
        .id = "run/complete",
        .verdict = VERDICT_BROKEN,
        .reason =
            arena_printf(keep, "the run was cut short; cases not run: %" PRIu64, results->not_run),
    };
    return out;
}

bool junit_write(const char *path, const struct results *results)
{
    struct arena keep = {0};
    const struct results all = with_cut(&keep, results);
    xmlBufferPtr buffer = xmlBufferCreate();
    struct junit junit = {.results = &all};
    junit.writer = buffer == NULL ? NULL : xmlNewTextWriterMemory(buffer, 0);
    if (junit.writer != NULL) {
        (void)xmlTextWriterSetIndent(junit.writer, 1);
        add_document(&junit);
        xmlFreeTextWriter(junit.writer); /* flushes into the buffer */
    }
    bool ok = junit.ok && save_buffer(path, buffer);
    if (buffer != NULL)
        xmlBufferFree(buffer);
    arena_free(&keep);
    return ok;
}
