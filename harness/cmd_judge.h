/* SPDX-License-Identifier: Apache-2.0 */
/* mdcts judge DIR: judges a stored trace again and writes the results. */
#ifndef MDCTS_CMD_JUDGE_H
#define MDCTS_CMD_JUDGE_H

/* argv[0] is "judge".  Returns the exit code. */
int cmd_judge(int argc, char **argv);

#endif
