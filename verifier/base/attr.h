/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiler extensions, named once.  Nothing else in the tree spells
 * __attribute__ or __builtin_*.
 */
#ifndef SY_BASE_ATTR_H
#define SY_BASE_ATTR_H

/* Symbols of the public header; everything else is hidden. */
#define SY_API __attribute__((visibility("default")))

/* The result tells whether it worked: dropping it is a compile error in CI. */
#define SY_MUST_CHECK __attribute__((warn_unused_result))

/* Argument `fmt` is a printf format, arguments start at `first` (0: va_list). */
#define SY_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* A local that owns: freed with free_fn(&local) when it leaves its scope. */
#define SY_OWNED(free_fn) __attribute__((cleanup(free_fn)))

/* Hands an owned pointer on: its value leaves, NULL stays. */
#define SY_TAKE(p) \
	__extension__({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })

/* Whether the processor, and the system below it, can run code for "avx2" ... */
#define SY_CPU_SUPPORTS(name) __builtin_cpu_supports(name)

/* The compiler keeps the array `a` in memory here, not in registers or copies of it. */
#define SY_IN_MEMORY(a) __asm__ volatile("" : "+m"(a))

#define SY_LIKELY(x) __builtin_expect(!!(x), 1)
#define SY_UNLIKELY(x) __builtin_expect(!!(x), 0)

#define SY_N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

#endif
