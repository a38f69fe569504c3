/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding: every codec gives back what its own library packed, whole or in parts,
 * from memory or through a scratch file; damage, limits and lack of room end it with
 * what was decoded until then.
 */
#include "tests/support/support.h"

#include <bzlib.h>
#include <errno.h>
#include <lz4frame.h>
#include <lzma.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "verifier/input/codec.h"

#define PLAIN_BYTES ((size_t)1 << 20)	/* more than scratch keeps in memory */

/* Compressible, but never the same twice. */
static uint8_t *plain(void)
{
	static uint8_t bytes[PLAIN_BYTES];
	uint32_t seed = 1;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		seed = seed * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(seed >> 28);
	}
	return bytes;
}

struct packed {
	uint8_t bytes[2 * PLAIN_BYTES];
	size_t len;
};

static void pack_zlib(struct packed *packed, int window_bits, const uint8_t *data, size_t len)
{
	z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)data, .avail_in = (uInt)len,
		       .next_out = packed->bytes + packed->len,
		       .avail_out = (uInt)(sizeof(packed->bytes) - packed->len) };

	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	packed->len += z.total_out;
	assert_int_equal(deflateEnd(&z), Z_OK);
}

static void pack_bzip2(struct packed *packed, uint8_t *data, size_t len)
{
	unsigned out_len = (unsigned)(sizeof(packed->bytes) - packed->len);

	assert_int_equal(BZ2_bzBuffToBuffCompress((char *)packed->bytes + packed->len, &out_len,
						  (char *)data, (unsigned)len, 1, 0, 0), BZ_OK);
	packed->len += out_len;
}

static void pack_lzma(struct packed *packed, bool is_alone, const uint8_t *data, size_t len)
{
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_options_lzma options;

	assert_false(lzma_lzma_preset(&options, 0));
	assert_int_equal(is_alone ? lzma_alone_encoder(&s, &options)
				  : lzma_easy_encoder(&s, 0, LZMA_CHECK_CRC64), LZMA_OK);
	s.next_in = data;
	s.avail_in = len;
	s.next_out = packed->bytes + packed->len;
	s.avail_out = sizeof(packed->bytes) - packed->len;
	assert_int_equal(lzma_code(&s, LZMA_FINISH), LZMA_STREAM_END);
	packed->len += s.total_out;
	lzma_end(&s);
}

static void pack(struct packed *packed, enum sy_codec codec, uint8_t *data, size_t len)
{
	uint8_t *out = packed->bytes + packed->len;
	size_t room = sizeof(packed->bytes) - packed->len, n = 0;

	switch (codec) {
	case SY_CODEC_DEFLATE:
		pack_zlib(packed, -15, data, len);
		return;
	case SY_CODEC_ZLIB:
		pack_zlib(packed, 15, data, len);
		return;
	case SY_CODEC_GZIP:
		pack_zlib(packed, 31, data, len);
		return;
	case SY_CODEC_BZIP2:
		pack_bzip2(packed, data, len);
		return;
	case SY_CODEC_XZ:
	case SY_CODEC_LZMA:
		pack_lzma(packed, codec == SY_CODEC_LZMA, data, len);
		return;
	case SY_CODEC_LZ4:
		n = LZ4F_compressFrame(out, room, data, len, NULL);
		break;
	case SY_CODEC_ZSTD:
		n = ZSTD_compress(out, room, data, len, 1);
		break;
	case SY_CODEC_STORED:
	case SY_N_CODECS:
		memcpy(out, data, len);
		n = len;
		break;
	}
	assert_true(n <= room);
	packed->len += n;
}

/* One decoding: what it needs, and what came of it. */
struct rig {
	struct sy_context ctx;
	struct sy_arena arena;
	struct sy_scratch scratch;
	struct sy_source from, source;
	struct sy_decode decode;
	int fd;
};

static void rig_init(struct rig *rig, bool has_file)
{
	*rig = (struct rig){ .fd = -1 };
	sy_context_init(&rig->ctx);
	sy_arena_init(&rig->arena, &rig->ctx);
	if (has_file)
		assert_int_equal(sy_scratch_open(&rig->ctx, &rig->fd), SY_OK);
	sy_scratch_init(&rig->scratch, &rig->ctx, rig->fd, UINT64_MAX);
}

static void rig_free(struct rig *rig)
{
	sy_source_close(&rig->source);
	sy_arena_free(&rig->arena);
	assert_int_equal(rig->ctx.memory_used, 0);
	if (rig->fd >= 0)
		assert_int_equal(close(rig->fd), 0);
}

static enum sy_status rig_decode(struct rig *rig, enum sy_codec codec,
				 const struct packed *packed, size_t len, uint64_t max)
{
	sy_source_from_memory(&rig->from, &rig->ctx, sy_span_of(packed->bytes, len));
	rig->decode = (struct sy_decode){ .codec = codec, .from = &rig->from, .len = len,
					  .max = max };
	return sy_decode(&rig->decode, &rig->scratch, &rig->arena, &rig->source);
}

static void assert_begins(struct rig *rig, const uint8_t *bytes)
{
	static uint8_t got[2 * PLAIN_BYTES];

	assert_int_equal(rig->source.size, rig->decode.n_written);
	assert_int_equal(sy_source_read(&rig->source, 0, got, (size_t)rig->source.size), SY_OK);
	assert_memory_equal(got, bytes, (size_t)rig->source.size);
}

static bool is_built(enum sy_codec codec)
{
	struct packed packed = { .len = 0 };
	struct rig rig;
	enum sy_status status;

	rig_init(&rig, false);
	status = rig_decode(&rig, codec, &packed, 0, 1);
	rig_free(&rig);
	return status != SY_UNSUPPORTED;
}

static void each_codec(void (*test)(enum sy_codec codec))
{
	for (enum sy_codec codec = SY_CODEC_STORED; codec < SY_N_CODECS; codec++) {
		if (is_built(codec))
			test(codec);
		else
			print_message("SKIPPED: built without %s\n", sy_codec_name(codec));
	}
}

static void gives_back(enum sy_codec codec)
{
	static struct packed packed;
	static const size_t lengths[] = { 0, 1, 1000, 65536, PLAIN_BYTES };

	for (size_t i = 0; i < 2 * SY_N_ELEMS(lengths); i++) {
		size_t len = lengths[i / 2];
		struct rig rig;

		packed.len = 0;
		pack(&packed, codec, plain(), len);
		rig_init(&rig, i % 2);
		assert_int_equal(rig_decode(&rig, codec, &packed, packed.len, UINT64_MAX), SY_OK);
		assert_int_equal(rig.decode.end, SY_DECODE_COMPLETE);
		assert_int_equal(rig.decode.n_read, packed.len);
		assert_int_equal(rig.decode.n_written, len);
		if (codec != SY_CODEC_STORED)
			assert_int_equal(rig.decode.crc32, crc32(0, plain(), (unsigned)len));
		assert_begins(&rig, plain());
		rig_free(&rig);
	}
}

static void every_codec_gives_back_what_was_packed(void **state)
{
	(void)state;
	each_codec(gives_back);
}

static void is_cut(enum sy_codec codec)
{
	static struct packed packed;

	if (codec == SY_CODEC_STORED)
		return;
	packed.len = 0;
	pack(&packed, codec, plain(), 100000);
	for (size_t len = 0; len < packed.len; len += 997) {
		struct rig rig;

		rig_init(&rig, true);
		assert_int_equal(rig_decode(&rig, codec, &packed, len, UINT64_MAX), SY_OK);
		assert_int_equal(rig.decode.end, SY_DECODE_TRUNCATED);
		assert_begins(&rig, plain());
		rig_free(&rig);
	}
}

static void what_is_cut_is_told_and_the_rest_readable(void **state)
{
	(void)state;
	each_codec(is_cut);
}

static void is_damaged(enum sy_codec codec)
{
	static struct packed packed;

	if (codec == SY_CODEC_STORED)
		return;
	for (size_t at = 0; at < 4000; at += 211) {
		struct rig rig;

		packed.len = 0;
		pack(&packed, codec, plain(), 100000);
		packed.bytes[at] ^= 0xff;
		rig_init(&rig, true);
		/* No check that it is noticed: raw deflate has none. */
		assert_int_equal(rig_decode(&rig, codec, &packed, packed.len, 200000), SY_OK);
		assert_true(rig.decode.n_written <= 200000);
		assert_true(rig.decode.n_read <= packed.len);
		if (rig.decode.end == SY_DECODE_CORRUPT)
			assert_non_null(rig.decode.what);
		rig_free(&rig);
	}
}

static void damage_ends_it(void **state)
{
	(void)state;
	each_codec(is_damaged);
}

static void is_longer(enum sy_codec codec)
{
	static struct packed packed;
	struct rig rig;

	if (codec == SY_CODEC_STORED)
		return;
	packed.len = 0;
	pack(&packed, codec, plain(), 300000);
	rig_init(&rig, true);
	assert_int_equal(rig_decode(&rig, codec, &packed, packed.len, 299999), SY_OK);
	assert_int_equal(rig.decode.end, SY_DECODE_LONGER);
	assert_int_equal(rig.decode.n_written, 299999);
	assert_begins(&rig, plain());
	rig_free(&rig);
}

static void more_than_wanted_is_told(void **state)
{
	(void)state;
	each_codec(is_longer);
}

static void streams_follow_each_other(void **state)
{
	static const enum sy_codec codecs[] = { SY_CODEC_GZIP, SY_CODEC_BZIP2, SY_CODEC_XZ,
						SY_CODEC_LZ4, SY_CODEC_ZSTD };
	static struct packed packed;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(codecs); i++) {
		size_t end;
		struct rig rig;

		if (!is_built(codecs[i]))
			continue;
		packed.len = 0;
		pack(&packed, codecs[i], plain(), 70000);
		pack(&packed, codecs[i], plain() + 70000, 30000);
		end = packed.len;
		memcpy(packed.bytes + end, "tail", 4);
		rig_init(&rig, true);
		assert_int_equal(rig_decode(&rig, codecs[i], &packed, end + 4, UINT64_MAX), SY_OK);
		assert_int_equal(rig.decode.end, SY_DECODE_COMPLETE);
		assert_int_equal(rig.decode.n_streams, 2);
		assert_int_equal(rig.decode.n_read, end);
		assert_int_equal(rig.decode.n_written, 100000);
		assert_begins(&rig, plain());
		rig_free(&rig);
	}
}

/* Frames to skip cost what they have bytes, not what all behind them have. */
static void frames_to_skip_are_looked_at_once(void **state)
{
	static const uint8_t skipped[8] = { 0x50, 0x2a, 0x4d, 0x18 };
	static struct packed packed;
	const size_t n = 200000;
	clock_t start = clock();
	struct rig rig;

	(void)state;
	packed.len = 0;
	pack(&packed, SY_CODEC_LZ4, plain(), 100);
	for (size_t i = 0; i < n; i++) {
		memcpy(packed.bytes + packed.len, skipped, sizeof(skipped));
		packed.len += sizeof(skipped);
	}
	rig_init(&rig, true);
	assert_int_equal(rig_decode(&rig, SY_CODEC_LZ4, &packed, packed.len, UINT64_MAX), SY_OK);
	assert_int_equal(rig.decode.end, SY_DECODE_COMPLETE);
	assert_int_equal(rig.decode.n_streams, n + 1);
	assert_int_equal(rig.decode.n_read, packed.len);
	rig_free(&rig);
	/* A hundredth of this; forty times that when each looks over the rest of a block. */
	assert_true((clock() - start) / CLOCKS_PER_SEC < 3);
}

static void the_limit_counts_all_members(void **state)
{
	static struct packed packed;
	struct rig rig;

	(void)state;
	packed.len = 0;
	pack(&packed, SY_CODEC_ZSTD, plain(), 300000);
	rig_init(&rig, true);
	rig.scratch.max = 500000;
	assert_int_equal(rig_decode(&rig, SY_CODEC_ZSTD, &packed, packed.len, UINT64_MAX), SY_OK);
	assert_int_equal(rig_decode(&rig, SY_CODEC_ZSTD, &packed, packed.len, UINT64_MAX),
			 SY_LIMIT);
	assert_begins(&rig, plain());
	rig_free(&rig);
}

static void scratch_is_given_back(void **state)
{
	static struct packed packed;
	struct rig rig;

	(void)state;
	packed.len = 0;
	pack(&packed, SY_CODEC_ZSTD, plain(), PLAIN_BYTES);
	rig_init(&rig, true);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(rig_decode(&rig, SY_CODEC_ZSTD, &packed, packed.len, UINT64_MAX),
				 SY_OK);
		assert_int_equal(rig.scratch.used, PLAIN_BYTES);
		assert_begins(&rig, plain());
		sy_source_close(&rig.source);
		rig.scratch.used = 0;
	}
	rig_free(&rig);
}

static ssize_t no_room(void *user, int fd, const void *buf, size_t len, off_t off)
{
	(void)user;
	(void)fd;
	(void)buf;
	(void)len;
	(void)off;
	errno = ENOSPC;
	return -1;
}

static void a_full_disk_is_a_limit(void **state)
{
	static struct packed packed;
	struct rig rig;

	(void)state;
	packed.len = 0;
	pack(&packed, SY_CODEC_GZIP, plain(), PLAIN_BYTES);
	rig_init(&rig, true);
	rig.ctx.files.pwrite = no_room;
	assert_int_equal(rig_decode(&rig, SY_CODEC_GZIP, &packed, packed.len, UINT64_MAX),
			 SY_LIMIT);
	rig_free(&rig);
}

static void every_failing_allocation_ends_it(void **state)
{
	static struct packed packed;

	(void)state;
	packed.len = 0;
	pack(&packed, SY_CODEC_GZIP, plain(), PLAIN_BYTES);
	for (uint64_t n = 0;; n++) {
		struct test_allocator allocator = { .fail_at = n };
		struct rig rig;
		enum sy_status status;

		rig_init(&rig, n % 2);
		test_allocator_use(&rig.ctx, &allocator);
		status = rig_decode(&rig, SY_CODEC_GZIP, &packed, packed.len, UINT64_MAX);
		rig_free(&rig);
		assert_int_equal(allocator.n_live, 0);
		assert_true(status == SY_OK || status == SY_NO_MEMORY);
		if (allocator.n_calls <= n) {
			assert_int_equal(status, SY_OK);
			return;
		}
		assert_int_equal(status, SY_NO_MEMORY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_codec_gives_back_what_was_packed),
		cmocka_unit_test(what_is_cut_is_told_and_the_rest_readable),
		cmocka_unit_test(damage_ends_it),
		cmocka_unit_test(more_than_wanted_is_told),
		cmocka_unit_test(streams_follow_each_other),
		cmocka_unit_test(frames_to_skip_are_looked_at_once),
		cmocka_unit_test(the_limit_counts_all_members),
		cmocka_unit_test(scratch_is_given_back),
		cmocka_unit_test(a_full_disk_is_a_limit),
		cmocka_unit_test(every_failing_allocation_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
