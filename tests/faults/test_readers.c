/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever fails while a worker's reader reads: it says so, gives everything back,
 * or says the very same about the file.  In this process, at every point: each
 * allocation, each read, each poll.  Of every vector some points, more of them with
 * STEELYARD_FAULTS=all.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "formats/nest.h"
#include "tests/faults/injector.h"
#include "tests/support/support.h"
#include "verifier/base/out.h"

#define FORMAT(name) extern const struct sy_format sy_format_##name;
#include "formats/formats.def"
#undef FORMAT

static const struct {
	const struct sy_format *format;
	const char *vector;
} cases[] = {
	{ &sy_format_safetensors, "safetensors/accept-metadata.safetensors" },
	{ &sy_format_safetensors, "safetensors/accept-all-dtypes.safetensors" },
	{ &sy_format_gguf, "gguf/accept-all-values.gguf" },
	{ &sy_format_gguf, "gguf/accept-vocabulary.gguf" },
	{ &sy_format_pickle, "pickle/accept-containers.pkl" },
	{ &sy_format_pickle, "pickle/warn-pickle-nested-found.pkl" },
	{ &sy_format_pickle, "joblib/accept-types.joblib" },
	{ &sy_format_torch_zip, "torch_zip/accept-tensor.pt" },
	{ &sy_format_torch_zip, "torch_zip/reject-evil-deflated.pt" },
	{ &sy_format_zip, "zip/accept-deflated.zip" },
	{ &sy_format_npz, "npz/accept-deflated.npz" },
	{ &sy_format_npz, "npz/reject-object.npz" },
	{ &sy_format_torch_legacy, "torch_legacy/accept-many-storages.pt" },
	{ &sy_format_torch_tar, "torch_tar/warn-torch-tar-found.pt" },
	{ &sy_format_torch_tar, "torch_tar/reject-pickle-import-dangerous--count.pt" },
	{ &sy_format_tar, "tar/accept-long-name.tar" },
	{ &sy_format_npy, "npy/accept-64-dimensions.npy" },
	{ &sy_format_hf_index, "hf_index/accept-plain.json" },
	{ &sy_format_jinja, "template/accept-choices.jinja" },
	{ &sy_format_lfs_pointer, "lfs_pointer/reject-extension-twice.txt" },
	{ &sy_format_gzip, "compressed/accept-halves.a.pkl.gz" },
	{ &sy_format_json, "hf_index/accept-six-digits.json" },
	{ &sy_format_hf_config, "hf_config/accept-auto-map.config.json" },
	{ &sy_format_hf_config, "hf_config/accept-template-list.tokenizer_config.json" },
};

/* NULL: by the name. */
static const struct {
	const char *area;
	const struct sy_format *format;
} areas[] = {
	{ "compressed", NULL },
	{ "gguf", &sy_format_gguf },
	{ "hf_config", &sy_format_hf_config },
	{ "hf_index", &sy_format_hf_index },
	{ "joblib", &sy_format_pickle },
	{ "json", &sy_format_json },
	{ "lfs_pointer", &sy_format_lfs_pointer },
	{ "npy", &sy_format_npy },
	{ "npz", &sy_format_npz },
	{ "pickle", &sy_format_pickle },
	{ "safetensors", &sy_format_safetensors },
	{ "tar", &sy_format_tar },
	{ "template", &sy_format_jinja },
	{ "torch_legacy", &sy_format_torch_legacy },
	{ "torch_tar", &sy_format_torch_tar },
	{ "torch_zip", &sy_format_torch_zip },
	{ "zfile", &sy_format_zfile },
	{ "zip", &sy_format_zip },
};

#define VECTOR_BYTES_MAX 65536	/* larger ones have as many points as smaller ones */

/* Keeps no record: only what they come to. */
struct summing_sink {
	struct sy_sink sink;		/* first */
	uint64_t sum, n, n_limits;
};

struct outcome {
	enum sy_status status;
	uint64_t sum, n_records;
	uint64_t n_limits;		/* facts that leave the file undetermined */
};

static enum sy_status add_bytes(void *user, struct sy_span bytes)
{
	uint64_t *sum = user;

	for (size_t i = 0; i < bytes.len; i++)
		*sum = (*sum ^ bytes.data[i]) * 0x100000001b3u;
	return SY_OK;
}

static enum sy_status add_record(struct sy_sink *base, const struct sy_record *record)
{
	struct summing_sink *sink = (struct summing_sink *)base;
	struct sy_out out;

	sink->n++;
	sink->n_limits += record->kind == SY_RECORD_FACT &&
			  record->u.fact.rule == SY_RULE_WORKER_LIMIT_REACHED;
	sy_out_init(&out, add_bytes, &sink->sum);
	sy_record_encode(&out, record);
	return sy_out_flush(&out);
}

static void inspect(const struct sy_format *format, const char *path,
		    struct injector *injector, struct outcome *outcome)
{
	struct summing_sink sink = { .sink.emit = add_record, .sum = 0xcbf29ce484222325u };
	atomic_bool is_cancelled = false;
	struct sy_context ctx;
	struct sy_source source;
	struct sy_inspection in = { .ctx = &ctx, .source = &source, .sink = &sink.sink };
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	sy_context_init(&ctx);
	ctx.cancelled = injector->cancelled = &is_cancelled;
	assert_int_equal(sy_source_from_fd(&source, &ctx, fd, true), SY_OK);
	injector_use(injector, &ctx);
	sy_arena_init(&in.arena, &ctx);
	in.base = in.path = sy_span_str(strrchr(path, '/') + 1);
	in.wants = SY_WANT_TENSORS | SY_WANT_META | SY_WANT_REFS | SY_WANT_DIGESTS |
		   SY_WANT_IMPORTS | SY_WANT_CONFIG;
	*outcome = (struct outcome){ .status = sy_nest_inspect(&in, format, -1) };
	outcome->sum = sink.sum;
	outcome->n_records = sink.n;
	outcome->n_limits = sink.n_limits;
	sy_arena_free(&in.arena);
	sy_source_close(&source);
	assert_int_equal(ctx.memory_used, 0);
	assert_int_equal(atomic_load(&injector->n_live), 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(errno, EBADF);
}

static bool is_right(enum fault fault, const struct outcome *out, const struct outcome *plain)
{
	/* A member that could not be read is a fact, and the archive goes on; with it may
	 * go what lay in it, another such fact perhaps. */
	if (out->status == SY_OK)
		return (out->sum == plain->sum && out->n_records == plain->n_records) ||
		       out->n_limits > 0;
	if (fault == FAULT_MEMORY || fault == FAULT_MEMORY_ONCE)
		return out->status == SY_NO_MEMORY;
	if (fault == FAULT_CANCEL)
		return out->status == SY_CANCELLED;
	return fault != FAULT_SHORT && fault != FAULT_INTERRUPTED &&
	       (out->status == SY_IO || out->status == SY_CHANGED);
}

/* Every step-th point of each kind, from the one at `first` on. */
static uint64_t try_fault(const struct sy_format *format, const char *path,
			  const struct injector *counting, const struct outcome *plain,
			  enum fault fault, uint64_t first, uint64_t step)
{
	struct outcome out;
	uint64_t n = 0;

	for (uint64_t at = first; at < injector_points(counting, fault); at += step) {
		struct injector injector = { .fault = fault, .at = at };

		inspect(format, path, &injector, &out);
		n += atomic_load(&injector.n_injected) > 0;
		if (is_right(fault, &out, plain))
			continue;
		print_error("%s: %s at %llu: %s, %llu records, not %llu\n", path,
			    fault_name(fault), (unsigned long long)at,
			    sy_status_name(out.status), (unsigned long long)out.n_records,
			    (unsigned long long)plain->n_records);
		fail();
	}
	return n;
}

/* Faults tried on one file, up to n_points of each kind; 0: all. */
static uint64_t try_file(const struct sy_format *format, const char *path, uint64_t n_points,
			 uint64_t first)
{
	struct injector counting = { .fault = FAULT_NONE };
	struct outcome plain, out;
	uint64_t n = 0;

	inspect(format, path, &counting, &plain);
	/* What was not built in is not there to fail. */
	if (plain.status == SY_UNSUPPORTED)
		return 0;
	assert_int_equal(plain.status, SY_OK);
	inspect(format, path, &(struct injector){ .fault = FAULT_NONE }, &out);
	assert_true(is_right(FAULT_NONE, &out, &plain));
	for (enum fault fault = FAULT_NONE + 1; fault < N_FAULTS; fault++) {
		uint64_t step = n_points ? injector_points(&counting, fault) / n_points + 1 : 1;

		n += try_fault(format, path, &counting, &plain, fault, first % step, step);
	}
	return n;
}

static void test_readers(void **state)
{
	char path[600];
	uint64_t n = 0;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(cases); i++) {
		snprintf(path, sizeof(path), "%s/%s", test_vectors(), cases[i].vector);
		n += try_file(cases[i].format, path, 0, 0);
	}
	print_message("readers: %llu faults\n", (unsigned long long)n);
	assert_true(n > 20 * SY_N_ELEMS(cases));
}

static bool is_vector(const char *path, const char *name)
{
	struct stat st;

	return strchr(name, '-') && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size <= VECTOR_BYTES_MAX;
}

static uint64_t try_area(size_t i, uint64_t n_points, uint64_t *n_vectors)
{
	char folder[300], path[600];
	const struct dirent *entry;
	uint64_t n = 0;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/%s", test_vectors(), areas[i].area);
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		const struct sy_format *format = areas[i].format ? areas[i].format :
			sy_format_claimed(sy_span_str(entry->d_name));

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (format && is_vector(path, entry->d_name))
			n += try_file(format, path, n_points, (*n_vectors)++);
	}
	closedir(dir);
	return n;
}

static void test_vectors_of_all(void **state)
{
	const char *word = getenv("STEELYARD_FAULTS");
	uint64_t n_points = word && !strcmp(word, "all") ? 24 : 1;
	uint64_t n = 0, n_vectors = 0;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(areas); i++)
		n += try_area(i, n_points, &n_vectors);
	print_message("vectors: %llu faults\n", (unsigned long long)n);
	assert_true(n_vectors > 500 && n > 5 * n_vectors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_vectors_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
