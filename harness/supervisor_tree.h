/* SPDX-License-Identifier: Apache-2.0 */
/* The processes below one, by /proc/PID/task/TID/children.
 *
 * The kernel's list is exact only for processes that stand still, so callers repeat until a pass
 * finds nothing.  Zombies don't count: they wait for their own parent. */
#ifndef MDCTS_SUPERVISOR_TREE_H
#define MDCTS_SUPERVISOR_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { TREE_CHILDREN_MAX = 4096, TREE_DEPTH_MAX = 64 };

/* The children of all threads of pid, at most `room`; returns how many. */
size_t tree_children(pid_t pid, pid_t *children, size_t room);

/* Send SIGKILL to everything below pid, and to pid itself if asked; returns how many lived. */
size_t tree_kill(pid_t pid, bool itself);

#endif
