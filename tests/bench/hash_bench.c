/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hashing costs inside the process:
 *
 *	hash_bench kernels			one core, 128 KiB in its cache: the
 *					kernels take turns
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
#define ROUND_BYTES (20u << 20)

static uint8_t data[SY_SHA256_LANES_MAX][LEN];

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

struct bench {
	const char *algorithm, *variant;
	run_fn *run;
	const void *what;
	double rates[N_ROUNDS];
};

static void measure(struct bench *bench, unsigned round)
{
	double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
	size_t n = 0;

	while (n < ROUND_BYTES)
		n += bench->run(bench->what);
	bench->rates[round] = (double)n / (seconds(CLOCK_THREAD_CPUTIME_ID) - begin) / 1e9;
}

static size_t run_evp(const void *what)
{
	uint8_t out[EVP_MAX_MD_SIZE];

	EVP_Digest(data[0], LEN, out, NULL, what, NULL);
	return LEN;
}

/* All lanes together have LEN bytes. */
static size_t run_sha256(const void *what)
{
	const struct sy_sha256_kernel *kernel = what;
	struct sy_sha256_lane lanes[SY_SHA256_LANES_MAX];
	uint32_t h[SY_SHA256_LANES_MAX][8] = { 0 };

	for (size_t i = 0; i < kernel->lanes; i++)
		lanes[i] = (struct sy_sha256_lane){ .h = h[i], .data = data[i] };
	kernel->hash(lanes, LEN / kernel->lanes / SY_SHA256_BLOCK);
	return LEN;
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
	static struct sy_blake3_choice trees[SY_BLAKE3_KERNELS_MAX];
	struct bench benches[16];
	const struct sy_sha256_choice *sha256 = sy_sha256_chosen();
	const struct sy_blake3_choice *blake3 = sy_blake3_chosen();
	size_t n = 0;

	benches[n++] = (struct bench){ "sha256", "libcrypto", run_evp, EVP_sha256(), { 0 } };
	for (size_t i = 0; i < sha256->n; i++)
		benches[n++] = (struct bench){ "sha256", sha256->kernels[i]->name,
					       run_sha256, sha256->kernels[i], { 0 } };
	for (size_t i = 0; i < blake3->n; i++) {
		trees[i].n = blake3->n - i;
		memcpy(trees[i].kernels, blake3->kernels + i,
		       trees[i].n * sizeof(trees[i].kernels[0]));
		benches[n++] = (struct bench){ "blake3", blake3->kernels[i]->name,
					       run_blake3, &trees[i], { 0 } };
	}
	for (size_t i = 0; i < SY_N_ELEMS(others); i++)
		benches[n++] = (struct bench){ sy_algorithm_name(others[i]), "library",
					       run_hasher, &others[i], { 0 } };
	for (size_t i = 0; i < n; i++)
		benches[i].run(benches[i].what);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		for (size_t i = 0; i < n; i++)
			measure(&benches[i], round);
	}
	for (size_t i = 0; i < n; i++)
		say(benches[i].algorithm, benches[i].variant, benches[i].rates);
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
