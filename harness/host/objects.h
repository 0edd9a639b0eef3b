/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of one call: argument structures and buffers, placed as the request says.
 *
 * objects_place() makes them, objects_drop() takes them away: their addresses stay inaccessible for
 * a while, so that a driver that kept a pointer is caught and the object named.  Names are copied.
 * All but objects_locate() are about the objects of this lane's call. */
#ifndef MDCTS_HOST_OBJECTS_H
#define MDCTS_HOST_OBJECTS_H

#include "protocol.h"
#include "region.h"

#define OBJECT_NAME_BYTES   32
#define OBJECT_REMEMBER_MAX 512

struct object {
    struct region region;
    uint8_t *image; /* as it was when the call began; not for secrets */
    char name[OBJECT_NAME_BYTES];
    uint32_t step;
    bool secret, whole;
};

/* Places count objects; data holds names and images.  False if the request is malformed or memory
 * ran out. */
bool objects_place(struct bytes rows, struct bytes data);
size_t objects_count(void);
const struct object *objects_get(size_t index); /* NULL if there is none */
/* size bytes at offset of an object; NULL if they are not all in it. */
uint8_t *object_at(uint32_t index, uint64_t offset, size_t size);
/* After patching: keeps the images and closes the read-only ones to writing. */
bool objects_seal(struct bytes rows);
void objects_drop(void);
/* Writes a value that came late, as if it had been there from the start; false if it doesn't fit.
 */
bool objects_patch(uint32_t index, uint64_t offset, const void *value, size_t size);

/* The object, living or dropped, that an address belongs to (guards included); *index is SIZE_MAX
 * for a dropped one. For signal handlers too. */
const struct object *objects_locate(uintptr_t address, size_t *index);

#endif
