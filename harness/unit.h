/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka with the headers that it needs, and what unit tests of documents share. */
#ifndef MDCTS_UNIT_H
#define MDCTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka.h needs the ones above. */
#include <cmocka.h>

#endif
