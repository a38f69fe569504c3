/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files without tensors, matched by their path below what was named: configurations
 * member by member, the others by their bytes.
 */
#include <string.h>

#include "verifier/engine/diff.h"

/* What belongs to people, when no loader reads it either. */
static const char *const document_starts[] = {
	"authors", "changelog", "citation", "copying", "licence", "license", "notice", "readme",
};

static const char *const document_ends[] = {
	".gif", ".gitattributes", ".gitignore", ".jpeg", ".jpg", ".md", ".pdf", ".png", ".svg",
	".webp",
};

struct side {
	const struct sy_report *report;
	struct sy_span root;	/* as named, without slashes at its end */
	bool is_file;		/* what was named is one file */
	size_t at;
};

static struct sy_span root_of(const char *path)
{
	struct sy_span root = sy_span_str(path);

	while (root.len > 1 && root.data[root.len - 1] == '/')
		root.len--;
	return root;
}

static struct side side_of(const struct sy_report *report, const char *path)
{
	struct side side = { .report = report, .root = root_of(path) };

	for (size_t i = 0; i < report->n_artifacts; i++)
		side.is_file |= sy_span_equal(report->artifacts[i].path, side.root);
	return side;
}

/* Below what was named. */
static struct sy_span path_of(const struct side *side, const struct sy_artifact *a)
{
	size_t len = side->root.len;

	if (a->path.len <= len)
		return sy_span_of("", 0);
	if (side->root.data[len - 1] != '/')
		len++;
	return sy_span_slice(a->path, len, a->path.len);
}

static bool is_of_model(const struct sy_artifact *a)
{
	return !a->is_beside && a->scope != SY_SCOPE_EXCLUDED;
}

/* What has tensors is compared by them, and indexes say how those lie in files. */
static bool is_compared(const struct sy_artifact *a)
{
	return a->n_kept_tensors == 0 && !sy_span_is(a->format, "hf-index");
}

static const struct sy_artifact *next_file(struct side *side)
{
	for (; side->at < side->report->n_artifacts; side->at++) {
		if (is_of_model(&side->report->artifacts[side->at]))
			return &side->report->artifacts[side->at];
	}
	return NULL;
}

static struct sy_span base_of(struct sy_span path)
{
	size_t at = path.len;

	while (at > 0 && path.data[at - 1] != '/')
		at--;
	return sy_span_slice(path, at, path.len - at);
}

/* Under such a name, and nobody found anything else in it. */
static bool is_document(const struct sy_artifact *a)
{
	struct sy_span base = base_of(a->path);

	if (a->scope != SY_SCOPE_LISTED || a->n_findings > 0)
		return false;
	for (size_t i = 0; i < SY_N_ELEMS(document_starts); i++) {
		if (sy_ascii_starts(base, document_starts[i]))
			return true;
	}
	for (size_t i = 0; i < SY_N_ELEMS(document_ends); i++) {
		if (sy_ascii_ends(base, document_ends[i]))
			return true;
	}
	return false;
}

static enum sy_status add_row(struct sy_diff *diff, enum sy_file_change change,
			      struct sy_span path, bool is_document)
{
	enum sy_status status = sy_grow(diff->a->ctx, &diff->files, &diff->cap_files,
					diff->n_files + 1, sizeof(*diff->files));

	if (status == SY_OK)
		diff->files[diff->n_files++] = (struct sy_file_row){
			.change = change, .path = path, .is_document = is_document,
		};
	return status;
}

static enum sy_status add_one(struct sy_diff *diff, const struct side *side,
			      const struct sy_artifact *a, bool is_a)
{
	if (!is_compared(a))
		return SY_OK;
	return add_row(diff, is_a ? SY_FILE_REMOVED : SY_FILE_ADDED, path_of(side, a),
		       is_document(a));
}

static bool is_config(const struct sy_artifact *a)
{
	return sy_span_is(a->format, "hf-config") && a->scope == SY_SCOPE_EXAMINED &&
	       a->answers[SY_WELL_FORMED] == SY_YES;
}

/* *is_whole becomes false where the way to a member is not known to its end. */
static enum sy_status add_members(struct sy_diff *diff, struct sy_span file,
				  const struct sy_artifact *a, bool is_a, bool *is_whole)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < a->n_metas && status == SY_OK; i++) {
		const struct sy_meta *meta = &a->metas[i];
		struct sy_pair pair = { .file = file, .key = meta->key };
		struct sy_pair_side *side = is_a ? &pair.a : &pair.b;

		if (sy_span_is(meta->type, "cut"))
			*is_whole = false;
		*side = (struct sy_pair_side){
			.is_there = true, .type = meta->type, .value = meta->value,
		};
		status = sy_pairs_add(diff->a->ctx, &diff->configs, &pair);
	}
	return status;
}

/* Rows of one file are joined before those of the next come. */
static enum sy_status compare_config(struct sy_diff *diff, struct sy_span file,
				     const struct sy_artifact *a, const struct sy_artifact *b)
{
	struct sy_pairs *pairs = &diff->configs, own = { 0 };
	struct sy_context *ctx = diff->a->ctx;
	bool is_whole = true;
	enum sy_status status;

	own = *pairs;
	*pairs = (struct sy_pairs){ 0 };
	status = add_members(diff, file, a, true, &is_whole);
	if (status == SY_OK)
		status = add_members(diff, file, b, false, &is_whole);
	sy_pairs_join(pairs);
	if (status == SY_OK)
		status = add_row(diff, pairs->n == 0 && is_whole ? SY_FILE_REFORMATTED
								 : SY_FILE_CHANGED, file, false);
	for (size_t i = 0; i < pairs->n && status == SY_OK; i++)
		status = sy_pairs_add(ctx, &own, &pairs->rows[i]);
	sy_release(ctx, pairs->rows);
	*pairs = own;
	return status;
}

static enum sy_status add_both(struct sy_diff *diff, struct sy_span path,
			       const struct sy_artifact *a, const struct sy_artifact *b)
{
	const struct sy_digest *x = a->digests[SY_SHA256], *y = b->digests[SY_SHA256];
	bool is_readable = is_document(a) && is_document(b);

	if (!is_compared(a) || !is_compared(b))
		return SY_OK;
	if (x && y && sy_digest_equal(x, y))
		return SY_OK;
	if (a->size != b->size || (x && y)) {
		if (is_config(a) && is_config(b))
			return compare_config(diff, path, a, b);
		return add_row(diff, SY_FILE_CHANGED, path, is_readable);
	}
	return add_row(diff, SY_FILE_UNKNOWN, path, is_readable);
}

static enum sy_status merge(struct sy_diff *diff, struct side *a, struct side *b)
{
	enum sy_status status = SY_OK;

	while (status == SY_OK) {
		const struct sy_artifact *x = next_file(a), *y = next_file(b);
		int order = 0;

		if (!x && !y)
			break;
		if (x && y)
			order = sy_span_compare(path_of(a, x), path_of(b, y));
		if (!y || (x && order < 0))
			status = add_one(diff, a, x, true);
		else if (!x || order > 0)
			status = add_one(diff, b, y, false);
		else
			status = add_both(diff, path_of(a, x), x, y);
		a->at += x && (!y || order <= 0);
		b->at += y && (!x || order >= 0);
	}
	return status;
}

/*
 * A file is compared with a directory only as far as weights go, and nothing with what
 * was not examined to its end: what its files are was not found out.
 */
enum sy_status sy_diff_files(struct sy_diff *diff)
{
	struct side a = side_of(diff->a, diff->path_a), b = side_of(diff->b, diff->path_b);

	diff->is_file_a = a.is_file;
	diff->is_file_b = b.is_file;
	diff->are_files_compared = diff->a->is_complete && diff->b->is_complete &&
				   a.is_file == b.is_file &&
				   (!a.is_file || (diff->n_a == 0 && diff->n_b == 0));
	return diff->are_files_compared ? merge(diff, &a, &b) : SY_OK;
}
