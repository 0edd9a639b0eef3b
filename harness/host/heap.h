/* SPDX-License-Identifier: Apache-2.0 */
/* libc's allocator as the driver sees it: malloc, calloc, realloc and the aligned ones stand in
 * front of libc's own, count what the driver asks for during a call, and can fail once or from then
 * on.  A block of the ledger that the driver hands to free or realloc is recognised.  What our own
 * functions, PC/SC's and the dynamic loader's take is not counted. */
#ifndef MDCTS_HOST_HEAP_H
#define MDCTS_HOST_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/* Counter and fault for the call to come; nth 0: no fault. */
void heap_arm(uint32_t nth, bool from_then_on);
/* How many allocations the driver made since. */
uint32_t heap_uses(void);

/* Whether what this thread allocates from now on is the driver's; returns what was so far. */
bool heap_is_drivers(bool drivers);

#endif
