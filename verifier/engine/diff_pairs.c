/* SPDX-License-Identifier: Apache-2.0 */
/* Keys with values of two sides: what both say goes, the rest is paired. */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/diff.h"

#define LEN 32u		/* bytes of a digest */

enum sy_status sy_pairs_add(struct sy_context *ctx, struct sy_pairs *pairs,
			    const struct sy_pair *pair)
{
	enum sy_status status = sy_grow(ctx, &pairs->rows, &pairs->cap, pairs->n + 1,
					sizeof(*pairs->rows));

	if (status == SY_OK)
		pairs->rows[pairs->n++] = *pair;
	return status;
}

static int compare_keys(const struct sy_pair *x, const struct sy_pair *y)
{
	int order = sy_span_compare(x->file, y->file);

	return order ? order : sy_span_compare(x->key, y->key);
}

static const struct sy_pair_side *side_of(const struct sy_pair *pair)
{
	return pair->a.is_there ? &pair->a : &pair->b;
}

static int compare_sides(const struct sy_pair_side *x, const struct sy_pair_side *y)
{
	int order = sy_span_compare(x->type, y->type);

	if (!order)
		order = sy_span_compare(x->value, y->value);
	if (!order)
		order = (x->sum != NULL) - (y->sum != NULL);
	return order || !x->sum ? order : memcmp(x->sum, y->sum, LEN);
}

/* Of one key, those of A before those of B; a row has one side so far. */
static int compare_rows(const void *a, const void *b)
{
	const struct sy_pair *x = a, *y = b;
	int order = compare_keys(x, y);

	if (!order)
		order = (int)y->a.is_there - (int)x->a.is_there;
	return order ? order : compare_sides(side_of(x), side_of(y));
}

/* Shards repeat what they say. */
static void drop_repeated(struct sy_pairs *pairs)
{
	size_t n = 0;

	for (size_t i = 0; i < pairs->n; i++) {
		if (n == 0 || compare_rows(&pairs->rows[n - 1], &pairs->rows[i]) != 0)
			pairs->rows[n++] = pairs->rows[i];
	}
	pairs->n = n;
}

static void drop(struct sy_pair *pair)
{
	pair->a.is_there = pair->b.is_there = false;
}

static bool is_dropped(const struct sy_pair *pair)
{
	return !pair->a.is_there && !pair->b.is_there;
}

/* Both sides are sorted: equal values of one key are on both. */
static void drop_equal(struct sy_pair *rows, size_t n_a, size_t n)
{
	size_t i = 0, k = n_a;

	while (i < n_a && k < n) {
		int order = compare_sides(&rows[i].a, &rows[k].b);

		if (order == 0) {
			drop(&rows[i++]);
			drop(&rows[k++]);
		} else if (order < 0) {
			i++;
		} else {
			k++;
		}
	}
}

static void next_kept(const struct sy_pair *rows, size_t end, size_t *at)
{
	while (*at < end && is_dropped(&rows[*at]))
		++*at;
}

/* What is left of one key, in pairs as far as both have some; returns how many. */
static size_t pair_up(struct sy_pair *rows, size_t n_a, size_t n, struct sy_pair *out)
{
	size_t i = 0, k = n_a, made = 0;

	for (;;) {
		struct sy_pair pair;

		next_kept(rows, n_a, &i);
		next_kept(rows, n, &k);
		if (i == n_a && k == n)
			return made;
		pair = rows[i < n_a ? i : k];
		if (i < n_a && k < n)
			pair.b = rows[k].b;
		k += k < n && (i == n_a || pair.b.is_there);
		i += i < n_a;
		out[made++] = pair;	/* behind nothing that is still to be read */
	}
}

void sy_pairs_join(struct sy_pairs *pairs)
{
	size_t n = 0;

	if (pairs->n == 0)
		return;
	qsort(pairs->rows, pairs->n, sizeof(*pairs->rows), compare_rows);
	drop_repeated(pairs);
	for (size_t start = 0; start < pairs->n;) {
		struct sy_pair *rows = pairs->rows + start;
		size_t len = 1, n_a = rows[0].a.is_there;

		for (; start + len < pairs->n && !compare_keys(rows, rows + len); len++)
			n_a += rows[len].a.is_there;
		drop_equal(rows, n_a, len);
		n += pair_up(rows, n_a, len, pairs->rows + n);
		start += len;
	}
	pairs->n = n;
}
