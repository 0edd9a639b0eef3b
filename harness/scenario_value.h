/* SPDX-License-Identifier: Apache-2.0 */
/* The argument values of the case language: flags, agreements, peers, parameter lists, raw members.
 *
 * Each reader takes a node as written after expansion and says true, or false without a word: the
 * table of arguments in scenario_step.c words the complaint.  Values live in keep or are borrowed.
 */
#ifndef MDCTS_SCENARIO_VALUE_H
#define MDCTS_SCENARIO_VALUE_H

#include "base/node.h"

#define PARAMETERS_MAX  1024                /* of one parameter list */
#define VALUE_BYTES_MAX (16u * 1024 * 1024) /* of one value */

/* ---- names and numbers ---- */

struct named_number {
    const char *name;
    uint32_t value;
};

struct name_table {
    const struct named_number *rows;
    size_t count;
};

extern const struct name_table flag_table;      /* CARD_BUFFER_SIZE_ONLY ... */
extern const struct name_table parameter_table; /* KDF_HASH_ALGORITHM ... */
extern const struct name_table key_spec_table;  /* AT_ECDHE_P256 ... */

bool name_table_find(const struct name_table *table, const char *name, uint32_t *value);
/* NULL for a number without a name. */
const char *name_table_name(const struct name_table *table, uint32_t value);

/* Known KDF, hash, cipher, curve and entry point names, for lint. */
struct text_table {
    const char *const *names;
    size_t count;
};

extern const struct text_table kdf_names, hash_names, cipher_names, curve_names, entry_names,
    meeting_places;

/* Where the curve is of no interest: the first of curve_names on which a container agrees. */
#define CURVE_ANY "any"
extern const struct text_table curve_words; /* curve_names and that */

bool text_table_has(const struct text_table *table, const char *name);

/* ---- values ---- */

/* A name bound by an earlier step ($z), or a number. */
enum agreement_kind {
    AGREEMENT_NAMED,   /* $z */
    AGREEMENT_INDEX,   /* the number itself */
    AGREEMENT_UNUSED,  /* an index that was never issued */
    AGREEMENT_FOREIGN, /* an index issued in another context */
};

struct agreement_ref {
    enum agreement_kind kind;
    const char *name;
    uint64_t index;
};

bool agreement_ref_read(const struct node *node, struct agreement_ref *out);

/* The name behind "$name"; NULL if the node is no such scalar. */
const char *reference_name(const struct node *node);

enum container_kind {
    CONTAINER_BY_CURVE, /* the nth container that agrees on that curve */
    CONTAINER_INDEX,
    CONTAINER_RSA,
    CONTAINER_SIGN_ONLY,
    CONTAINER_ECDSA,
    CONTAINER_UNUSED, /* the first index without a container */
    CONTAINER_UNSAID,
};

struct container_spec {
    enum container_kind kind;
    const char *curve;
    uint64_t index;
    uint64_t nth; /* 1-based */
};

enum peer_point {
    POINT_VALID,
    POINT_OFF_CURVE,
    POINT_ZERO,
    POINT_OVERFLOW,
    POINT_OVERFLOW_Y,
    POINT_ALL_ONES,
    POINT_INFINITY
};

struct peer_spec {
    const char *same;       /* the agreement whose peer is used again; NULL: a new one */
    unsigned leading_zeros; /* zero bytes at the start of Z; 0: as it comes */
    enum peer_point point;
    const char *curve; /* the peer lies on this curve; NULL: on the container's */
    bool has_magic, has_cb_key, has_length;
    uint32_t magic, cb_key, length; /* replace those of the blob */
};

bool peer_spec_read(const struct node *node, struct peer_spec *out);

enum kdf_kind { KDF_NAMED, KDF_UNKNOWN, KDF_NULL, KDF_ANY };

/* `name` is sent for KDF_NAMED and KDF_UNKNOWN. */
struct kdf_spec {
    enum kdf_kind kind;
    const char *name;
};

bool kdf_spec_read(const struct node *node, struct kdf_spec *out);

/* INT | NAME | [NAME or INT ...] | {bit: N} */
bool flags_read(const struct node *node, uint32_t *out);

enum output_kind { OUTPUT_DIALECT, OUTPUT_NULL, OUTPUT_BUFFER };

struct output_spec {
    enum output_kind kind;
    bool exact;    /* OUTPUT_BUFFER: size is the derived key's own */
    uint64_t size; /* OUTPUT_BUFFER without exact */
    int64_t plus;  /* added to either */
};

bool output_spec_read(const struct node *node, struct output_spec *out);

struct parameter {
    uint32_t type;
    const char *type_name; /* as written; a number's own text where it has no name */
    bool null;             /* pvBuffer NULL */
    struct bytes value;    /* what pvBuffer points to */
    const char *handle;    /* KDF_SECRET_HANDLE: the handle's name, else NULL */
    uint32_t cb;           /* cbBuffer: the value's length unless overridden */
};

enum parameters_kind { PARAMETERS_UNSAID, PARAMETERS_NULL, PARAMETERS_EMPTY, PARAMETERS_LIST };

struct parameter_list {
    enum parameters_kind kind;
    struct parameter *items;
    size_t count;
};

/* NULL reads as PARAMETERS_UNSAID: a NULL list, but for `kdf: any` the least that the KDF needs.
 * On failure *why, unless NULL, is the offending node and *problem says what is wrong with it. */
bool parameter_list_read(struct arena *keep, const struct node *node, struct parameter_list *out,
                         const struct node **why, const char **problem);

enum raw_kind { RAW_INTEGER, RAW_NULL, RAW_TEXT, RAW_BYTES };

struct raw_value {
    enum raw_kind kind;
    uint64_t integer;
    const char *text;   /* RAW_TEXT: UTF-8; the member's type decides the encoding */
    struct bytes bytes; /* RAW_BYTES */
};

/* Integer, null, string, hex:.., {repeat: HEX, count: N}. */
bool raw_value_read(struct arena *keep, const struct node *node, struct raw_value *out);

/* Bytes written as hex:0306 or {repeat: HEX, count: N}. */
bool byte_value_read(struct arena *keep, const struct node *node, struct bytes *out);

#endif
