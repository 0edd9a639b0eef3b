/* SPDX-License-Identifier: Apache-2.0 */
#include "case_process.h"

#include <string.h>

static void keep_connected(struct case_run *run, uint32_t process)
{
    memcpy(run->processes[process].connected, run->connected, sizeof run->connected);
}

void case_process_enter_nth(struct case_run *run, uint32_t process)
{
    if (run->process_count == 0) { /* the first one is made by case_run_begin() */
        run->processes[0] = (struct run_process){NULL, run->host, {false}};
        keep_connected(run, 0);
        run->process_count = 1;
    }
    keep_connected(run, run->process);
    run->process = process;
    run->host = run->processes[process].host;
    memcpy(run->connected, run->processes[process].connected, sizeof run->connected);
}

static bool start(struct case_run *run, const char *name)
{
    if (run->process_count == PROCESSES_MAX)
        return false;
    uint32_t process = (uint32_t)run->process_count++;
    run->process = process;
    run->host = NULL;
    memset(run->connected, 0, sizeof run->connected);
    bool ok = case_start_host(run);
    run->processes[process] = (struct run_process){name, run->host, {false}};
    keep_connected(run, process);
    return ok;
}

bool case_process_enter(struct case_run *run, const char *name)
{
    case_process_enter_nth(run, 0);
    for (uint32_t i = 1; name != NULL && i < run->process_count; i++)
        if (strcmp(run->processes[i].name, name) == 0) {
            case_process_enter_nth(run, i);
            return run->host != NULL;
        }
    if (name == NULL || start(run, name))
        return true;
    case_process_enter_nth(run, 0);
    return false;
}

void case_process_end_others(struct case_run *run)
{
    for (uint32_t i = 1; i < run->process_count; i++) {
        case_process_enter_nth(run, i);
        if (run->host != NULL)
            host_end(run->host, false, CASE_END_TIMEOUT_MS);
    }
    if (run->process_count > 0)
        case_process_enter_nth(run, 0);
}
