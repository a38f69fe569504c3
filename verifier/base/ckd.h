/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checked arithmetic under its C23 names: stores the wrapped result in *r and
 * returns true when the exact result does not fit.  Every value that comes
 * from a file goes through these.
 */
#ifndef SY_BASE_CKD_H
#define SY_BASE_CKD_H

#define ckd_add(r, a, b) __builtin_add_overflow((a), (b), (r))
#define ckd_sub(r, a, b) __builtin_sub_overflow((a), (b), (r))
#define ckd_mul(r, a, b) __builtin_mul_overflow((a), (b), (r))

#endif
