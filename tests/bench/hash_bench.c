/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hashing costs inside the process:
 *
 *	hash_bench kernels			one core, 128 KiB in its cache
 *	hash_bench weigh ALGORITHM THREADS BLOCK FILE...
 *	hash_bench shards ALGORITHM THREADS LEN FILE	each LEN bytes alone
 *	hash_bench both ALGORITHM THREADS LEN FILE	and the whole, in one read
 *	hash_bench values:TYPE ALGORITHM THREADS LEN FILE	the whole, and what the
 *						values of each LEN bytes are
 *	hash_bench all:TYPE ALGORITHM THREADS LEN FILE	all three, in one read
 *
 * Lines of words; processor time where one thread works, the wall's elsewhere.
 */
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "verifier/base/memory.h"
#include "verifier/digest/blake3.h"
#include "verifier/digest/cpu.h"
#include "verifier/digest/hasher.h"
#include "verifier/digest/sha256.h"
#include "verifier/digest/weigh.h"

#define LEN 131072u
#define N_ROUNDS 9
#define N_TIMES 160	/* 20 MiB a round */

static uint8_t data[2][LEN];

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Prints the median and the range of bytes per second, in GB. */
static void say(const char *algorithm, const char *variant, double *rates)
{
	qsort(rates, N_ROUNDS, sizeof(*rates), compare);
	printf("%s %s %.3f %.3f %.3f\n", algorithm, variant, rates[N_ROUNDS / 2],
	       rates[0], rates[N_ROUNDS - 1]);
	fflush(stdout);
}

/* --- kernels ---------------------------------------------------------------------- */

typedef size_t run_fn(const void *what);	/* bytes that one call hashed */

static void measure(const char *algorithm, const char *variant, run_fn *run,
		    const void *what)
{
	double rates[N_ROUNDS];

	run(what);
	for (unsigned r = 0; r < N_ROUNDS; r++) {
		double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
		size_t n = 0;

		for (unsigned i = 0; i < N_TIMES; i++)
			n += run(what);
		rates[r] = (double)n / (seconds(CLOCK_THREAD_CPUTIME_ID) - begin) / 1e9;
	}
	say(algorithm, variant, rates);
}

static size_t run_evp(const void *what)
{
	uint8_t out[EVP_MAX_MD_SIZE];

	EVP_Digest(data[0], LEN, out, NULL, what, NULL);
	return LEN;
}

static size_t run_one(const void *what)
{
	const struct sy_sha256_kernel *kernel = what;
	uint32_t h[8] = { 0 };

	kernel->one(h, data[0], LEN / SY_SHA256_BLOCK);
	return LEN;
}

static size_t run_two(const void *what)
{
	const struct sy_sha256_kernel *kernel = what;
	uint32_t a[8] = { 0 }, b[8] = { 0 };

	kernel->two(a, data[0], b, data[1], LEN / SY_SHA256_BLOCK);
	return 2 * (size_t)LEN;
}

static size_t run_blake3(const void *what)
{
	static struct sy_blake3 tree;
	uint8_t out[SY_BLAKE3_LEN];

	sy_blake3_begin(&tree, what, 0);
	sy_blake3_add(&tree, data[0], LEN);
	sy_blake3_digest(&tree, out);
	return LEN;
}

static size_t run_hasher(const void *what)
{
	const enum sy_algorithm *algorithm = what;
	struct sy_hasher *hasher = NULL;
	struct sy_digest digest;
	struct sy_context ctx;

	sy_context_init(&ctx);
	if (sy_hasher_new(&ctx, *algorithm, LEN, &hasher) != SY_OK)
		exit(1);
	sy_hasher_update(hasher, data[0], LEN);
	if (sy_hasher_final(hasher, &digest) != SY_OK)
		exit(1);
	sy_hasher_free(&hasher);
	return LEN;
}

static int kernels(void)
{
	static const enum sy_algorithm others[] = { SY_SHA512, SY_BLAKE2B };
	const struct sy_blake3_choice *all = sy_blake3_chosen();

	measure("sha256", "libcrypto", run_evp, EVP_sha256());
	if (sy_sha256_chosen()->kernel) {
		measure("sha256", "sha-ni", run_one, sy_sha256_chosen()->kernel);
		measure("sha256", "sha-ni-x2", run_two, sy_sha256_chosen()->kernel);
	}
	for (size_t i = 0; i < all->n; i++) {
		struct sy_blake3_choice rest = { .n = all->n - i };

		memcpy(rest.kernels, all->kernels + i, rest.n * sizeof(rest.kernels[0]));
		measure("blake3", rest.kernels[0]->name, run_blake3, &rest);
	}
	for (size_t i = 0; i < SY_N_ELEMS(others); i++)
		measure(sy_algorithm_name(others[i]), "library", run_hasher, &others[i]);
	return 0;
}

/* --- files ------------------------------------------------------------------------ */

static enum sy_status open_path(void *user, size_t id, struct sy_context *ctx,
				struct sy_source *source)
{
	char **paths = user;
	int fd = open(paths[id], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return sy_fail_errno(ctx, "%s", paths[id]);
	return sy_source_from_fd(source, ctx, fd, true);
}

static int run(struct sy_context *ctx, struct sy_weigh *weigh)
{
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t n = 0;

	if (sy_weigh_run(ctx, weigh) != SY_OK)
		return 1;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	for (size_t i = 0; i < weigh->n_jobs; i++) {
		if (weigh->jobs[i].status != SY_OK)
			return 1;
		n += weigh->jobs[i].n_read;
	}
	printf("%.6f %.6f %llu\n", wall, cpu, (unsigned long long)n);
	return 0;
}

static uint64_t size_of(struct sy_context *ctx, char **paths, size_t id)
{
	struct sy_source source;
	uint64_t size;

	if (open_path(paths, id, ctx, &source) != SY_OK)
		exit(1);
	size = source.size;
	sy_source_close(&source);
	return size;
}

static size_t cut(struct sy_weigh_part *parts, uint64_t size, uint64_t len,
		  const struct sy_dtype *dtype)
{
	static struct sy_value_stats values;	/* nobody looks at them */
	size_t n = 0;

	for (uint64_t at = 0; at < size; at += len)
		parts[n++] = (struct sy_weigh_part){
			.start = at, .len = size - at < len ? size - at : len,
			.dtype = dtype, .values = &values };
	return n;
}

static int files(const char *mode, enum sy_algorithm algorithm, char **words)
{
	static struct sy_weigh_part parts[100000];
	static struct sy_weigh_job jobs[1000];
	struct sy_weigh weigh = { .open = open_path, .user = words + 2, .jobs = jobs,
				  .n_threads = (unsigned)strtoul(words[0], NULL, 10) };
	bool is_sharded = strcmp(mode, "weigh") != 0;
	const char *type = strchr(mode, ':');
	uint64_t len = strtoull(words[1], NULL, 10);
	struct sy_context ctx;

	sy_context_init(&ctx);
	for (size_t i = 0; words[2 + i]; i++) {
		jobs[i] = (struct sy_weigh_job){
			.id = i, .size = size_of(&ctx, words + 2, i),
			.algorithms = strcmp(mode, "shards") ? 1u << algorithm : 0 };
		weigh.n_jobs++;
	}
	if (is_sharded) {
		jobs[0].parts = parts;
		jobs[0].n_parts = cut(parts, jobs[0].size, len,
				      type ? sy_dtype_find(sy_span_str(type + 1)) : NULL);
		jobs[0].part_algorithm = strncmp(mode, "values", 6) ? algorithm
								    : SY_N_ALGORITHMS;
	}
	weigh.block_len = is_sharded ? 0 : (size_t)len;
	return run(&ctx, &weigh);
}

int main(int argc, char **argv)
{
	enum sy_algorithm algorithm;

	memset(data, 0x5a, sizeof(data));
	if (argc == 2 && !strcmp(argv[1], "kernels"))
		return kernels();
	if (argc < 6 || !sy_algorithm_find(sy_span_str(argv[2]), &algorithm)) {
		fprintf(stderr, "see the head of hash_bench.c\n");
		return 4;
	}
	return files(argv[1], algorithm, argv + 3);
}
