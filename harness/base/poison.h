/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in memory that the driver is given before anybody has written it. */
#ifndef MDCTS_BASE_POISON_H
#define MDCTS_BASE_POISON_H

#define POISON_BLOCK 0xA7 /* from pfnCspAlloc */
#define POISON_STACK 0xA5 /* below the frame that calls the driver; a caller's buffer, too */
#define POISON_RUN   8    /* so many bytes of one kind are no chance */

#endif
