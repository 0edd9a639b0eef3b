/* SPDX-License-Identifier: Apache-2.0 */
/* Where the suite's own programs and data lie, found from the running executable.  The strings live
 * until the program ends; a thing that is not there has a path all the same, and opening it says
 * so. */
#ifndef MDCTS_PATHS_H
#define MDCTS_PATHS_H

/* The folder of the mdcts executable, without a final slash. */
const char *program_dir(void);

/* program_dir() and a relative path, for instance "../lib/tap/libpcsclite.so.1". */
const char *program_path(const char *relative);

/* The case files: MDCTS_CASES if set, else the folder "cases" of the working folder or of the
 * nearest one above the executable that has requirements.yaml. */
const char *cases_dir(void);

#endif
