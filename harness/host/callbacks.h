/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that the driver calls: the caller's side of CARD_DATA.
 *
 * Any thread of the driver may call them with any argument.  Each records what it saw as one event,
 * reads the driver's pointers through the kernel, and never crashes the host.  What they answer is
 * scripted per call: faults here, agreements in agreement.h, the cache in cache.h. */
#ifndef MDCTS_HOST_CALLBACKS_H
#define MDCTS_HOST_CALLBACKS_H

#include "protocol.h"

/* 0 if there is no such function. */
uintptr_t callback_address(enum host_callback callback, enum host_variant variant);

/* Counters and faults of pfnCspAlloc, pfnCspReAlloc and the heap for the call to come. */
void callbacks_start_call(const struct wire_call *call);
/* What came of them. */
void callbacks_end_call(struct wire_result *out);

/* Frees on the caller's behalf, with its event. */
void callbacks_caller_free(void *pointer);

/* The driver gave the pointer to the C library's free or realloc.  True if it is a live block,
 * which is freed then. */
bool callbacks_wrong_free(void *pointer);

#endif
