/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of one run: where it lies, who may enter, and how it goes away.
 *
 * A run's folder holds a file `lock`, locked with flock() as long as anybody of the run lives. */
#ifndef MDCTS_SUPERVISOR_FOLDER_H
#define MDCTS_SUPERVISOR_FOLDER_H

#include "supervisor.h"

/* The user that programs run as which must not be root. */
struct folder_user {
    uid_t uid;
    gid_t gid;
};

struct folder_user folder_unprivileged(void);

/* Make s->folder and s->workplace under TMPDIR.  Returns the lock's descriptor, or -1 with why. */
int folder_make(struct supervisor *s, char why[SUPERVISOR_WHY_MAX]);

/* Remove the folders of runs whose lock is free. */
void folder_remove_stale(void);

/* Remove a tree without following symbolic links; says nothing when it can't. */
void folder_remove(const char *path);

#endif
