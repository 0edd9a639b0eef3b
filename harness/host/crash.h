/* SPDX-License-Identifier: Apache-2.0 */
/* Catches the signals of a crash on a stack of its own, reports one "crash" event, and lets the
 * signal end the process as it would have. */
#ifndef MDCTS_HOST_CRASH_H
#define MDCTS_HOST_CRASH_H

void crash_watch(void);
/* A thread of ours gets such a stack, too. */
void crash_watch_thread(void);

#endif
