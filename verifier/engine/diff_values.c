/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elements of two tensors, side by side, in their canonical order.  What is read is
 * hashed again: if it is not what was compared by digest, nothing is said about it.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "verifier/digest/hasher.h"
#include "verifier/engine/diff.h"

#define BLOCK 65536u	/* bytes */

struct side {
	struct sy_source source;
	struct sy_view view;
	struct sy_view_reader reader;
	struct sy_hasher *hasher;
	const struct sy_tensor *tensor;
	uint8_t *buf;
	bool is_open, is_reading;
};

struct comparing {
	struct sy_context *ctx;
	struct sy_values *values;
	const struct sy_dtype *dtype;
	uint64_t row_len;		/* elements of a row; 0: there are no rows */
	uint64_t at;			/* first element of what is compared */
	uint64_t last_row;
	bool has_row;
	double squares;
};

enum sy_status sy_diff_open(struct sy_context *ctx, const struct sy_artifact *artifact,
			    struct sy_source *source)
{
	const char *path = (const char *)artifact->path.data;
	int fd = ctx->files.open(ctx->files.user, AT_FDCWD, path,
				 O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	enum sy_status status;

	if (fd < 0)
		return sy_fail_errno(ctx, "it cannot be read again");
	status = sy_source_from_fd(source, ctx, fd, true);
	if (status != SY_OK) {
		ctx->files.close(ctx->files.user, fd);
		return status;
	}
	if (source->size == artifact->size)
		return SY_OK;
	sy_source_close(source);
	return sy_fail(ctx, SY_CHANGED, "the file has another size now");
}

static enum sy_status open_side(struct sy_context *ctx, const struct sy_report *report,
				size_t artifact, const struct sy_tensor *tensor,
				struct side *side)
{
	const char *why = sy_model_view(tensor, &side->view);
	enum sy_status status;

	side->tensor = tensor;
	if (why)
		return sy_fail(ctx, SY_UNSUPPORTED, "%s", why);
	side->buf = sy_alloc_unset(ctx, BLOCK);
	if (!side->buf)
		return sy_memory_status(ctx);
	status = sy_diff_open(ctx, &report->artifacts[artifact], &side->source);
	side->is_open = status == SY_OK;
	if (status == SY_OK)
		status = sy_hasher_new(ctx, SY_SHA256, 0, &side->hasher);
	if (status == SY_OK)
		status = sy_view_open(&side->reader, &side->view, &side->source);
	side->is_reading = status == SY_OK;
	return status;
}

static void close_side(struct sy_context *ctx, struct side *side)
{
	if (side->is_reading)
		sy_view_close(&side->reader);
	if (side->is_open)
		sy_source_close(&side->source);
	sy_hasher_free(&side->hasher);
	sy_release(ctx, side->buf);
}

static enum sy_status read_side(struct side *side, size_t *len)
{
	enum sy_status status = sy_view_read(&side->reader, side->buf, BLOCK, len);

	if (status == SY_OK)
		sy_hasher_update(side->hasher, side->buf, *len);
	return status;
}

static enum sy_status end_side(struct sy_context *ctx, struct side *side)
{
	struct sy_digest digest;
	enum sy_status status = sy_hasher_final(side->hasher, &digest);

	if (status == SY_OK && memcmp(digest.bytes, side->tensor->digests->data, 32) != 0)
		status = sy_fail(ctx, SY_CHANGED, "its bytes changed while they were compared");
	return status;
}

/* Elements come in order, so a row comes once; ranges beyond those kept are counted. */
static void count_row(struct comparing *c, uint64_t row)
{
	struct sy_values *v = c->values;
	bool is_next = c->has_row && c->last_row + 1 == row;

	if (c->has_row && c->last_row == row)
		return;
	c->has_row = true;
	c->last_row = row;
	v->n_rows_changed++;
	if (!is_next && v->n_ranges++ < SY_ROW_RANGES)
		v->ranges[v->n_ranges - 1][0] = row;
	if (v->n_ranges <= SY_ROW_RANGES)
		v->ranges[v->n_ranges - 1][1] = row;
}

static void count_bits(struct sy_values *v, const uint8_t *a, const uint8_t *b, size_t item)
{
	for (size_t i = 0; i < item; i++) {
		unsigned bits = a[i] ^ b[i];

		for (unsigned bit = 0; bits; bit++, bits >>= 1) {
			if (!(bits & 1))
				continue;
			if (v->n_bits++ == 0)
				v->bit = (unsigned)(8 * i + bit);
		}
	}
}

static void measure(struct comparing *c, uint64_t at, const uint8_t *a, const uint8_t *b)
{
	struct sy_values *v = c->values;

	for (size_t i = 0; i < c->dtype->item; i += c->dtype->unit) {
		double change = sy_dtype_value(c->dtype, b + i) - sy_dtype_value(c->dtype, a + i);

		if (!isfinite(change)) {
			v->n_not_finite++;
			continue;
		}
		c->squares += change * change;
		if (fabs(change) <= v->largest)
			continue;
		v->largest = fabs(change);
		v->largest_at = at;
	}
}

static void compare_element(struct comparing *c, uint64_t at, const uint8_t *a,
			    const uint8_t *b)
{
	struct sy_values *v = c->values;
	size_t item = c->dtype->item;

	if (v->n_changed++ == 0) {
		v->first_at = at;
		memcpy(v->first_a, a, v->item);
		memcpy(v->first_b, b, v->item);
	}
	count_bits(v, a, b, item);
	if (v->has_numbers)
		measure(c, at, a, b);
	if (c->row_len > 0)
		count_row(c, at / c->row_len);
}

static void compare_block(struct comparing *c, const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t item = c->dtype->item;

	if (memcmp(a, b, len) != 0) {
		for (size_t i = 0; i < len; i += item) {
			if (memcmp(a + i, b + i, item) != 0)
				compare_element(c, c->at + i / item, a + i, b + i);
		}
	}
	c->at += len / item;
}

static enum sy_status compare_all(struct comparing *c, struct side *a, struct side *b)
{
	size_t len_a, len_b;

	for (;;) {
		enum sy_status status = read_side(a, &len_a);

		if (status == SY_OK && sy_cancelled(c->ctx))
			status = sy_fail(c->ctx, SY_CANCELLED, "interrupted");
		if (status == SY_OK)
			status = read_side(b, &len_b);
		if (status != SY_OK)
			return status;
		if (len_a != len_b)
			return sy_fail(c->ctx, SY_CHANGED, "they are of another length now");
		if (len_a == 0)
			return SY_OK;
		compare_block(c, a->buf, b->buf, len_a);
	}
}

static void begin(struct comparing *c, const struct side *side)
{
	const struct sy_view *view = &side->view;
	struct sy_values *v = c->values;

	c->dtype = view->dtype;
	v->n = view->n_data / view->dtype->item;
	v->item = view->dtype->item < sizeof(v->first_a) ? (uint8_t)view->dtype->item
							 : (uint8_t)sizeof(v->first_a);
	v->has_numbers = view->dtype->number != SY_ELEMENT_BYTES;
	if (view->rank > 0 && view->shape[0] > 0 && v->n % view->shape[0] == 0) {
		v->n_rows = view->shape[0];
		c->row_len = v->n / view->shape[0];
	}
}

static enum sy_status compare_sides(struct comparing *c, struct side *a, struct side *b)
{
	enum sy_status status;

	begin(c, a);
	status = compare_all(c, a, b);
	if (status == SY_OK)
		status = end_side(c->ctx, a);
	if (status == SY_OK)
		status = end_side(c->ctx, b);
	c->values->norm = sqrt(c->squares);
	return status;
}

enum sy_status sy_diff_values(struct sy_diff *diff, struct sy_change_row *row)
{
	struct comparing c = { .ctx = diff->a->ctx };
	struct side a = { 0 }, b = { 0 };
	enum sy_status status;

	row->values = c.values = sy_alloc(c.ctx, sizeof(*row->values));
	if (!row->values)
		return sy_memory_status(c.ctx);
	status = open_side(c.ctx, diff->a, row->artifact_a, row->a, &a);
	if (status == SY_OK)
		status = open_side(c.ctx, diff->b, row->artifact_b, row->b, &b);
	if (status == SY_OK)
		status = compare_sides(&c, &a, &b);
	close_side(c.ctx, &a);
	close_side(c.ctx, &b);
	row->values->is_compared = status == SY_OK;
	if (status == SY_OK || status == SY_CANCELLED || status == SY_NO_MEMORY)
		return status;
	snprintf(row->values->why, sizeof(row->values->why), "%.127s", c.ctx->error.text);
	sy_error_clear(c.ctx);
	return SY_OK;
}
