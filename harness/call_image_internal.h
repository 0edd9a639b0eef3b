/* SPDX-License-Identifier: Apache-2.0 */
/* How a call image is kept, for the two modules that know: call_image.c builds it, call_result.c
 * reads back. */
#ifndef MDCTS_CALL_IMAGE_INTERNAL_H
#define MDCTS_CALL_IMAGE_INTERNAL_H

#include "call_image.h"

#define NO_OBJECT UINT32_MAX

enum object_use { USE_STRUCT, USE_INPUT, USE_CELL, USE_BUFFER };

struct image_object {
    struct host_object object;
    enum object_use use;
    const struct value_layout *value; /* the parameter or member that points here */
    size_t cut; /* structures: where it ends for the driver; 0: where it ends */
};

struct call_image {
    struct arena *arena;
    const struct entry_layout *entry;
    struct host_value args[HOST_ARGS_MAX];
    struct image_object *objects; /* HOST_OBJECTS_MAX at most */
    size_t object_count, object_capacity;
    struct host_relocation *relocations; /* HOST_RELOCATIONS_MAX at most */
    size_t relocation_count, relocation_capacity;
    struct host_follow follows[HOST_FOLLOWS_MAX];
    const struct value_layout *followed[HOST_FOLLOWS_MAX];
    size_t follow_count;
    struct host_answer *answers;
    size_t answer_count;
    const struct parameter_list *parameters;
    uint32_t list_object;   /* of the BCryptBuffer array; NO_OBJECT: none */
    uint32_t struct_object; /* of the entry point's structure; NO_OBJECT: none */
};

/* A parameter's object; NO_OBJECT if its argument points to none. */
uint32_t call_image_argument_object(const struct call_image *image, const char *name);

/* The number of size bytes at a place, least significant byte first. */
uint64_t call_image_read_number(const uint8_t *at, size_t size);

#endif
