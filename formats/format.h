/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a format is.  One file, one const struct, one line in formats.def; the
 * callers iterate the list and never switch on a name.
 *
 * A format sees bytes and emits records.  It never sees a key, a policy or a
 * severity, opens nothing, follows nothing, executes nothing.
 */
#ifndef SY_FORMATS_FORMAT_H
#define SY_FORMATS_FORMAT_H

#include "verifier/base/memory.h"
#include "verifier/base/record.h"
#include "verifier/base/text.h"
#include "verifier/input/source.h"
#include "verifier/report/rules.h"

/*
 * What bidding looks at: bounded windows of the file and its name.  Bids run in
 * the main process, so they only compare a few bytes.
 */
#define SY_PROBE_HEAD 4096
#define SY_PROBE_TAIL 65557	/* a ZIP's last record, and the longest comment */

struct sy_probe {
	struct sy_span head;	/* first bytes, up to SY_PROBE_HEAD */
	struct sy_span tail;	/* last bytes, up to SY_PROBE_TAIL (may overlap head) */
	uint64_t size;		/* of the file, bytes */
	struct sy_span base;	/* last component of the path: a claim, and data */
	struct sy_span path;	/* relative path */
};

/* What reading such a file means to a loader. */
enum sy_format_class {
	SY_CLASS_WEIGHTS,	/* holds tensors, maybe with a graph */
	SY_CLASS_PICKLE,	/* a program for the unpickler, maybe with tensors */
	SY_CLASS_CONFIG,	/* structure that loaders obey: JSON, templates, indexes */
	SY_CLASS_CODE,		/* source a loader may import */
	SY_CLASS_EXECUTABLE,	/* native code */
	SY_CLASS_CONTAINER,	/* archive or compression: may hold anything */
	SY_CLASS_PAGE,		/* a web page: often an answer instead of the file */
	SY_CLASS_DOCUMENT,	/* nothing executes or parses it as weights */
	SY_CLASS_POINTER,	/* stands in place of the real content */
	SY_CLASS_UNKNOWN
};

/* Bits of what the caller wants besides facts, extents and the artifact. */
enum sy_want {
	SY_WANT_TENSORS = 1 << 0,
	SY_WANT_META = 1 << 1,
	SY_WANT_REFS = 1 << 2,
	SY_WANT_FLOWS = 1 << 3,	/* steps that a finding may rest on */
	SY_WANT_STEPS = 1 << 4,	/* all steps, data summed up */
	SY_WANT_OPCODES = 1 << 5,	/* each opcode is a step */
	SY_WANT_MEMBERS = 1 << 6,	/* what containers hold */
	SY_WANT_DIGESTS = 1 << 7,	/* of tensors that lie in decoded members */
	SY_WANT_IMPORTS = 1 << 8,	/* flows, and the known names, too */
	SY_WANT_CONFIG = 1 << 9	/* META of all that a configuration holds */
};

/* One inspection, in a worker or in a test; lives for one call. */
struct sy_inspection {
	struct sy_context *ctx;
	struct sy_source *source;
	struct sy_span base;		/* last component of the path: data */
	struct sy_span path;		/* relative path: data */
	unsigned wants;			/* enum sy_want */
	/* Inside containers: the names on the way to this source, outermost first,
	 * and where it begins in the file (SY_OFFSET_NONE: it is decoded). */
	struct sy_span members[SY_MEMBER_DEPTH];
	uint8_t n_members;
	uint64_t file_off;
	bool is_cut;			/* by a limit of ours: that it ends is no fact */
	struct sy_sink *sink;
	struct sy_nest *nest;		/* takes the members of containers; see nest.h */
	struct sy_arena arena;		/* freed by the caller after the call */
	uint64_t n_facts[SY_N_RULES];	/* emitted or counted, by rule */
	uint64_t n_all_facts;		/* of all rules, in this source */
	uint64_t n_steps[SY_N_STEP_CLASSES];	/* emitted or counted */
	uint64_t bytes_parsed;		/* the format adds what it read */
};

struct sy_format {
	const char *name;		/* "gguf": in reports, on the command line */
	const char *title;		/* "GGUF (llama.cpp)" */
	const char *spec;		/* the document the parser follows */
	enum sy_format_class class;
	const char *const *suffixes;	/* claims, lower case, NULL-terminated; or NULL */
	bool unpacks;			/* wants scratch for what it decodes */
	/*
	 * How many bits of the content convinced it; 0: not mine.  Only the
	 * name may decide between formats of the same content (JSON files).
	 */
	unsigned (*bid)(const struct sy_probe *probe);
	/*
	 * Emits records.  SY_OK: read to its end, or as far as the file makes
	 * sense (with facts saying why not further).  Else an error of ours or a
	 * limit, and what was seen so far has been emitted.
	 * NULL: recognised but not examined yet.
	 */
	enum sy_status (*inspect)(struct sy_inspection *in);
};

/* All formats, in the order of formats.def, NULL-terminated. */
extern const struct sy_format *const sy_formats[];

/* The highest bid (ties: earlier in the list); NULL when nobody bids. */
const struct sy_format *sy_format_bid(const struct sy_probe *probe, unsigned *bits);

/* The format a file name claims by suffix; NULL: none. */
const struct sy_format *sy_format_claimed(struct sy_span base);

const struct sy_format *sy_format_find(struct sy_span name);

/*
 * States a fact about bytes [off, off+len); detail is one sentence with the
 * numbers in it, names quoted by sy_text_name.  Beyond limits.findings_per_rule
 * of one rule it is only counted (sy_facts_end reports the counts).
 */
SY_PRINTF(6, 7)
SY_MUST_CHECK enum sy_status sy_fact(struct sy_inspection *in, enum sy_rule rule,
				     uint64_t off, uint64_t len,
				     struct sy_span symbol, const char *fmt, ...);
SY_MUST_CHECK enum sy_status sy_fact_text(struct sy_inspection *in,
					  enum sy_rule rule, uint64_t off,
					  uint64_t len, struct sy_span symbol,
					  const struct sy_text *detail);

/* True while another fact of this rule would be kept (saves building it). */
bool sy_fact_is_wanted(const struct sy_inspection *in, enum sy_rule rule);

/* Emits the counts beyond the cap; whoever calls inspect calls it afterwards. */
SY_MUST_CHECK enum sy_status sy_facts_end(struct sy_inspection *in);

/* Short forms of the other records. */
SY_MUST_CHECK enum sy_status sy_emit_extent(struct sy_inspection *in,
					    enum sy_extent_kind kind,
					    uint64_t off, uint64_t len);
SY_MUST_CHECK enum sy_status sy_emit_ref(struct sy_inspection *in,
					 enum sy_ref_kind kind,
					 struct sy_span name, struct sy_span target,
					 uint64_t value, uint64_t off);
SY_MUST_CHECK enum sy_status sy_emit_meta(struct sy_inspection *in,
					  struct sy_span key, const char *type,
					  struct sy_span value, uint64_t off,
					  uint64_t len);
/*
 * A step as the format gives it: the place is clipped to the source, members are
 * added, names and text cut.  Beyond limits.trace_steps of one class it is only
 * counted (sy_facts_end reports the counts), so its text need not be made.
 */
bool sy_step_is_wanted(const struct sy_inspection *in, enum sy_step_class class);
SY_MUST_CHECK enum sy_status sy_emit_step(struct sy_inspection *in,
					  const struct sy_record_step *step);
/* Only when members are wanted: one of this container, whose names are put in here. */
SY_MUST_CHECK enum sy_status sy_emit_member(struct sy_inspection *in,
					    const struct sy_record_member *member);
/* Only when tensors are wanted; a name beyond what a record holds is cut. */
SY_MUST_CHECK enum sy_status sy_emit_tensor(struct sy_inspection *in,
					    const struct sy_record_tensor *tensor);
SY_PRINTF(4, 5)
SY_MUST_CHECK enum sy_status sy_emit_artifact(struct sy_inspection *in,
					      const char *format,
					      uint64_t n_tensors,
					      const char *summary_fmt, ...);
SY_PRINTF(3, 4)
SY_MUST_CHECK enum sy_status sy_emit_notice(struct sy_inspection *in,
					    const char *kind, const char *fmt, ...);

#endif
