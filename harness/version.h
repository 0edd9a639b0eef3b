/* SPDX-License-Identifier: Apache-2.0 */
/* The suite's version, as the trace and --version say it. */
#ifndef MDCTS_VERSION_H
#define MDCTS_VERSION_H

#define MDCTS_VERSION "0.1.0"

#endif
