/* SPDX-License-Identifier: Apache-2.0 */
/* `mdcts judge` of a trace from anywhere: it is refused with a sentence, or every report of it can
 * be written and the results are JSON. */
#include "fuzz.h"

#include "console.h"
#include "json_tree.h"
#include "judge.h"

#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

static void report(struct arena *keep, const struct results *results)
{
    struct diags diags = {0};
    struct console console;
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    FUZZ_HOLDS(to != NULL && results_write(to, results) && fclose(to) == 0);
    FUZZ_HOLDS(json_tree_parse(&diags, keep, text, len, "results.json", 1) != NULL);
    free(text);
    to = open_memstream(&text, &len);
    FUZZ_HOLDS(to != NULL);
    console_start(&console, to, console_style_of(to));
    FUZZ_HOLDS(console_results(&console, results) && fclose(to) == 0);
    free(text);
    int code = results_exit_code(results, false);
    FUZZ_HOLDS(code == 0 || code == 1 || code == 5 || code == 6);
    FUZZ_HOLDS(results->complete || code != 0); /* a run that was cut is not green */
    diags_free(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena keep = {0};
    struct diags diags = {0};
    struct results results;
    int fd;
    const char *path = fuzz_file((struct bytes){data, size}, &fd);
    enum judge_status status = judge_trace(&diags, &keep, path, &results);
    FUZZ_HOLDS(status == JUDGE_OK || (status == JUDGE_BAD_TRACE && diags.count > 0));
    if (status == JUDGE_OK)
        report(&keep, &results);
    close(fd);
    diags_free(&diags);
    arena_free(&keep);
    return 0;
}
