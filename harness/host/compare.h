/* SPDX-License-Identifier: Apache-2.0 */
/* What a call left changed, and what the driver's pointers lead to: the reply's larger half. */
#ifndef MDCTS_HOST_COMPARE_H
#define MDCTS_HOST_COMPARE_H

#include "protocol.h"

#define CHANGES_MAX      2048u
#define FOLLOW_BYTES_MAX (4u << 20)
#define FOLLOW_NUL_BYTES 4096u

/* Ranges of objects and contexts that differ from what they were before the call in that context.
 */
void compare_put(struct frame_writer *reply, uint32_t current);
/* After-images of the objects that want one. */
void images_put(struct frame_writer *reply);
/* False if the rows are malformed. */
bool follows_valid(struct bytes rows);
void follows_put(struct frame_writer *reply, struct bytes rows);
/* What the pointers of the last follows_put() lead to is freed as by the caller, each block once.
 */
void follows_free(void);

#endif
