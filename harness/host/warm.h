/* SPDX-License-Identifier: Apache-2.0 */
/* What a host does with the time before anybody waits for it. */
#ifndef MDCTS_HOST_WARM_H
#define MDCTS_HOST_WARM_H

/* Touches the memory that a case will need, so that its page faults are taken now.  Changes nothing
 * else; a kernel older than 5.14 takes some of them later. */
void warm_up(void);

#endif
