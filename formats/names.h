/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a name or a text inside a model file may do to the people and programs
 * that read it: shared by every format that has tensors or metadata.
 */
#ifndef SY_FORMATS_NAMES_H
#define SY_FORMATS_NAMES_H

#include "formats/format.h"

/*
 * Facts about one tensor name at `off`: empty, control, bidi, invisible,
 * noncharacter, not UTF-8, path-like, too long, markup characters
 * (rules tensor-name-*).
 */
SY_MUST_CHECK enum sy_status sy_tensor_name_check(struct sy_inspection *in,
						  struct sy_span name,
						  uint64_t off);

/*
 * Finds names that differ in bytes but are equal after NFC
 * (rule tensor-name-twin).  Feed it every name; ASCII names cost nothing.
 */
struct sy_twins;
SY_MUST_CHECK enum sy_status sy_twins_new(struct sy_inspection *in,
					  struct sy_twins **twins);
SY_MUST_CHECK enum sy_status sy_twins_add(struct sy_twins *twins,
					  struct sy_span name, uint64_t off);
void sy_twins_free(struct sy_twins **twins);

/* Which rules speak about a metadata text: each format has its own ids. */
struct sy_text_rules {
	enum sy_rule control, bidi, invalid, suspicious;
	bool is_key;	/* a key has no lines: TAB, LF and CR are control, too */
};

/*
 * Facts about one metadata value: control characters other than TAB, LF, CR;
 * bidi; not UTF-8; and suspicious content: a program, archive or pickle, as it
 * is or as base64; __import__, eval(, <script, javascript:, __proto__, ... .
 */
SY_MUST_CHECK enum sy_status sy_text_check(struct sy_inspection *in,
					   const struct sy_text_rules *rules,
					   struct sy_span key,
					   struct sy_span value, uint64_t off);

#endif
