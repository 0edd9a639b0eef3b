/* SPDX-License-Identifier: Apache-2.0 */
/* results.json, and whatever else is read as JSON: what is read is written as it was understood. */
#include "fuzz.h"

#include "json_tree.h"

#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena keep = {0};
    struct diags diags = {0};
    /* A copy of exactly that size: nothing may be read behind it. */
    char *text = malloc(size + (size == 0));
    FUZZ_HOLDS(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    const struct node *tree = json_tree_parse(&diags, &keep, text, size, "results.json", 1);
    FUZZ_HOLDS((tree == NULL) == (diags.count > 0));
    free(text);
    if (tree != NULL)
        fuzz_round_trip(&keep, tree);
    diags_free(&diags);
    arena_free(&keep);
    return 0;
}
