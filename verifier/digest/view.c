/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/digest/view.h"

#include <string.h>

#include "verifier/base/ckd.h"
#include "verifier/base/memory.h"

#define BLOCK 65536	/* bytes */

/* Bytes of the data; false: no file is so large, or blocks do not divide. */
static bool data_bytes(const struct sy_view *view, uint64_t *len)
{
	uint64_t n = 1;

	*len = 0;
	for (uint8_t i = 0; i < view->rank; i++) {
		if (view->shape[i] == 0)
			return true;
	}
	for (uint8_t i = 0; i < view->rank; i++) {
		if (ckd_mul(&n, n, view->shape[i]))
			return false;
	}
	return n % view->dtype->n_block == 0 &&
	       !ckd_mul(len, n / view->dtype->n_block, (uint64_t)view->dtype->item);
}

/* Elements from the first to the last one. */
static bool reach(const struct sy_view *view, uint64_t *n)
{
	*n = 1;
	for (uint8_t i = 0; i < view->rank; i++) {
		uint64_t step;

		if (ckd_mul(&step, view->shape[i] - 1, view->strides[i]) || ckd_add(n, *n, step))
			return false;
	}
	return true;
}

static const char *check_strides(const struct sy_view *view)
{
	uint64_t n;

	if (view->dtype->n_block != 1 || !reach(view, &n) ||
	    ckd_mul(&n, n, (uint64_t)view->dtype->item) || n != view->len)
		return "its strides do not fit its bytes";
	if (view->len > SY_VIEW_WHOLE_MAX)
		return "its elements lie in another order, and it is too large to turn them";
	if (view->n_data > 16 * view->len)
		return "it repeats its elements more than 16 times";
	return NULL;
}

const char *sy_view_of(const struct sy_record_tensor *tensor, struct sy_view *view)
{
	*view = (struct sy_view){
		.dtype = sy_dtype_find(tensor->dtype), .rank = tensor->rank,
		.off = tensor->off, .len = tensor->len,
	};
	memcpy(view->shape, tensor->shape, tensor->rank * sizeof(*view->shape));
	memcpy(view->strides, tensor->strides, tensor->rank * sizeof(*view->strides));
	if (!view->dtype)
		return "its element type has no canonical form";
	if (!data_bytes(view, &view->n_data))
		return "its shape does not fit its element type";
	view->is_big_endian = tensor->is_big_endian && view->dtype->unit != 1;
	view->has_strides = tensor->has_strides && view->n_data > 0;
	if (tensor->is_absent)
		return "its bytes do not lie in the file as they are";
	if (view->is_big_endian && view->dtype->unit == 0)
		return "the byte order of its blocks cannot be turned";
	if (view->has_strides)
		return check_strides(view);
	return view->len == view->n_data ? NULL : "its length does not fit its shape";
}

bool sy_view_is_plain(const struct sy_view *view)
{
	return !view->is_big_endian && !view->has_strides;
}

enum sy_status sy_view_open(struct sy_view_reader *reader, const struct sy_view *view,
			    struct sy_source *source)
{
	enum sy_status status;

	*reader = (struct sy_view_reader){ .view = view, .source = source };
	if (!view->has_strides)
		return SY_OK;
	reader->whole = sy_alloc_unset(source->ctx, (size_t)view->len);
	if (!reader->whole)
		return sy_memory_status(source->ctx);
	status = sy_source_read(source, view->off, reader->whole, (size_t)view->len);
	if (status != SY_OK)
		sy_view_close(reader);
	return status;
}

/* The element at the index, and the index moves on. */
static const uint8_t *next_element(struct sy_view_reader *reader)
{
	const struct sy_view *view = reader->view;
	uint64_t at = 0;

	for (uint8_t i = 0; i < view->rank; i++)
		at += reader->index[i] * view->strides[i];
	for (uint8_t i = view->rank; i-- > 0;) {
		if (++reader->index[i] < view->shape[i])
			break;
		reader->index[i] = 0;
	}
	return reader->whole + at * view->dtype->item;
}

static void turn(uint8_t *buf, size_t len, size_t unit)
{
	for (size_t at = 0; at + unit <= len; at += unit) {
		for (size_t i = 0; i < unit / 2; i++) {
			uint8_t low = buf[at + i];

			buf[at + i] = buf[at + unit - 1 - i];
			buf[at + unit - 1 - i] = low;
		}
	}
}

enum sy_status sy_view_read(struct sy_view_reader *reader, uint8_t *buf, size_t cap,
			    size_t *len)
{
	const struct sy_view *view = reader->view;
	size_t item = view->dtype->item;
	uint64_t left = view->n_data - reader->at;
	enum sy_status status = SY_OK;

	*len = cap - cap % item;
	if (left < *len)
		*len = (size_t)left;
	if (*len == 0)
		return SY_OK;
	if (!view->has_strides)
		status = sy_source_read(reader->source, view->off + reader->at, buf, *len);
	for (size_t i = 0; view->has_strides && i < *len; i += item)
		memcpy(buf + i, next_element(reader), item);
	if (view->is_big_endian)
		turn(buf, *len, view->dtype->unit);
	reader->at += *len;
	return status;
}

void sy_view_close(struct sy_view_reader *reader)
{
	if (reader->source)
		sy_release(reader->source->ctx, reader->whole);
	reader->whole = NULL;
}

enum sy_status sy_view_digest(const struct sy_view *view, struct sy_source *source,
			      uint8_t digest[SY_SHA256_BYTES])
{
	struct sy_sha256_plain hash;
	struct sy_view_reader reader;
	uint8_t *buf = sy_alloc_unset(source->ctx, BLOCK);
	enum sy_status status;
	size_t len = 0;

	if (!buf)
		return sy_memory_status(source->ctx);
	sy_sha256_plain_begin(&hash);
	status = sy_view_open(&reader, view, source);
	do {
		if (status == SY_OK)
			status = sy_view_read(&reader, buf, BLOCK, &len);
		if (status == SY_OK)
			sy_sha256_plain_add(&hash, buf, len);
	} while (status == SY_OK && len > 0 && !sy_cancelled(source->ctx));
	sy_view_close(&reader);
	sy_release(source->ctx, buf);
	sy_sha256_plain_end(&hash, digest);
	return status == SY_OK && len > 0 ? SY_CANCELLED : status;
}
