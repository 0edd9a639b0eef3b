/* SPDX-License-Identifier: Apache-2.0 */
/* mdcts explain: what a requirement says and who checks it, or what a case does step by step. */
#ifndef MDCTS_CMD_EXPLAIN_H
#define MDCTS_CMD_EXPLAIN_H

/* argv[0] is the command's name.  Returns the exit code. */
int cmd_explain(int argc, char **argv);

#endif
