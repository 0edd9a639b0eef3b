/* SPDX-License-Identifier: Apache-2.0 */
/* What a profile says of the driver's surroundings: the folder where its process works, the files
 * that it reads its settings from, and the command that prepares everything.
 *
 * Sentences are for the user, in keep; NULL stands for none. */
#ifndef MDCTS_SURROUNDINGS_H
#define MDCTS_SURROUNDINGS_H

#include "profile.h"
#include "supervisor.h"

/* The folder; NULL: the runner's own. */
const char *surroundings_folder(struct arena *keep, const struct profile *profile);

/* What of it is not there. */
const char *surroundings_problem(struct arena *keep, const struct profile *profile);

/* Carries out the command by the shell, in that folder and with that environment, which is the
 * host's, and waits for it.  Its words go where ours go.  Why it failed. */
const char *surroundings_set_up(struct arena *keep, const struct profile *profile,
                                struct supervisor *supervisor, const char *const *env);

/* The settings' files as a list of {path, sha256} for the trace; NULL if none is named. */
struct node *surroundings_config(struct arena *keep, const struct profile *profile);

#endif
