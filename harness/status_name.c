/* SPDX-License-Identifier: Apache-2.0 */
#include "status_name.h"

#include "mdcts/status.h"

#include <string.h>

struct status_row {
    uint32_t status;
    const char *name;
};

#define ROW(name) {(uint32_t)(name), #name},
static const struct status_row rows[] = {MDCTS_STATUS_TABLE(ROW)};
#undef ROW

#define ROW(name) #name,
static const char *const names[] = {MDCTS_STATUS_TABLE(ROW)};
#undef ROW

#define ROW_COUNT (sizeof rows / sizeof rows[0])

const char *status_name(uint32_t status)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].status == status)
            return rows[i].name;
    return NULL;
}

const char *status_text(struct arena *keep, uint32_t status)
{
    const char *name = status_name(status);
    return name != NULL ? name : arena_printf(keep, "0x%08X", (unsigned)status);
}

bool status_from_name(const char *name, uint32_t *out)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *out = rows[i].status;
            return true;
        }
    }
    return false;
}

const char *const *status_names(size_t *count)
{
    *count = ROW_COUNT;
    return names;
}
