/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "json_tree.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void fuzz_round_trip(struct arena *keep, const struct node *tree)
{
    struct diags diags = {0};
    const char *once = json_tree_text(keep, tree);
    const struct node *again = json_tree_parse(&diags, keep, once, strlen(once), "again", 1);
    diags_print(&diags, stderr);
    FUZZ_HOLDS(again != NULL);
    FUZZ_HOLDS(strcmp(json_tree_text(keep, again), once) == 0);
    diags_free(&diags);
}

const char *fuzz_file(struct bytes bytes, int *fd)
{
    static char path[32];
    *fd = memfd_create("input", MFD_CLOEXEC);
    FUZZ_HOLDS(*fd >= 0 && write(*fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
    snprintf(path, sizeof path, "/proc/self/fd/%d", *fd);
    return path;
}
