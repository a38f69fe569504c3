/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target without a fuzzer: over each file named, and each file
 * below each folder named.  So a corpus, ours or one that a fuzzer has grown,
 * is a plain regression test.  Each input lies in a block of just its size,
 * where a sanitizer sees a byte too far.
 */
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

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

int main(int argc, char **argv)
{
	long n;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE-OR-FOLDER...\n", argv[0]);
		return 2;
	}
	n = run_all(argv + 1);
	if (n <= 0) {
		fprintf(stderr, "nothing was run\n");
		return 1;
	}
	printf("%ld inputs\n", n);
	return 0;
}
