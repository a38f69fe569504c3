/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every test needs: cmocka, a context, a sink that keeps records, a
 * temporary folder, and a format run on bytes.  Used by tests only.
 */
#ifndef SY_TESTS_SUPPORT_H
#define SY_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/format.h"

/* A sink that copies every record; zero-initialise with test_sink_init. */
struct test_sink {
	struct sy_sink sink;		/* first: pass &sink.sink */
	struct sy_context *ctx;
	struct sy_arena arena;
	struct sy_record *records;
	size_t n, cap;
};

void test_sink_init(struct test_sink *sink, struct sy_context *ctx);
void test_sink_free(struct test_sink *sink);

/* Facts of a rule (kept ones), and of at least a severity. */
size_t test_n_facts(const struct test_sink *sink, enum sy_rule rule);
size_t test_n_facts_from(const struct test_sink *sink, enum sy_severity severity);

/* The i-th fact of a rule; fails the test when there is none. */
const struct sy_record_fact *test_fact(const struct test_sink *sink,
				       enum sy_rule rule, size_t i);

/* Records of a kind; and the i-th of them (fails the test when there is none). */
size_t test_n_records(const struct test_sink *sink, enum sy_record_kind kind);
const struct sy_record *test_record(const struct test_sink *sink,
				    enum sy_record_kind kind, size_t i);

/* One line per fact on stderr, for a test that is about to fail. */
void test_print_facts(const struct test_sink *sink);

/*
 * Runs a format's inspect on bytes named `base` (a file name), keeping all
 * records (all wants).  Asserts that extents, when any were emitted, tile
 * the file without overlap, and that each record encodes and decodes to itself.
 */
enum sy_status test_inspect(struct sy_context *ctx, const struct sy_format *format,
			    struct sy_span bytes, const char *base,
			    struct test_sink *sink);

/* The same with other wants (enum sy_want). */
enum sy_status test_inspect_for(struct sy_context *ctx, const struct sy_format *format,
				struct sy_span bytes, const char *base,
				struct test_sink *sink, unsigned wants);

/* A probe over whole bytes, for bid functions. */
struct sy_probe test_probe(struct sy_span bytes, const char *base);

/* Reads a whole file into the arena; fails the test when it cannot. */
struct sy_span test_read_file(struct sy_arena *arena, const char *path);

/* A fresh temporary folder (path in buf); test_rmtree removes it again. */
char *test_tmpdir(char *buf, size_t cap);
void test_rmtree(const char *path);
void test_write_file(const char *path, const void *data, size_t len);

/* The folder of shipped vectors ("tests/vectors" of the source tree). */
const char *test_vectors(void);

/* The unpacked corpora, or NULL (print a visible skip and skip()). */
const char *test_corpus(void);

/*
 * An allocator that fails from the n-th allocation on (0: the first), and
 * counts: put it into ctx->allocator.
 */
struct test_allocator {
	uint64_t n_calls;		/* allocations so far (frees not counted) */
	uint64_t fail_at;		/* UINT64_MAX: never */
	int64_t n_live;			/* blocks not freed */
};
void test_allocator_use(struct sy_context *ctx, struct test_allocator *allocator);

#endif
