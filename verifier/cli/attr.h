/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one compiler extension of the program; base/attr.h is out of its reach,
 * since it sees the public header only.
 */
#ifndef CLI_ATTR_H
#define CLI_ATTR_H

/* Argument `fmt` is a printf format, arguments start at `first`. */
#define CLI_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

#endif
