/* SPDX-License-Identifier: Apache-2.0 */
/* What each entry point takes: its parameters in order, and the members of the structures they
 * point to.
 *
 * The tables turn a step's names (those of Cardmod.h) into memory images and results back into
 * names. They describe the 64-bit layout of include/mdcts/cardmod.h; no byte of a driver is ever
 * touched here. */
#ifndef MDCTS_ENTRY_LAYOUT_H
#define MDCTS_ENTRY_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum layout_kind {
    LAYOUT_NUMBER,     /* a number of .size bytes: DWORD, BYTE, WORD, handle, enum */
    LAYOUT_TEXT16,     /* pointer to a NUL-terminated UTF-16 string */
    LAYOUT_TEXT8,      /* pointer to a NUL-terminated single-byte string */
    LAYOUT_INPUT,      /* pointer to bytes of the caller's; .length names their count */
    LAYOUT_STRUCT,     /* parameter only: pointer to .layout, in and out */
    LAYOUT_CARD_DATA,  /* parameter only: the context */
    LAYOUT_OUT_NUMBER, /* parameter only: pointer to a number of .size bytes that the driver writes
                        */
    LAYOUT_OUT_BLOCK, /* pointer that the driver sets to a block of its own; .length names its size.
                        As a parameter: pointer to such a pointer */
    LAYOUT_OUT_BUFFER, /* parameter only: the caller's buffer; .capacity names its size, .length
                          what came */
    LAYOUT_POINTER,    /* pointer to something else, NULL unless a step says otherwise */
};

struct value_layout {
    const char *name;
    enum layout_kind kind;
    uint16_t offset, size; /* members: place in the structure; numbers: bytes */
    const char *length;    /* see enum layout_kind */
    const char *capacity;
    const struct struct_layout *layout;
    const char *content; /* LAYOUT_OUT_BLOCK: what results call the bytes; NULL: "data" */
    uint64_t initial;    /* numbers: what a step that says nothing sends */
    bool output;         /* members: the driver may write it */
};

struct struct_layout {
    const char *name;
    size_t size;
    const struct value_layout *members;
    size_t member_count;
    bool watched; /* a write to a member that is no output is reported */
};

#define ENTRY_PARAMETERS_MAX 10

struct entry_layout {
    const char *name;
    struct value_layout parameters[ENTRY_PARAMETERS_MAX];
    size_t parameter_count;
};

/* NULL if there is no such entry point. */
const struct entry_layout *entry_layout_find(const char *name);

/* A member of CARD_DATA; NULL if there is none.  Offset and size are set, kind tells numbers from
 * pointers. */
const struct value_layout *card_data_member(const char *name);
/* Every member, in order. */
const struct value_layout *card_data_members(size_t *count);

/* How many bytes of CARD_DATA a version has; 0 to 3 have those of 4, above 7 those of 7. */
size_t card_data_size(uint32_t version);

enum card_data_owner { OWNER_CALLER, OWNER_CALLER_LATER, OWNER_DRIVER, OWNER_BOTH };
enum card_data_owner card_data_owner(const struct value_layout *member);

#endif
