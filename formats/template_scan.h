/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chat templates are Jinja programs that loaders render.  In a sandbox they are
 * text; in a reader without one, an attribute walk reaches code (CVE-2024-34359,
 * CVE-2026-5760).
 */
#ifndef SY_FORMATS_TEMPLATE_SCAN_H
#define SY_FORMATS_TEMPLATE_SCAN_H

#include "formats/format.h"

/*
 * Facts about one template text that begins at `off`; symbol names it
 * ("tokenizer.chat_template").  Only what stands inside {{ }} and {% %} counts
 * (rules template-*).
 */
SY_MUST_CHECK enum sy_status sy_template_scan(struct sy_inspection *in,
					      struct sy_span symbol,
					      struct sy_span text, uint64_t off);

/* The same for a text whose escapes were decoded: each fact points at `off`. */
SY_MUST_CHECK enum sy_status sy_template_scan_decoded(struct sy_inspection *in,
						      struct sy_span symbol,
						      struct sy_span text, uint64_t off);

#endif
