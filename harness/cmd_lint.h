/* SPDX-License-Identifier: Apache-2.0 */
/* mdcts lint: reads suite files and profiles as a run would, and says what is wrong with them. */
#ifndef MDCTS_CMD_LINT_H
#define MDCTS_CMD_LINT_H

/* argv[0] is the command's name.  Returns the exit code: 0, or 2 for bad files and bad usage. */
int cmd_lint(int argc, char **argv);

#endif
