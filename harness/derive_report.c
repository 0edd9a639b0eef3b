/* SPDX-License-Identifier: Apache-2.0 */
#include "derive_report.h"

#include "status_name.h"

#include <inttypes.h>
#include <string.h>

void derive_report_start(struct derive_report *report, struct arena *arena, uint32_t step)
{
    *report = (struct derive_report){.arena = arena, .step = step};
}

static bool is_kind(const struct node *event, const char *kind)
{
    const char *e = node_get_text(event, "e");
    return e != NULL && strcmp(e, kind) == 0;
}

static bool is_callback(const struct node *event)
{
    static const char *const kinds[] = {"alloc", "realloc", "free", "get_dh_agreement",
                                        "cache", "pad",     "unpad"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (is_kind(event, kinds[i]))
            return !node_get_bool(event, "caller", false);
    return false;
}

static void keep_line(struct derive_report *report, const struct node *event)
{
    if (report->line_count < DERIVE_LINES_MAX)
        report->lines[report->line_count++] = node_copy(report->arena, event);
}

void derive_report_take(struct derive_report *report, const struct node *event)
{
    uint64_t step = node_get_uint(event, "s", 0);
    const char *entry = node_get_text(event, "entry");
    bool constructs = entry != NULL && strcmp(entry, "CardConstructDHAgreement") == 0;
    if (is_kind(event, "call"))
        report->agreeing = constructs && report->construct == NULL;
    report->construct_apdus += report->agreeing && is_kind(event, "apdu");
    if (is_kind(event, "not_run") && report->not_run == NULL)
        report->not_run = node_copy(report->arena, event);
    if (is_kind(event, "return") && step != 0 && step < report->step) {
        if (node_get_uint(event, "status", 0) != 0 && report->refused == NULL)
            report->refused = node_copy(report->arena, event);
        if (constructs && report->construct == NULL)
            report->construct = node_copy(report->arena, event);
    }
    if (step != report->step)
        return;
    if (is_kind(event, "call"))
        report->call = node_copy(report->arena, event);
    if (is_kind(event, "return"))
        report->returned = node_copy(report->arena, event);
    bool callback = is_callback(event), apdu = is_kind(event, "apdu");
    report->callbacks += callback;
    report->apdus += apdu;
    if (callback || apdu)
        keep_line(report, event);
}

static void print_line(const struct node *event, FILE *to)
{
    const char *kind = node_get_text(event, "e");
    if (is_kind(event, "apdu"))
        fprintf(to, "              %s -> %04" PRIX64 "\n", node_get_text(event, "command"),
                node_get_uint(event, "sw", 0));
    else if (is_kind(event, "alloc"))
        fprintf(to, "              CspAlloc(%" PRIu64 ") = block %" PRIu64 "\n",
                node_get_uint(event, "size", 0), node_get_uint(event, "block", 0));
    else if (is_kind(event, "realloc"))
        fprintf(to,
                "              CspReAlloc(block %" PRIu64 ", %" PRIu64 ") = block %" PRIu64 "\n",
                node_get_uint(event, "from", 0), node_get_uint(event, "size", 0),
                node_get_uint(event, "block", 0));
    else if (is_kind(event, "free"))
        fprintf(to, "              CspFree(block %" PRIu64 ")\n", node_get_uint(event, "block", 0));
    else if (is_kind(event, "get_dh_agreement"))
        fprintf(to,
                "              CspGetDHAgreement(handle by %s, flags %" PRIu64
                ") answered index %" PRIu64 "\n",
                node_get_text(event, "handle"), node_get_uint(event, "flags", 0),
                node_get_uint(node_get(event, "answer"), "index", 0));
    else
        fprintf(to, "              %s\n", kind);
}

static void print_status(struct arena *arena, const char *label, const struct node *returned,
                         FILE *to)
{
    uint32_t status = (uint32_t)node_get_uint(returned, "status", 0);
    fprintf(to, "%-13s %s (0x%08" PRIX32 ")\n", label, status_text(arena, status), status);
}

static const struct case_result *result_of(const struct results *results)
{
    for (size_t i = 0; i < results->case_count; i++)
        if (strcmp(results->cases[i].id, "derive") == 0)
            return &results->cases[i];
    return NULL;
}

static void print_oracle(const struct derive_report *report, const struct results *results,
                         FILE *to)
{
    const struct case_result *result = result_of(results);
    bool has_key = node_get(node_get(report->returned, "out"), "key") != NULL;
    if (result == NULL)
        return;
    if (result->finding_count == 0)
        fprintf(to, "%-13s %s\n", "Oracle", has_key ? "agrees" : "was not asked: there is no key");
    for (size_t i = 0; i < result->finding_count; i++)
        fprintf(to, "%-13s %s: expected %s; observed %s\n", "Oracle",
                outcome_name(result->findings[i].outcome), result->findings[i].expected,
                result->findings[i].observed);
    if (result->reason != NULL)
        fprintf(to, "%-13s %s: %s\n", "Verdict", verdict_name(result->verdict), result->reason);
}

static void print_invariants(const struct results *results, FILE *to)
{
    for (size_t i = 0; i < results->case_count; i++) {
        const struct case_result *one = &results->cases[i];
        if (strncmp(one->id, "invariant/", 10) != 0 || one->finding_count == 0 ||
            one->verdict == VERDICT_INFO)
            continue;
        fprintf(to, "%-13s %s %s: expected %s; observed %s\n", "Besides", one->requirement,
                outcome_name(one->findings[0].outcome), one->findings[0].expected,
                one->findings[0].observed);
    }
}

bool derive_report_print(const struct derive_report *report, const struct results *results,
                         FILE *to)
{
    struct arena *arena = report->arena;
    const struct node *out = node_get(report->returned, "out");
    const char *key = node_get_text(out, "key");
    if (report->refused != NULL)
        print_status(arena, node_get_text(report->refused, "entry"), report->refused, to);
    if (report->not_run != NULL)
        fprintf(to, "%-13s %s\n", "Not run", node_get_text(report->not_run, "why"));
    if (report->construct != NULL && node_get_uint(report->construct, "status", 0) == 0)
        fprintf(to, "%-13s %" PRIu64 "\n", "Index",
                node_get_uint(node_get(report->construct, "out"), "bSecretAgreementIndex", 0));
    if (report->returned != NULL) {
        print_status(arena, "Return", report->returned, to);
        fprintf(to, "%-13s %" PRIu64 " bytes\n", "cbDerivedKey",
                node_get_uint(out, "cbDerivedKey", 0));
        if (key != NULL)
            fprintf(to, "%-13s %s\n", "Key", key);
    }
    print_oracle(report, results, to);
    print_invariants(results, to);
    fprintf(to,
            "%-13s %zu callbacks, %zu APDUs during CardDeriveKey; %zu APDUs during "
            "CardConstructDHAgreement\n",
            "Seen", report->callbacks, report->apdus, report->construct_apdus);
    for (size_t i = 0; i < report->line_count; i++)
        print_line(report->lines[i], to);
    if (report->returned != NULL)
        fprintf(to,
                "%-13s %" PRIu64 " us in CardDeriveKey, %" PRIu64
                " us in CardConstructDHAgreement\n",
                "Time", node_get_uint(report->returned, "us", 0),
                node_get_uint(report->construct, "us", 0));
    return fflush(to) == 0 && !ferror(to);
}
