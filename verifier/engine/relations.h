/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of relate_*.c share: the references and tensor names kept per
 * entry, and short forms.  Internal to relate.
 */
#ifndef SY_ENGINE_RELATIONS_H
#define SY_ENGINE_RELATIONS_H

#include "verifier/base/set.h"
#include "verifier/engine/relate.h"

struct sy_kept_ref {
	enum sy_ref_kind kind;
	struct sy_span name, target;
	uint64_t value, off;
};

/* What one entry said. */
struct sy_relation {
	struct sy_kept_ref *refs;
	size_t n_refs, cap_refs;
	struct sy_span *names;		/* of its tensors */
	size_t n_names, cap_names;
	uint64_t tensor_bytes;		/* sum over its tensors, saturating */
	uint64_t shared_bytes;		/* of these, of tensors that begin where others do */
	struct sy_set places;		/* where its tensors begin, 8 bytes each */
	bool has_unnamed;		/* a tensor without a name */
	bool has_unplaced;		/* a tensor whose bytes are not in the file as they are */
	bool is_named;			/* by a weight index */
	bool has_shards;		/* it is a weight index: it names files */
};

struct sy_relate {
	struct sy_check *check;
	struct sy_arena arena;
	struct sy_relation *relations;	/* by entry */
	struct sy_set index_dirs;	/* folders that hold a weight index */
	uint64_t n_compared;		/* tensors, over all indexes */
};

/* Adds a finding at an offset of an entry, with a symbol; detail is printf. */
struct sy_place_of {
	size_t entry;
	uint64_t off;
	struct sy_span symbol;
};
SY_MUST_CHECK enum sy_status sy_relate_find(struct sy_relate *relate,
					    struct sy_place_of place,
					    enum sy_rule rule,
					    const struct sy_text *detail);

/* The folder of an entry, with its final slash; empty at the top. */
struct sy_span sy_relate_folder(const struct sy_relate *relate, size_t entry);

/*
 * Was its structure read by a format of ours, so that its tensors are known?  Of a
 * pickle only when all of them could be named.
 */
bool sy_relate_is_read(const struct sy_relate *relate, size_t entry);

/*
 * The entry's tensors become its own in `owners` (tensor -> entry); one that
 * another entry has already is a finding of `rule`.
 */
SY_MUST_CHECK enum sy_status sy_relate_own(struct sy_relate *relate,
					   struct sy_set *owners, size_t entry,
					   enum sy_rule rule);

SY_MUST_CHECK enum sy_status sy_relate_index(struct sy_relate *relate, size_t entry);

/* After all indexes: a shard that none of them names. */
SY_MUST_CHECK enum sy_status sy_relate_omitted(struct sy_relate *relate,
					       size_t entry);
SY_MUST_CHECK enum sy_status sy_relate_code(struct sy_relate *relate, size_t entry);
SY_MUST_CHECK enum sy_status sy_relate_splits(struct sy_relate *relate);

/* "PREFIX-00002-of-00005" + suffix: number (from 1), count, prefix length. */
struct sy_part_name {
	uint64_t number, count;
	size_t prefix_len;
};
SY_MUST_CHECK bool sy_part_name_parse(struct sy_span base, const char *suffix,
				      struct sy_part_name *part);

#endif
