/* SPDX-License-Identifier: Apache-2.0 */
/* The host's loop: one request, one reply, until REQUEST_END. */
#ifndef MDCTS_HOST_COMMANDS_H
#define MDCTS_HOST_COMMANDS_H

/* Returns when the runner asked for the end and shut its side; the process then exits with 0. */
void commands_run(void);
/* Notes what host_own() answers.  For the server, once the PC/SC library is loaded. */
void commands_prepare(void);

#endif
