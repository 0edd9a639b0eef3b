/* SPDX-License-Identifier: Apache-2.0 */
/* One call of an entry point as memory: objects, pointers between them, and what to read back.
 *
 * A new image holds valid defaults by the tables of entry_layout.h.  Setters address parameters and
 * structure members by their names in Cardmod.h; a later setting replaces an earlier one.
 * call_image_call() gives what the host needs; call_image_outputs() turns what came back into names
 * again.  Everything lives in the arena given; images are not changed by the call. */
#ifndef MDCTS_CALL_IMAGE_H
#define MDCTS_CALL_IMAGE_H

#include "entry_layout.h"
#include "link.h"
#include "scenario_value.h"

struct call_image;

/* What a secret handle parameter is answered; see struct host_answer.  handle is a name in the
 * list. */
struct image_answer {
    const char *handle;
    uint8_t index;
    uint32_t status;
    bool write;
    uint32_t delay_ms;
    uint32_t calls_back; /* as in struct host_answer */
};

/* entry must have a layout; context is the CARD_DATA that pCardData points to. */
struct call_image *call_image_new(struct arena *arena, const struct entry_layout *entry,
                                  uint32_t context);

/* Each is false if the entry point has no such name. */
bool call_image_set_number(struct call_image *image, const char *name, uint64_t value);
/* The pointer called name is NULL; a length that belongs to it stays. */
bool call_image_set_null(struct call_image *image, const char *name);
/* Points name to bytes of the caller's and sets the length that belongs to it, if there is one. */
bool call_image_set_input(struct call_image *image, const char *name, struct bytes value);
bool call_image_set_secret(struct call_image *image, const char *name, struct bytes value);
bool call_image_set_text(struct call_image *image, const char *name, const char *utf8);
/* The caller's buffer of that size at name, filled with 0xA5; its capacity is set too. */
bool call_image_set_buffer(struct call_image *image, const char *name, size_t size);
bool call_image_set_raw(struct call_image *image, const char *name, const struct raw_value *value);

/* pParameterList.  Handles get distinct invented values. */
void call_image_set_parameters(struct call_image *image, const struct parameter_list *list);
/* How the handles in the parameter list are answered; copied. */
void call_image_set_answers(struct call_image *image, const struct image_answer *answers,
                            size_t count);

/* The structure behind a parameter ends after so many bytes: at an inaccessible page if guarded,
 * else its last members are there but hold a pattern, and a change of them is reported. */
void call_image_cut_struct(struct call_image *image, size_t size, bool guarded);

/* Where the call's number of that name is. */
bool call_image_place(const struct call_image *image, const char *name, struct host_place *out);

/* The finished call; the caller adds step, time limit and faults. */
struct host_call call_image_call(struct call_image *image);

/* What came back: every structure member and out parameter by name, pointers as {"block": n,
 * "offset": o},
 * {"input": NAME, "offset": o}, {"wild": true} or null, and the bytes behind them as hexadecimal.
 */
struct node *call_image_outputs(const struct call_image *image, const struct host_result *result);

/* The bytes that came back under that name ("key", "key_ex"); len 0 and data NULL if none. */
struct bytes call_image_content(const struct call_image *image, const struct host_result *result,
                                const char *content);

/* The name of what object index holds, as used in diagnostics and events. */
const char *call_image_object_name(const struct call_image *image, uint32_t index);

/* The input or structure member that a change hit; NULL if the driver may write there.  *beyond
 * tells that it lies behind a cut structure, which is then what the name is of. */
const char *call_image_changed(const struct call_image *image, const struct host_change *change,
                               bool *beyond);

/* Whether the driver wrote into the buffer set by call_image_set_buffer(). */
bool call_image_buffer_filled(const struct call_image *image, const struct host_result *result);

#endif
