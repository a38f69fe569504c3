/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers inside containers, with a toy one: members follow each other as kind,
 * name, length (u16le), bytes.  Kind 'b' is another box, 'f' a file, 's' a storage,
 * 'z' something compressed, '!' makes the box itself fail.
 */
#include "tests/support/support.h"

#include "formats/nest.h"
#include "formats/payload.h"

static enum sy_status inspect_box(struct sy_inspection *in);

static const struct sy_format box = { .name = "box", .title = "a box", .spec = "",
				      .class = SY_CLASS_CONTAINER, .inspect = inspect_box };

static enum sy_status add(struct sy_inspection *in, uint8_t kind, struct sy_span name,
			  uint64_t off, uint64_t len)
{
	struct sy_member member = {
		.name = name, .off = off, .len = len, .size = len,
		.format = kind == 'b' ? &box : NULL, .is_storage = kind == 's',
		.codec = kind == 'z' ? SY_CODEC_LZ4 : SY_CODEC_STORED,
	};

	return sy_nest_add(in, &member);
}

static enum sy_status inspect_box(struct sy_inspection *in)
{
	struct sy_span bytes;
	enum sy_status status = sy_source_view(in->source, 0, SIZE_MAX, &in->arena, &bytes);

	for (size_t at = 0; status == SY_OK && at + 4 <= bytes.len;) {
		uint64_t len = bytes.data[at + 2] | (uint64_t)bytes.data[at + 3] << 8;

		if (bytes.data[at] == '!')
			return sy_fail(in->ctx, SY_LIMIT, "the box is too much");
		status = add(in, bytes.data[at], sy_span_slice(bytes, at + 1, 1), at + 4, len);
		at += 4 + (size_t)len;
	}
	in->bytes_parsed = 4;
	if (status == SY_OK)
		status = sy_emit_extent(in, SY_EXTENT_DATA, 0, bytes.len);
	if (status == SY_OK)
		status = sy_emit_artifact(in, "box", 0, "a box of %zu bytes", bytes.len);
	return status;
}

/* A box under construction. */
struct bytes {
	uint8_t data[65536];
	size_t len;
};

static void put(struct bytes *out, char kind, char name, const void *data, size_t len)
{
	uint8_t head[4] = { (uint8_t)kind, (uint8_t)name, (uint8_t)len, (uint8_t)(len >> 8) };

	assert_true(out->len + sizeof(head) + len <= sizeof(out->data));
	memcpy(out->data + out->len, head, sizeof(head));
	if (len > 0)
		memcpy(out->data + out->len + sizeof(head), data, len);
	out->len += sizeof(head) + len;
}

static struct sy_span span_of(const struct bytes *bytes)
{
	return sy_span_of(bytes->data, bytes->len);
}

/* The box in a box of its own. */
static void wrap(struct bytes *bytes, char name)
{
	static struct bytes outer;

	outer.len = 0;
	put(&outer, 'b', name, bytes->data, bytes->len);
	*bytes = outer;
}

static const char evil[] = "cos\nsystem\n(S'echo'\ntR.";

struct rig {
	struct sy_context ctx;
	struct test_sink sink;
};

static enum sy_status run(struct rig *rig, const struct bytes *bytes)
{
	sy_context_init(&rig->ctx);
	test_sink_init(&rig->sink, &rig->ctx);
	return test_inspect(&rig->ctx, &box, span_of(bytes), "x.box", &rig->sink);
}

static void end(struct rig *rig)
{
	test_sink_free(&rig->sink);
	assert_int_equal(rig->ctx.memory_used, 0);
}

static void a_member_speaks_with_its_name_and_place(void **state)
{
	struct bytes bytes = { .len = 0 };
	const struct sy_record_fact *fact;
	struct rig rig;

	(void)state;
	put(&bytes, 'f', 'p', evil, sizeof(evil) - 1);
	wrap(&bytes, 'i');
	assert_int_equal(run(&rig, &bytes), SY_OK);
	fact = test_fact(&rig.sink, SY_RULE_PICKLE_IMPORT_DANGEROUS, 0);
	assert_int_equal(fact->n_members, 2);
	assert_true(sy_span_is(fact->members[0], "i"));
	assert_true(sy_span_is(fact->members[1], "p"));
	assert_int_equal(fact->file_off, 8 + fact->off);
	/* Only the file itself is an artifact with extents. */
	assert_int_equal(test_n_records(&rig.sink, SY_RECORD_ARTIFACT), 1);
	assert_int_equal(test_n_records(&rig.sink, SY_RECORD_EXTENT), 1);
	end(&rig);
}

static void what_members_parsed_counts_for_the_file(void **state)
{
	struct bytes bytes = { .len = 0 };
	struct rig rig;

	(void)state;
	put(&bytes, 'f', 'p', evil, sizeof(evil) - 1);
	assert_int_equal(run(&rig, &bytes), SY_OK);
	assert_int_equal(test_record(&rig.sink, SY_RECORD_ARTIFACT, 0)
			 ->u.artifact.bytes_parsed, 4 + sizeof(evil) - 1);
	end(&rig);
}

static void members_are_judged_as_files_are(void **state)
{
	static const char elf[64] = "\x7f" "ELF\2\1\1";
	struct bytes bytes = { .len = 0 };
	struct rig rig;

	(void)state;
	put(&bytes, 'f', 'e', elf, sizeof(elf));
	put(&bytes, 'f', 'u', "\1\2\3\4\5\6\7\x80\x90\xa0\xff", 11);
	put(&bytes, 'f', 't', "just a text\n", 12);
	assert_int_equal(run(&rig, &bytes), SY_OK);
	assert_int_equal(test_n_facts(&rig.sink, SY_RULE_CONTENT_EXECUTABLE_FOUND), 1);
	assert_int_equal(test_n_facts(&rig.sink, SY_RULE_CONTENT_UNKNOWN_BINARY), 1);
	assert_int_equal(test_n_facts_from(&rig.sink, SY_LOW), 2);
	end(&rig);
}

static void storage_is_only_looked_at_for_what_hides(void **state)
{
	struct bytes bytes = { .len = 0 };
	struct rig rig;

	(void)state;
	put(&bytes, 's', '0', "\1\2\3\4\5\6\7\x80\x90\xa0\xff", 11);
	assert_int_equal(run(&rig, &bytes), SY_OK);
	assert_int_equal(test_n_facts_from(&rig.sink, SY_INFO), 0);
	end(&rig);
	put(&bytes, 's', '1', evil, sizeof(evil) - 1);
	assert_int_equal(run(&rig, &bytes), SY_OK);
	assert_int_equal(test_n_facts_from(&rig.sink, SY_MEDIUM), 1);
	end(&rig);
}

static void a_member_that_cannot_be_read_does_not_hide_the_next(void **state)
{
	struct bytes bytes = { .len = 0 };
	struct rig rig;

	(void)state;
	put(&bytes, 'b', 'x', "!...", 4);
	put(&bytes, 'z', 'z', "nonsense", 8);
	put(&bytes, 'f', 'p', evil, sizeof(evil) - 1);
	assert_int_equal(run(&rig, &bytes), SY_OK);
	assert_int_equal(test_n_facts(&rig.sink, SY_RULE_WORKER_LIMIT_REACHED), 1);
	assert_true(test_n_facts(&rig.sink, SY_RULE_FORMAT_CONTAINER_UNEXAMINED) +
		    test_n_facts(&rig.sink, SY_RULE_MEMBER_DATA_BROKEN) > 0);
	assert_int_equal(test_n_facts(&rig.sink, SY_RULE_PICKLE_IMPORT_DANGEROUS), 1);
	end(&rig);
}

static void depth_ends_in_a_fact(void **state)
{
	struct bytes bytes = { .len = 0 };
	struct rig rig;

	(void)state;
	put(&bytes, 'f', 'p', evil, sizeof(evil) - 1);
	for (char c = 'a'; c < 'a' + SY_MEMBER_DEPTH - 1; c++)
		wrap(&bytes, c);
	assert_int_equal(run(&rig, &bytes), SY_OK);
	assert_int_equal(test_n_facts(&rig.sink, SY_RULE_PICKLE_IMPORT_DANGEROUS), 1);
	assert_int_equal(test_n_facts(&rig.sink, SY_RULE_WORKER_LIMIT_REACHED), 0);
	end(&rig);
	wrap(&bytes, 'z');
	assert_int_equal(run(&rig, &bytes), SY_OK);
	assert_int_equal(test_n_facts(&rig.sink, SY_RULE_PICKLE_IMPORT_DANGEROUS), 0);
	assert_int_equal(test_n_facts(&rig.sink, SY_RULE_WORKER_LIMIT_REACHED), 1);
	end(&rig);
}

static void facts_of_all_members_share_the_cap(void **state)
{
	struct bytes bytes = { .len = 0 };
	struct rig rig;
	uint64_t cap;

	(void)state;
	sy_context_init(&rig.ctx);
	cap = rig.ctx.limits.findings_per_rule;
	for (uint64_t i = 0; i < cap + 5; i++)
		put(&bytes, 'f', 'p', evil, sizeof(evil) - 1);
	assert_int_equal(run(&rig, &bytes), SY_OK);
	assert_int_equal(test_n_facts(&rig.sink, SY_RULE_PICKLE_IMPORT_DANGEROUS), cap);
	assert_true(test_n_records(&rig.sink, SY_RECORD_MORE) > 0);
	for (size_t i = 0; i < test_n_records(&rig.sink, SY_RECORD_MORE); i++)
		assert_int_equal(test_record(&rig.sink, SY_RECORD_MORE, i)->u.more.n, 5);
	end(&rig);
}

static void every_failing_allocation_ends_it_cleanly(void **state)
{
	struct bytes bytes = { .len = 0 };

	(void)state;
	put(&bytes, 'f', 'p', evil, sizeof(evil) - 1);
	put(&bytes, 'f', 'j', "{\"a\": [1, 2, 3]}", 16);
	wrap(&bytes, 'i');
	for (uint64_t n = 0;; n++) {
		struct test_allocator allocator = { .fail_at = n };
		struct sy_context plain, ctx;
		struct test_sink sink;
		enum sy_status status;
		bool is_told;

		sy_context_init(&plain);
		sy_context_init(&ctx);
		test_allocator_use(&ctx, &allocator);
		test_sink_init(&sink, &plain);
		status = test_inspect(&ctx, &box, span_of(&bytes), "x.box", &sink);
		is_told = test_n_facts(&sink, SY_RULE_WORKER_LIMIT_REACHED) > 0;
		test_sink_free(&sink);
		assert_int_equal(allocator.n_live, 0);
		if (allocator.n_calls <= n) {
			assert_int_equal(status, SY_OK);
			return;
		}
		assert_true(status == SY_NO_MEMORY || (status == SY_OK && is_told));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_speaks_with_its_name_and_place),
		cmocka_unit_test(what_members_parsed_counts_for_the_file),
		cmocka_unit_test(members_are_judged_as_files_are),
		cmocka_unit_test(storage_is_only_looked_at_for_what_hides),
		cmocka_unit_test(a_member_that_cannot_be_read_does_not_hide_the_next),
		cmocka_unit_test(depth_ends_in_a_fact),
		cmocka_unit_test(facts_of_all_members_share_the_cap),
		cmocka_unit_test(every_failing_allocation_ends_it_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
