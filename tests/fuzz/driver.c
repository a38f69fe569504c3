/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target without a fuzzer: over each file named, and each file
 * below each folder named.  So a corpus, ours or one that a fuzzer has grown,
 * is a plain regression test.  Each input lies in a block of just its size,
 * where a sanitizer sees a byte too far, and is run again with everything going
 * wrong in turn (fault.h).  With --exhaustive N it runs every input
 * of up to N bytes instead.
 */
#include <fts.h>
#include <malloc.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fault.h"
#include "tests/fuzz/fuzz.h"

static int run_file(const char *path, size_t len)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(len ? len : 1);
	size_t n = file && data ? fread(data, 1, len, file) : 0;

	if (file)
		fclose(file);
	if (n != len || !file || !data) {
		fprintf(stderr, "cannot read %s\n", path);
		free(data);
		return -1;
	}
	LLVMFuzzerTestOneInput(data, len);
	fuzz_run_faults(data, len);
	free(data);
	return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Files run below the paths, or -1. */
static long run_all(char *const *paths)
{
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	const FTSENT *entry;
	long n = 0;

	if (!tree)
		return -1;
	while (n >= 0 && (entry = fts_read(tree))) {
		if (entry->fts_info == FTS_NS || entry->fts_info == FTS_ERR ||
		    entry->fts_info == FTS_DNR) {
			fprintf(stderr, "%s: %s\n", entry->fts_path,
				strerror(entry->fts_errno));
			n = -1;
		} else if (entry->fts_info == FTS_F) {
			n = run_file(entry->fts_accpath,
				     (size_t)entry->fts_statp->st_size) ? -1 : n + 1;
		}
	}
	fts_close(tree);
	return n;
}

/* Inputs run, all of len bytes; the first byte counts fastest. */
static long run_length(unsigned len)
{
	const uint32_t n = (uint32_t)1 << (8 * len);
	uint8_t *data = malloc(len ? len : 1);

	if (!data)
		return -1;
	for (uint32_t value = 0; value < n; value++) {
		for (unsigned i = 0; i < len; i++)
			data[i] = (uint8_t)(value >> (8 * i));
		LLVMFuzzerTestOneInput(data, len);
	}
	free(data);
	return (long)n;
}

/* Up to three bytes: one more takes days. */
static long run_exhaustive(const char *word)
{
	unsigned max = word[0] >= '0' && word[0] <= '3' && !word[1] ?
		(unsigned)(word[0] - '0') : 0;
	long n = 0;

	for (unsigned len = 0; len <= max && max && n >= 0; len++) {
		long more = run_length(len);

		n = more < 0 ? -1 : n + more;
	}
	return n;
}

int main(int argc, char **argv)
{
	long n;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE-OR-FOLDER...\n"
			"       %s --exhaustive 1|2|3\n", argv[0], argv[0]);
		return 2;
	}
	/* Blocks given back stay ours: most of the time went into fetching them again. */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	if (argc == 3 && !strcmp(argv[1], "--exhaustive"))
		n = run_exhaustive(argv[2]);
	else
		n = run_all(argv + 1);
	if (n <= 0) {
		fprintf(stderr, "nothing was run\n");
		return 1;
	}
	printf("%ld inputs\n", n);
	return 0;
}
