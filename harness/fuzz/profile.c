/* SPDX-License-Identifier: Apache-2.0 */
/* A driver profile, from its bytes to what the trace shows of it. */
#include "fuzz.h"

#include "profile.h"
#include "yaml_tree.h"

#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

/* What a run asks of a profile. */
static void use(struct arena *keep, const struct profile *profile)
{
    static const char *const roles[] = {"user", "admin", "3"};
    const uint32_t code = 0x80100022;
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        profile_find_pin(profile, roles[i]);
    if (profile->driver_path != NULL)
        FUZZ_HOLDS(profile_path(keep, profile, profile->driver_path) != NULL);
    profile_find_waiver(profile, "R105", &code, "derive/hash/named[curve=P-256]", "aa",
                        "2026-01-01");
    profile_find_waiver(profile, "R105", NULL, "derive/hash/named[curve=P-256]", NULL,
                        "2026-01-01");
    fuzz_round_trip(keep, profile_public_node(keep, profile));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena keep = {0};
    struct diags diags = {0};
    struct profile profile;
    const struct node *doc =
        yaml_tree_parse(&diags, &keep, (struct bytes){data, size}, "profile.yaml");
    if (doc != NULL && profile_read(&diags, &keep, doc, "dir/profile.yaml", &profile)) {
        FUZZ_HOLDS(diags.count == 0);
        use(&keep, &profile);
    } else {
        FUZZ_HOLDS(diags.count > 0); /* a refusal says why */
    }
    diags_free(&diags);
    arena_free(&keep);
    return 0;
}
