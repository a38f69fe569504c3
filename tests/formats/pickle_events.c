/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the abstract machine reads in many pickles, for tests that compare it with
 * other readers.  Input: a file of records, each a length (four bytes, little
 * endian) and a pickle.  Output: one JSON line a record.  It judges nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/formats/pickle_twice.h"

struct tally {
	int n;
	bool was_items;		/* runs of them count once: items may come one by one */
	bool is_odd_frame;
};

static void begin_event(struct tally *t, bool is_items)
{
	if (t->n++ > 0)
		putchar(',');
	t->was_items = is_items;
}

static void put_hex(struct sy_span s)
{
	putchar('"');
	for (size_t i = 0; i < s.len; i++)
		printf("%02x", s.data[i]);
	putchar('"');
}

static enum sy_status on_import(void *user, struct sy_pickle *m,
				const struct sy_pickle_import *import)
{
	const struct sy_global *global = &m->globals->all[import->global];

	begin_event(user, false);
	printf("[\"import\",");
	put_hex(global->module);
	putchar(',');
	put_hex(global->name);
	putchar(']');
	return SY_OK;
}

static enum sy_status on_call(void *user, struct sy_pickle *m,
			      const struct sy_pickle_call *call)
{
	static const char *const words[] = {
		[SY_HOW_REDUCE] = "call", [SY_HOW_NEW] = "new", [SY_HOW_OBJECT] = "object",
		[SY_HOW_BUILD] = "build", [SY_HOW_ITEMS] = "items",
		[SY_HOW_INDIRECT] = "indirect",
	};
	struct tally *t = user;
	struct sy_tuple tuple = { 0 };
	bool is_known = sy_pickle_items(m, call->args, &tuple);

	if (call->how == SY_HOW_ITEMS || call->how == SY_HOW_BUILD)
		is_known = false;
	/* A bytearray is no object that anybody could replace. */
	if (call->how == SY_HOW_ITEMS &&
	    (t->was_items || sy_value_kind(call->callee) == SY_VALUE_BYTES))
		return SY_OK;
	begin_event(t, call->how == SY_HOW_ITEMS);
	printf("[\"%s\",%" PRId64 "]", words[call->how],
	       is_known ? (int64_t)tuple.n_items : INT64_C(-1));
	return SY_OK;
}

static enum sy_status on_persistent(void *user, struct sy_pickle *m, uint64_t off, uint64_t id)
{
	(void)m;
	(void)off;
	(void)id;
	begin_event(user, false);
	printf("[\"persistent\"]");
	return SY_OK;
}

static enum sy_status on_oddity(void *user, struct sy_pickle *m,
				enum sy_pickle_oddity oddity, uint64_t off, uint64_t len,
				uint64_t value)
{
	struct tally *t = user;

	(void)m;
	(void)off;
	(void)len;
	(void)value;
	t->is_odd_frame = t->is_odd_frame || oddity == SY_ODD_FRAME;
	return SY_OK;
}

static bool tell(struct sy_context *ctx, struct sy_globals *globals, struct sy_span bytes)
{
	static const char *const endings[] = {
		[SY_END_STOP] = "stop", [SY_END_TRUNCATED] = "truncated",
		[SY_END_OPCODE] = "opcode", [SY_END_BROKEN] = "broken",
		[SY_END_SUSPENDED] = "suspended",
	};
	struct tally tally = { 0 };
	struct sy_pickle_events events = {
		.user = &tally, .import = on_import, .call = on_call,
		.persistent = on_persistent, .oddity = on_oddity,
	};
	struct sy_source source;
	struct sy_pickle m;
	struct sy_pickle_end end = { .what = "" };
	enum sy_status status;

	sy_source_from_memory(&source, ctx, bytes);
	status = sy_pickle_open(&m, ctx, globals, &events);
	if (status != SY_OK)
		return false;
	status = sy_pickle_load(&m, &source, 0, bytes.len);
	printf("{\"events\":[");
	if (status == SY_OK)
		status = sy_pickle_run(&m, &end);
	printf("],\"status\":%d,\"ending\":\"%s\",\"at\":%" PRIu64 ",\"what\":\"%s\","
	       "\"kind\":%d,\"odd_frame\":%s,", (int)status, endings[end.ending], end.off,
	       end.what, (int)sy_value_kind(end.value), tally.is_odd_frame ? "true" : "false");
	sy_pickle_close(&m);
	printf("\"same_both_ways\":%s}\n", pickle_runs_agree(ctx, bytes) ? "true" : "false");
	return true;
}

static bool tell_all(FILE *in)
{
	struct sy_context ctx;
	struct sy_globals globals;
	uint8_t head[4];
	bool is_ok = true;

	sy_context_init(&ctx);
	while (is_ok && fread(head, 1, sizeof(head), in) == sizeof(head)) {
		size_t len = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 |
			     (size_t)head[3] << 24;
		uint8_t *bytes = malloc(len + 1);

		is_ok = bytes && fread(bytes, 1, len, in) == len;
		sy_globals_init(&globals, &ctx);
		is_ok = is_ok && tell(&ctx, &globals, sy_span_of(bytes, len));
		sy_globals_free(&globals);
		free(bytes);
	}
	return is_ok;
}

int main(int argc, char **argv)
{
	FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
	bool is_ok;

	if (!in) {
		fprintf(stderr, "usage: pickle_events FILE\n");
		return 2;
	}
	is_ok = tell_all(in);
	(void)fclose(in);
	return is_ok ? 0 : 1;
}
