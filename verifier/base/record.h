/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records: what a format says about a file.  Plain data, valid only during the
 * emit call; a sink copies what it keeps.  Formats run in a worker process, so
 * records cross a pipe: encode, decode and validate live here, and tests run
 * formats both ways.
 *
 * Spans in records are untrusted bytes from the file unless said otherwise.
 */
#ifndef SY_BASE_RECORD_H
#define SY_BASE_RECORD_H

#include "verifier/base/context.h"
#include "verifier/base/out.h"
#include "verifier/base/span.h"

#define SY_RANK_MAX 64
#define SY_MEMBER_DEPTH 8		/* containers inside containers */
#define SY_RECORD_BYTES_MAX (1u << 20)	/* of one encoded record */
#define SY_OFFSET_NONE UINT64_MAX

enum sy_record_kind {
	SY_RECORD_ARTIFACT = 1,	/* once: what the file turned out to be */
	SY_RECORD_TENSOR,
	SY_RECORD_MEMBER,	/* a part of a container */
	SY_RECORD_EXTENT,	/* a structural byte range; extents tile the file */
	SY_RECORD_META,		/* one metadata key, for inspect */
	SY_RECORD_REF,		/* this file names another thing; see relate */
	SY_RECORD_FACT,		/* something a rule speaks about */
	SY_RECORD_MORE,		/* facts of one rule beyond the cap, counted */
	SY_RECORD_NOTICE,	/* what was not examined or tolerated, and why */
	SY_RECORD_DONE,		/* last: how the inspection ended */
	SY_RECORD_STEP		/* one thing that loading would do, for trace */
};

enum sy_extent_kind { SY_EXTENT_HEADER, SY_EXTENT_PADDING, SY_EXTENT_DATA,
		      SY_EXTENT_UNKNOWN, SY_N_EXTENT_KINDS };

enum sy_ref_kind {
	SY_REF_SHARD,		/* index: tensor `name` lives in file `target` */
	SY_REF_TOTAL_SIZE,	/* index: metadata.total_size = value */
	SY_REF_SPLIT,		/* GGUF: value = split.no << 32 | split.count */
	SY_REF_SPLIT_TENSORS,	/* GGUF: value = split.tensors.count */
	SY_REF_CODE,		/* config key `name` names code in module file `target` */
	SY_REF_CODE_REMOTE,	/* config key `name` names code in repository `target` */
	SY_REF_BASE_MODEL,	/* adapter: base model `target` */
	SY_REF_COMPONENT,	/* model_index.json: component folder `target` */
	SY_REF_DIGEST,		/* expected: `name` algorithm, `target` hex, value size */
	SY_N_REF_KINDS
};

enum sy_step_kind {
	SY_STEP_BEGIN,		/* a stream begins: value is its protocol */
	SY_STEP_IMPORT,
	SY_STEP_CALL,
	SY_STEP_BUILD,		/* sets the state of an object */
	SY_STEP_STORE,		/* adds items through an object's own methods */
	SY_STEP_PERSISTENT,	/* asks the loading program for an object */
	SY_STEP_ODD,		/* something hidden, missing or unusual */
	SY_STEP_OPCODE,		/* one opcode that only builds data */
	SY_STEP_DATA,		/* value opcodes in a row that only build data */
	SY_STEP_END,		/* a stream ends: value is its number of opcodes */
	SY_STEP_MORE,		/* value steps of this class beyond the limit */
	SY_N_STEP_KINDS
};

/* Rising: what the knowledge tables say about it. */
enum sy_step_class {
	SY_STEP_PLAIN,		/* they say nothing: data */
	SY_STEP_KNOWN,
	SY_STEP_UNUSUAL,	/* a known name used in another way, or an oddity */
	SY_STEP_UNKNOWN,	/* not on the list */
	SY_STEP_DANGEROUS,
	SY_N_STEP_CLASSES
};

struct sy_record_artifact {
	struct sy_span format;		/* a refined name, ours: "gguf", "torch-zip" */
	struct sy_span summary;		/* one line for people */
	uint64_t n_tensors;
	uint64_t bytes_parsed;		/* structure bytes read, not weights */
};

struct sy_record_tensor {
	struct sy_span name;
	struct sy_span dtype;		/* the format's own name, "F32", "Q4_K" */
	uint8_t rank;
	uint64_t shape[SY_RANK_MAX];	/* slowest first (C order), native rank */
	uint64_t off;			/* from the start of the file */
	uint64_t len;			/* bytes, from its first to its last one */
	bool is_absent;			/* they are not in the file as they are */
	bool is_big_endian;		/* the most significant byte of a number first */
	bool has_strides;		/* else its elements lie in C order, without gaps */
	uint64_t strides[SY_RANK_MAX];	/* elements from one index to the next */
	struct sy_span data_digest;	/* SHA-256 of its data, of absent ones; or empty */
};

struct sy_record_member {
	struct sy_span name;
	struct sy_span codec;		/* ours: "stored", "deflate", ... */
	struct sy_span format;		/* ours: what it was read as; "folder", "unknown" */
	uint64_t off, len;		/* stored bytes in its container */
	uint64_t size;			/* decoded bytes; SY_OFFSET_NONE: not known */
	uint8_t n_members;		/* its containers, as in a fact */
	struct sy_span members[SY_MEMBER_DEPTH];
	uint64_t file_off;
};

struct sy_record_extent {
	enum sy_extent_kind kind;
	uint64_t off, len;
};

struct sy_record_meta {
	struct sy_span key;
	struct sy_span type;		/* ours: "string", "u32", "array of f32" */
	struct sy_span value;		/* as text, may be cut */
	uint64_t off, len;
};

struct sy_record_ref {
	enum sy_ref_kind kind;
	struct sy_span name;
	struct sy_span target;
	uint64_t value;
	uint64_t off;			/* where it is said */
};

struct sy_record_fact {
	unsigned rule;			/* enum sy_rule of verifier/report/rules.h */
	uint64_t off, len;		/* SY_OFFSET_NONE: no place; len 0: a point */
	struct sy_span symbol;		/* tensor name, key, import: raw bytes */
	struct sy_span detail;		/* one sentence, names already quoted */
	/* In a container: names from the outermost member to the one that off
	 * counts in, and where off is in the file itself (OFFSET_NONE: decoded). */
	uint8_t n_members;
	struct sy_span members[SY_MEMBER_DEPTH];
	uint64_t file_off;
};

struct sy_record_step {
	enum sy_step_kind kind;
	enum sy_step_class class;
	uint8_t depth;			/* streams around its own */
	uint64_t off, len;		/* as in a fact */
	uint64_t inner;			/* offset in decoded data; SY_OFFSET_NONE: none,
					 * else off is where the decoding happens */
	uint64_t value;			/* see enum sy_step_kind; else SY_OFFSET_NONE */
	struct sy_span opcode;		/* ours: "REDUCE"; may be empty */
	struct sy_span symbol;		/* the name it is about: raw bytes */
	struct sy_span text;		/* a part of a sentence, names already quoted */
	uint8_t n_members;		/* these as in a fact */
	struct sy_span members[SY_MEMBER_DEPTH];
	uint64_t file_off;
};

struct sy_record_more {
	unsigned rule;
	uint64_t n;			/* how many beyond those emitted */
};

struct sy_record_notice {
	struct sy_span kind;		/* ours: "limit-reached", "tolerance", ... */
	struct sy_span detail;
};

struct sy_record_done {
	enum sy_status status;
	struct sy_span text;		/* error text, empty when SY_OK */
};

struct sy_record {
	enum sy_record_kind kind;
	union {
		struct sy_record_artifact artifact;
		struct sy_record_tensor tensor;
		struct sy_record_member member;
		struct sy_record_extent extent;
		struct sy_record_meta meta;
		struct sy_record_ref ref;
		struct sy_record_fact fact;
		struct sy_record_more more;
		struct sy_record_notice notice;
		struct sy_record_done done;
		struct sy_record_step step;
	} u;
};

/* Where records go.  SY_OK: go on; anything else: stop and return it. */
struct sy_sink {
	enum sy_status (*emit)(struct sy_sink *sink, const struct sy_record *record);
};

static inline enum sy_status sy_emit(struct sy_sink *sink,
				     const struct sy_record *record)
{
	return sink->emit(sink, record);
}

/*
 * One frame: u32le length of the rest, u8 kind, fields in order of the struct;
 * integers little endian, spans as u32 length and bytes.
 */
void sy_record_encode(struct sy_out *out, const struct sy_record *record);

/* Bytes of the frame without its length: at most SY_RECORD_BYTES_MAX. */
uint64_t sy_record_bytes(const struct sy_record *record);

/*
 * Decodes one frame body (without its length).  False: not a record that
 * sy_record_encode writes (unknown kind, enum out of range, short, trailing
 * bytes, rank above SY_RANK_MAX).  Spans point into `frame`.
 */
SY_MUST_CHECK bool sy_record_decode(struct sy_span frame, struct sy_record *record);

/*
 * What a decoded record may say about a file of `size` bytes: ranges lie
 * inside, offset + length does not wrap.  Rules are checked by the receiver.
 */
SY_MUST_CHECK bool sy_record_valid(const struct sy_record *record, uint64_t size);

#endif
