/* SPDX-License-Identifier: Apache-2.0 */
/* mdcts list: the cases that a selection names, or which requirements have cases. */
#ifndef MDCTS_CMD_LIST_H
#define MDCTS_CMD_LIST_H

/* argv[0] is the command's name.  Returns the exit code. */
int cmd_list(int argc, char **argv);

#endif
