/* SPDX-License-Identifier: Apache-2.0 */
/* `kdf: any`: a derivation that this driver can do, with as few parameters as the KDF needs. */
#ifndef MDCTS_KDF_DEFAULT_H
#define MDCTS_KDF_DEFAULT_H

#include "scenario_value.h"

/* The first KDF of the capabilities that has a row here (HASH where nothing is known); what it
 * needs goes in front of the parameters. */
const char *kdf_default(struct arena *arena, const struct node *capabilities,
                        struct parameter_list *parameters);

#endif
