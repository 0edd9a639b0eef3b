/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of mdcts.  Each reads its own options (argv[0] is the command's name), prints its
 * own errors and returns the program's exit code: 0 to 6 as main.c's help lists them. */
#ifndef MDCTS_COMMANDS_H
#define MDCTS_COMMANDS_H

int cmd_run(int argc, char **argv);
int cmd_derive(int argc, char **argv);
int cmd_probe(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_lint(int argc, char **argv);
int cmd_readers(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_pin(int argc, char **argv);
int cmd_judge(int argc, char **argv);
int cmd_virtual(int argc, char **argv);
int cmd_bench(int argc, char **argv);

#endif
