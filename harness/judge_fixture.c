/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#define HEAD                                                                                       \
    "{'trace':{'format':1,'suite':'0.1.0','date':'2030-01-02','driver':{'path':'./driver.so'},"    \
    "'reader':'virtual','profile':{'waivers':["                                                    \
    "{'requirement':'R108','code':'SCARD_E_UNSUPPORTED_FEATURE','reason':'known','expires':"       \
    "'2030-12-31'},"                                                                               \
    "{'requirement':'R108','code':'SCARD_E_INVALID_VALUE','reason':'late','expires':"              \
    "'2029-12-31'},"                                                                               \
    "{'requirement':'R108','code':2148532230,'reason':'by number'},"                               \
    "{'requirement':'R108','code':8,'reason':'another build','driver_hash':'aa'},"                 \
    "{'cases':'ca*','requirement':'R242','reason':'by case'}"                                      \
    "]}}}\n"
#define CAPABILITIES                                                                               \
    "{'capabilities':{'driver_versions':[7],'dh':true,'containers':[{'index':0,'curve':'P-256',"   \
    "'public':'07619d49636b9694d18fd148cccf724dff43f4970fa38a72e9e0ba876dc36215"                   \
    "ae65dd3151fc3bc959a10a92172b6455033e621dac3e37406a4cb6213f735cf5','use':'agree'}],"           \
    "'kdfs':['HASH'],'hashes':['SHA1','SHA256'],'secret_handles':true,'tap':'active'}}\n"

/* id, level, kind, and the rest of the row. */
static const char *const rows[][4] = {
    {"R001", "must", "SRC", ""},
    {"R003", "should", "SRC", ""},
    {"R004", "must", "INF", ""},
    {"R005", "must", "INF", ""},
    {"R006", "must", "INF", ""},
    {"R007", "should", "INF", ""},
    {"R010", "must", "SRC", ",'accept':['SCARD_S_SUCCESS']"},
    {"R015", "must", "SRC", ""},
    {"R016", "must", "SRC", ""},
    {"R017", "must", "SRC", ""},
    {"R018", "must", "INF", ""},
    {"R043", "should", "INF", ""},
    {"R048", "should", "INF", ""},
    {"R051", "must", "SRC", ",'accept':['SCARD_S_SUCCESS']"},
    {"R057", "must", "INF", ""},
    {"R058", "should", "INF", ""},
    {"R060", "must", "SRC", ",'accept':['SCARD_S_SUCCESS']"},
    {"R061", "must", "SRC", ",'accept':['SCARD_S_SUCCESS']"},
    {"R062", "must", "SRC", ",'accept':['SCARD_S_SUCCESS']"},
    {"R077", "must", "INF",
     ",'accept':['SCARD_W_SECURITY_VIOLATION'],'warn':['failure'],'fail':['success']"},
    {"R088", "must", "INF",
     ",'accept':['SCARD_E_INVALID_PARAMETER'],'warn':['failure'],'fail':['success']"},
    {"R063", "must", "SRC", ",'accept':['SCARD_S_SUCCESS']"},
    {"R093", "must", "INF", ""},
    {"R095", "must", "INF", ""},
    {"R100", "should", "INF", ""},
    {"R108", "must", "SRC", ",'accept':['SCARD_E_INVALID_PARAMETER']"},
    {"R119", "may", "KIT", ",'accept':['SCARD_S_SUCCESS','SCARD_E_INVALID_PARAMETER']"},
    {"R121", "must", "SRC", ",'accept':['SCARD_E_INVALID_PARAMETER'],'warn':['success']"},
    {"R127", "must", "SRC", ",'accept':['SCARD_S_SUCCESS','SCARD_E_INVALID_PARAMETER']"},
    {"R128", "must", "SRC", ""},
    {"R129", "should", "SRC", ""},
    {"R133", "must", "INF", ""},
    {"R138", "should", "SRC",
     ",'accept':['SCARD_E_INVALID_PARAMETER','SCARD_W_RESET_CARD','SCARD_W_SECURITY_VIOLATION']"},
    {"R152", "must", "SRC", ",'accept':['SCARD_S_SUCCESS'],'warn':['SCARD_E_NO_MEMORY']"},
    {"R173", "must", "SRC", ""},
    {"R193", "must", "SRC", ",'accept':['SCARD_S_SUCCESS']"},
    {"R205", "must", "SRC", ""},
    {"R206", "must", "SRC", ""},
    {"R207", "must", "SRC", ""},
    {"R208", "must", "SRC", ""},
    {"R214", "must", "SRC", ""},
    {"R216", "must", "INF", ""},
    {"R224", "should", "INF", ""},
    {"R225", "should", "INF", ""},
    {"R226", "must", "SRC", ",'accept':['SCARD_S_SUCCESS']"},
    {"R227", "must", "HDR", ""},
    {"R232", "must", "SRC", ""},
    {"R242", "must", "SRC", ",'accept':['SCARD_E_INVALID_PARAMETER','SCARD_W_WRONG_CHV']"},
    {"R248", "should", "SRC", ",'accept':['SCARD_S_SUCCESS','SCARD_E_UNSUPPORTED_FEATURE']"},
    {"R249", "must", "SRC", ""},
    {"R250", "must", "SRC", ""},
};

static char *with_quotes(char *text)
{
    for (char *at = text; (at = strchr(at, '\'')) != NULL; at++)
        *at = '"';
    return text;
}

static const char *catalogue(struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        text = arena_printf(arena,
                            "%s{'requirement':{'id':'%s','level':'%s','kind':'%s',"
                            "'text':'The sentence of %s.'%s}}\n",
                            text, rows[i][0], rows[i][1], rows[i][2], rows[i][0], rows[i][3]);
    return text;
}

char *judge_text(struct arena *arena, const struct judge_row *row, const char *end)
{
    return with_quotes(arena_printf(
        arena,
        HEAD "%s" CAPABILITIES "{'case':{'n':0,'id':'case','base':'case','requirement':'%s',"
             "'about':'A test.','file':'a.yaml','line':7,'fixture_steps':0,'steps':[%s]}}\n%s%s",
        catalogue(arena), row->requirement, row->steps, row->events, end));
}

enum judge_status judge_a_text(struct arena *arena, const char *text, struct results *out)
{
    char path[] = "/tmp/mdcts-judge-XXXXXX";
    struct diags diags = {.count = 0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
    enum judge_status status = judge_trace(&diags, arena, arena_strdup(arena, path), out);
    diags_print(&diags, stderr);
    diags_free(&diags);
    unlink(path);
    return status;
}

static char *add_result(struct arena *arena, char *text, const struct case_result *one)
{
    text = arena_printf(arena, "%s%s%s %s", text, text[0] == '\0' ? "" : "; ", one->id,
                        verdict_name(one->verdict));
    for (size_t i = 0; i < one->finding_count; i++)
        text =
            arena_printf(arena, "%s %s:%s", text,
                         one->findings[i].requirement == NULL ? "-" : one->findings[i].requirement,
                         outcome_name(one->findings[i].outcome));
    if (one->blocked_by != NULL)
        text = arena_printf(arena, "%s by %s", text, one->blocked_by);
    return text;
}

char *judge_summary(struct arena *arena, const struct results *results)
{
    char *text = arena_strdup(arena, "");
    for (size_t i = 0; i < results->case_count; i++)
        if (i == 0 || results->cases[i].verdict != VERDICT_PASS)
            text = add_result(arena, text, &results->cases[i]);
    return text;
}

void judge_check_rows(const struct judge_row *row, size_t count)
{
    bool ok = true;
    for (size_t i = 0; i < count; i++, row++) {
        struct arena arena = {0};
        struct results results;
        const char *text = judge_text(&arena, row, "{'end':{'complete':true,'cases':1}}\n");
        assert_int_equal(judge_a_text(&arena, text, &results), JUDGE_OK);
        char *summary = judge_summary(&arena, &results);
        if (strcmp(summary, row->expected) != 0) {
            ok = false;
            print_error("%s:\n  expected %s\n  got      %s\n", row->name, row->expected, summary);
            for (size_t k = 0; k < results.case_count; k++)
                if (results.cases[k].reason != NULL)
                    print_error("  %s: %s\n", results.cases[k].id, results.cases[k].reason);
        }
        arena_free(&arena);
    }
    assert_true(ok);
}
