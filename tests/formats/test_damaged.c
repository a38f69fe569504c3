/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every short vector cut at every byte, and with every byte damaged in a few ways: it
 * is read like any other file, within limits, to its end or to where it makes no
 * sense.  What it says is not asked.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

#define LARGEST 1100		/* bytes */
#define LARGEST_TAR 2600

#define FORMAT(name) extern const struct sy_format sy_format_##name;
#include "formats/formats.def"
#undef FORMAT

/* A byte becomes one of them: ends of its range, and what text formats count on. */
static const uint8_t bytes_put[] = { 0x00, 0xff, '9', ')' };

struct damage {
	const struct sy_format *format;
	const char *base;
	uint8_t *data;
	size_t len;
};

static void run(const struct damage *damage, size_t len)
{
	/* A block of just this size: a sanitizer sees a byte too far. */
	uint8_t *copy = malloc(len ? len : 1);
	struct test_sink sink;
	struct sy_context ctx;
	enum sy_status status;

	assert_non_null(copy);
	memcpy(copy, damage->data, len);
	sy_context_init(&ctx);
	ctx.limits.memory = 64 << 20;
	test_sink_init(&sink, &ctx);
	status = test_inspect(&ctx, damage->format, sy_span_of(copy, len), damage->base, &sink);
	assert_true(status == SY_OK || status == SY_LIMIT || status == SY_UNSUPPORTED);
	if (status == SY_OK)
		assert_true(test_n_records(&sink, SY_RECORD_ARTIFACT) == 1);
	test_sink_free(&sink);
	assert_int_equal(ctx.memory_used, 0);
	free(copy);
}

static void damage_all(struct damage *damage)
{
	for (size_t i = 0; i < damage->len; i++) {
		const uint8_t was = damage->data[i];

		/* Of padding only the first byte. */
		if (i > 0 && was == 0 && damage->data[i - 1] == 0)
			continue;
		run(damage, i);
		for (size_t k = 0; k < SY_N_ELEMS(bytes_put); k++) {
			damage->data[i] = bytes_put[k];
			run(damage, damage->len);
		}
		damage->data[i] = was ^ 1;
		run(damage, damage->len);
		damage->data[i] = was;
	}
}

static size_t damage_folder(const char *area, const struct sy_format *format,
			    const char *base, size_t largest)
{
	char folder[2048], path[4096];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	(void)snprintf(folder, sizeof(folder), "%s/%s", test_vectors(), area);
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		struct damage damage = { .format = format, .base = base };
		struct sy_context ctx;
		struct sy_arena arena;
		struct sy_span file;

		if (entry->d_name[0] == '.' || strstr(entry->d_name, ".py"))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		sy_context_init(&ctx);
		sy_arena_init(&arena, &ctx);
		file = test_read_file(&arena, path);
		if (file.len > 0 && file.len <= largest) {
			damage.data = (uint8_t *)sy_arena_alloc(&arena, file.len);
			assert_non_null(damage.data);
			memcpy(damage.data, file.data, file.len);
			damage.len = file.len;
			damage_all(&damage);
			n++;
		}
		sy_arena_free(&arena);
	}
	assert_int_equal(closedir(dir), 0);
	return n;
}

static void archives_are_read(void **state)
{
	(void)state;
	assert_true(damage_folder("zip", &sy_format_zip, "model.zip", LARGEST) > 50);
	assert_true(damage_folder("torch_zip", &sy_format_torch_zip, "model.pt", LARGEST) > 20);
	assert_true(damage_folder("npz", &sy_format_npz, "model.npz", LARGEST) > 3);
	assert_true(damage_folder("tar", &sy_format_tar, "model.tar", LARGEST_TAR) > 30);
}

static void arrays_are_read(void **state)
{
	(void)state;
	assert_true(damage_folder("npy", &sy_format_npy, "model.npy", LARGEST) > 40);
	assert_true(damage_folder("torch_legacy", &sy_format_torch_legacy, "model.pt",
				  LARGEST) > 20);
}

static void pickles_are_read(void **state)
{
	(void)state;
	assert_true(damage_folder("pickle", &sy_format_pickle, "model.pkl", LARGEST / 4) > 100);
	assert_true(damage_folder("joblib", &sy_format_pickle, "model.joblib", LARGEST / 4) > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(archives_are_read),
		cmocka_unit_test(arrays_are_read),
		cmocka_unit_test(pickles_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
