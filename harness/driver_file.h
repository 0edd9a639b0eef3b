/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's file before anything loads it: is there one, and can this machine load it at all? */
#ifndef MDCTS_DRIVER_FILE_H
#define MDCTS_DRIVER_FILE_H

#include "base/arena.h"

/* NULL if the file is a shared object for this machine; else a sentence that helps, in keep. */
const char *driver_file_problem(struct arena *keep, const char *path);

#endif
