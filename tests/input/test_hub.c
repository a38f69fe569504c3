/* SPDX-License-Identifier: Apache-2.0 */
/* The layouts of huggingface_hub: names, promised digests, real directories. */
#include "verifier/input/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "tests/input/tree.h"

#define SHA256_A "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_B "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define GIT_C "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
#define REPO "hub/models--org--name"
#define REV_1 "1111111111111111111111111111111111111111"
#define REV_2 "2222222222222222222222222222222222222222"

static enum sy_hub_zone zone_of(const char *path)
{
	enum sy_hub_zone zone = SY_ZONE_PLAIN;
	char copy[512], *rest, *name;

	snprintf(copy, sizeof(copy), "%s", path);
	for (name = strtok_r(copy, "/", &rest); name;
	     name = strtok_r(NULL, "/", &rest))
		zone = sy_hub_enter(zone, sy_span_str(name));
	return zone;
}

/* Directory, file, size: what place? */
static const struct {
	const char *dir, *name;
	uint64_t size;
	enum sy_place place;
} places[] = {
	{ "", "model.safetensors", 9, SY_PLACE_PLAIN },
	{ "a/b", "model.safetensors", 9, SY_PLACE_PLAIN },
	{ ".git", "config", 9, SY_PLACE_GIT },
	{ "a/.git/lfs/objects/ab", "x.incomplete", 9, SY_PLACE_GIT },
	{ ".git/.cache/huggingface", "x", 9, SY_PLACE_GIT },
	{ ".github", "x", 9, SY_PLACE_PLAIN },
	{ ".GIT", "x", 9, SY_PLACE_PLAIN },
	{ ".cache", "x", 9, SY_PLACE_PLAIN },
	{ ".cache/other", "x", 9, SY_PLACE_PLAIN },
	{ ".cache/huggingface", ".gitignore", 9, SY_PLACE_LOCAL_METADATA },
	{ ".cache/huggingface", "model.bin", 9, SY_PLACE_PLAIN },
	{ ".cache/huggingface/download/a", "x.metadata", 9, SY_PLACE_LOCAL_METADATA },
	{ ".cache/huggingface/download", "x.lock", 0, SY_PLACE_LOCAL_METADATA },
	{ ".cache/huggingface/download", "x.incomplete", 9, SY_PLACE_INCOMPLETE },
	{ ".cache/huggingface/trees", "x.json", 9, SY_PLACE_LOCAL_METADATA },
	{ ".cache/huggingface/else", "x", 9, SY_PLACE_PLAIN },
	{ ".cache/huggingface/" REPO "/snapshots/r", "x", 9, SY_PLACE_CACHE_SNAPSHOT },
	{ REPO, "x", 9, SY_PLACE_PLAIN },
	{ REPO "/blobs", SHA256_A, 9, SY_PLACE_CACHE_INTERNAL },
	{ REPO "/blobs", GIT_C, 9, SY_PLACE_CACHE_INTERNAL },
	{ REPO "/blobs", SHA256_A "0", 9, SY_PLACE_PLAIN },
	{ REPO "/blobs", "pytorch_model.bin", 9, SY_PLACE_PLAIN },
	{ REPO "/blobs", SHA256_A ".incomplete", 9, SY_PLACE_INCOMPLETE },
	{ REPO "/blobs/deeper", SHA256_A, 9, SY_PLACE_PLAIN },
	{ REPO "/refs", "main", 40, SY_PLACE_CACHE_INTERNAL },
	{ REPO "/refs/pr", "1", 40, SY_PLACE_CACHE_INTERNAL },
	{ REPO "/refs", "model.bin", 4000, SY_PLACE_PLAIN },
	{ REPO "/trees", REV_1 ".json", 4000, SY_PLACE_CACHE_INTERNAL },
	{ REPO "/trees", "model.bin", 4000, SY_PLACE_PLAIN },
	{ REPO "/.no_exist/" REV_1, "x.json", 0, SY_PLACE_CACHE_INTERNAL },
	{ REPO "/.no_exist/" REV_1, "x.bin", 1, SY_PLACE_PLAIN },
	{ "hub/.locks/models--org--name", "x.lock", 0, SY_PLACE_CACHE_INTERNAL },
	{ "hub/.locks/models--org--name", "x.bin", 1, SY_PLACE_PLAIN },
	{ REPO "/snapshots/" REV_1, "x", 9, SY_PLACE_CACHE_SNAPSHOT },
	{ REPO "/snapshots/" REV_1 "/vae", "x", 9, SY_PLACE_CACHE_SNAPSHOT },
	{ REPO "/snapshots/" REV_1, "x.part", 9, SY_PLACE_INCOMPLETE },
	{ "datasets--o--n/snapshots/r", "x", 9, SY_PLACE_CACHE_SNAPSHOT },
	{ "spaces--o--n/refs", "main", 9, SY_PLACE_CACHE_INTERNAL },
	{ "blobs", SHA256_A, 9, SY_PLACE_PLAIN },
	{ "snapshots/r", "x", 9, SY_PLACE_PLAIN },
	{ "", "model.gguf.part", 9, SY_PLACE_INCOMPLETE },
	{ "", "model.gguf.aria2", 9, SY_PLACE_INCOMPLETE },
	{ "", "model.gguf.crdownload", 9, SY_PLACE_INCOMPLETE },
	{ "", "part", 9, SY_PLACE_PLAIN },
};

static void test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(places); i++) {
		enum sy_place place = sy_hub_place(zone_of(places[i].dir),
						   sy_span_str(places[i].name),
						   places[i].size);

		if (place != places[i].place)
			fail_msg("%s/%s: place %d, not %d", places[i].dir,
				 places[i].name, (int)place, (int)places[i].place);
	}
}

static void test_locate(void **state)
{
	struct sy_hub_spot spot;

	(void)state;
	spot = sy_hub_locate(sy_span_str("/home/u/models"));
	assert_int_equal(spot.zone, SY_ZONE_PLAIN);
	assert_int_equal(spot.repo_len, 0);
	spot = sy_hub_locate(sy_span_str("/c/models--o--n/snapshots/r/vae"));
	assert_int_equal(spot.zone, SY_ZONE_SNAPSHOT);
	assert_int_equal(spot.repo_len, strlen("/c/models--o--n"));
	assert_int_equal(spot.repo_depth, 3);
	spot = sy_hub_locate(sy_span_str("/c/models--o--n"));
	assert_int_equal(spot.zone, SY_ZONE_REPO);
	assert_int_equal(spot.repo_depth, 0);
	spot = sy_hub_locate(sy_span_str("/c/models--o--n/blobs"));
	assert_int_equal(spot.zone, SY_ZONE_BLOBS_NAMED);
	/* Whoever names such a folder wants its files examined. */
	spot = sy_hub_locate(sy_span_str("/c/models--o--n/refs"));
	assert_int_equal(spot.zone, SY_ZONE_PLAIN);
	assert_int_equal(spot.repo_len, 0);
	spot = sy_hub_locate(sy_span_str("/c/x/.git/modules"));
	assert_int_equal(spot.zone, SY_ZONE_PLAIN);
}

static bool is_blob_link(const char *target, size_t depth, const char *want)
{
	struct sy_span name;

	return sy_hub_blob_link(sy_span_str(target), depth, &name) &&
	       sy_span_is(name, want);
}

static void test_blob_link(void **state)
{
	(void)state;
	assert_true(is_blob_link("../../blobs/x", 2, "x"));
	assert_true(is_blob_link("../../../blobs/x", 3, "x"));
	assert_false(is_blob_link("../../blobs/x", 1, "x"));
	assert_false(is_blob_link("../../blobs/x", 3, "x"));
	assert_false(is_blob_link("../../blobs/", 2, ""));
	assert_false(is_blob_link("../../blobs/..", 2, ".."));
	assert_false(is_blob_link("../../blobs/x/y", 2, "x/y"));
	assert_false(is_blob_link("../../blobs", 2, ""));
	assert_false(is_blob_link("../..", 2, ""));
	assert_false(is_blob_link("../../refs/main", 2, "main"));
	assert_false(is_blob_link("/x/../blobs/x", 2, "x"));
	assert_false(is_blob_link("", 2, ""));
}

static bool promises(const char *metadata, int64_t mtime_s, const char *hex)
{
	char got[2 * SY_DIGEST_MAX + 1];
	struct sy_digest digest;

	if (!sy_hub_metadata_digest(sy_span_str(metadata),
				    mtime_s * INT64_C(1000000000), &digest))
		return false;
	sy_digest_hex(&digest, got);
	return !strcmp(got, hex);
}

static void test_metadata(void **state)
{
	static const char whole[] = REV_1 "\n" SHA256_A "\n1700000000.25\n";

	(void)state;
	assert_true(promises(whole, 1700000000, SHA256_A));
	assert_true(promises(whole, 1700000001, SHA256_A));
	assert_false(promises(whole, 1700000002, SHA256_A));
	assert_true(promises(whole, 0, SHA256_A));
	assert_true(promises("c\n" GIT_C "\n1700000000\n", 1700000001, GIT_C));
	assert_true(promises("c\r\n" GIT_C "\r\n1700000000\r\n", 1700000001, GIT_C));
	assert_true(promises("c\n" GIT_C "\n1700000000.1234567890123", 5, GIT_C));
	assert_false(promises("c\n" GIT_C "\n", 5, GIT_C));
	assert_false(promises("c\n" GIT_C "\n1e9\n", 5, GIT_C));
	assert_false(promises("c\n" GIT_C "\n-1.0\n", 5, GIT_C));
	assert_false(promises("c\n" GIT_C "\n99999999999999999999\n", 5, GIT_C));
	assert_false(promises("c\n" GIT_C "\n9223372036.9999\n", INT64_MIN / 1000000000,
			      GIT_C));
	assert_false(promises("c\nW/\"abc\"\n1700000000\n", 5, ""));
	assert_false(promises("", 5, ""));
	for (size_t n = 0; n < sizeof(whole) - 4; n++) {
		struct sy_digest digest;

		assert_false(sy_hub_metadata_digest(sy_span_of(whole, n),
				INT64_C(1700000002) * 1000000000, &digest));
	}
}

/* --- a cache on disk ----------------------------------------------------------- */

static void make_cache(void)
{
	tree_file(REPO "/blobs/" SHA256_A, "weights");
	tree_file(REPO "/blobs/" GIT_C, "config");
	tree_file(REPO "/blobs/" SHA256_B, "nobody links me");
	tree_file(REPO "/blobs/" SHA256_B ".incomplete", "half");
	tree_file(REPO "/refs/main", REV_1);
	tree_file(REPO "/trees/" REV_1 ".json", "{}");
	tree_file(REPO "/.no_exist/" REV_1 "/added_tokens.json", "");
	tree_link("../../blobs/" SHA256_A, REPO "/snapshots/" REV_1 "/model.safetensors");
	tree_link("../../../blobs/" GIT_C, REPO "/snapshots/" REV_1 "/vae/config.json");
	tree_link("../../blobs/" SHA256_A, REPO "/snapshots/" REV_2 "/model.safetensors");
	tree_link("../../blobs/pruned", REPO "/snapshots/" REV_2 "/gone.bin");
}

static void expect_blob(const struct tree *t, const char *path,
			enum sy_algorithm algorithm, const char *hex)
{
	const struct sy_entry *entry = tree_entry(t, path);
	char got[2 * SY_DIGEST_MAX + 1];

	assert_int_equal(entry->kind, SY_ENTRY_FILE);
	assert_true(entry->has_expected);
	assert_string_equal(entry->expected_from, "cache blob name");
	assert_int_equal(entry->expected.algorithm, algorithm);
	sy_digest_hex(&entry->expected, got);
	assert_string_equal(got, hex);
}

static void check_repo(struct tree *t, const char *prefix)
{
	char path[512];
	const struct sy_entry *entry;

	snprintf(path, sizeof(path), "%s/snapshots/" REV_1 "/model.safetensors", prefix);
	expect_blob(t, path, SY_SHA256, SHA256_A);
	tree_expect_text(t, path, "weights");
	assert_int_equal(tree_entry(t, path)->place, SY_PLACE_CACHE_SNAPSHOT);
	snprintf(path, sizeof(path), "%s/snapshots/" REV_1 "/vae/config.json", prefix);
	expect_blob(t, path, SY_GIT_BLOB, GIT_C);
	tree_expect_text(t, path, "config");
	snprintf(path, sizeof(path), "%s/snapshots/" REV_2 "/model.safetensors", prefix);
	assert_int_not_equal(tree_entry(t, path)->hard_link, SIZE_MAX);
	snprintf(path, sizeof(path), "%s/snapshots/" REV_2 "/gone.bin", prefix);
	assert_int_equal(tree_entry(t, path)->kind, SY_ENTRY_LINK_DANGLING);
	assert_int_equal(tree_entry(t, path)->place, SY_PLACE_CACHE_SNAPSHOT);
	/* Shown by a snapshot: once.  Not shown: listed, with its promise. */
	snprintf(path, sizeof(path), "%s/blobs/" SHA256_A, prefix);
	assert_false(tree_has(t, path));
	snprintf(path, sizeof(path), "%s/blobs/" SHA256_B, prefix);
	entry = tree_entry(t, path);
	assert_int_equal(entry->place, SY_PLACE_CACHE_INTERNAL);
	assert_true(entry->has_expected);
	snprintf(path, sizeof(path), "%s/blobs/" SHA256_B ".incomplete", prefix);
	assert_int_equal(tree_entry(t, path)->place, SY_PLACE_INCOMPLETE);
	assert_int_equal(t->inventory.n_entries, 9);
}

static void test_named_hub(void **state)
{
	struct tree *t = *state;

	make_cache();
	tree_walk(t, "hub");
	check_repo(t, REPO);
}

static void test_named_repository(void **state)
{
	struct tree *t = *state;

	make_cache();
	tree_walk(t, REPO);
	check_repo(t, REPO);
	tree_walk_again(t);
	assert_int_equal(chdir(REPO), 0);
	tree_walk(t, ".");
	check_repo(t, ".");
	assert_int_equal(chdir(t->dir), 0);
}

static void test_named_snapshot(void **state)
{
	struct tree *t = *state;

	make_cache();
	tree_walk(t, REPO "/snapshots/" REV_1);
	assert_int_equal(t->inventory.n_entries, 2);
	expect_blob(t, REPO "/snapshots/" REV_1 "/model.safetensors", SY_SHA256, SHA256_A);
	expect_blob(t, REPO "/snapshots/" REV_1 "/vae/config.json", SY_GIT_BLOB, GIT_C);
	tree_expect_text(t, REPO "/snapshots/" REV_1 "/model.safetensors", "weights");
	tree_expect_text(t, REPO "/snapshots/" REV_1 "/vae/config.json", "config");
	tree_walk_again(t);

	/* Below it; through a link of the user's own; all snapshots. */
	tree_walk(t, REPO "/snapshots/" REV_1 "/vae/");
	tree_expect_text(t, REPO "/snapshots/" REV_1 "/vae/config.json", "config");
	tree_walk_again(t);
	tree_link(REPO "/snapshots/" REV_1, "mine");
	tree_walk(t, "mine");
	tree_expect_text(t, "mine/vae/config.json", "config");
	tree_walk_again(t);
	tree_walk(t, REPO "/snapshots");
	assert_int_equal(t->inventory.n_entries, 4);
	assert_int_equal(tree_entry(t, REPO "/snapshots/" REV_2 "/gone.bin")->kind,
			 SY_ENTRY_LINK_DANGLING);
	tree_expect_text(t, REPO "/snapshots/" REV_2 "/model.safetensors", "weights");
}

static void test_named_snapshot_file(void **state)
{
	struct tree *t = *state;

	make_cache();
	tree_walk(t, REPO "/snapshots/" REV_1 "/model.safetensors");
	assert_int_equal(t->inventory.n_entries, 1);
	expect_blob(t, REPO "/snapshots/" REV_1 "/model.safetensors", SY_SHA256, SHA256_A);
	assert_string_equal(t->inventory.entries[0].base, "model.safetensors");
	assert_int_equal(t->inventory.entries[0].place, SY_PLACE_CACHE_SNAPSHOT);
	tree_walk_again(t);
	tree_walk(t, REPO "/blobs/" SHA256_A);
	expect_blob(t, REPO "/blobs/" SHA256_A, SY_SHA256, SHA256_A);
	assert_int_equal(t->inventory.entries[0].place, SY_PLACE_PLAIN);
	tree_walk_again(t);
	tree_walk(t, REPO "/blobs");
	assert_int_equal(tree_entry(t, REPO "/blobs/" SHA256_A)->place, SY_PLACE_PLAIN);
	expect_blob(t, REPO "/blobs/" SHA256_A, SY_SHA256, SHA256_A);
}

/* Links that only look like a cache's. */
static void test_strange_snapshot(void **state)
{
	struct tree *t = *state;
	static const char snapshot[] = REPO "/snapshots/" REV_1;

	make_cache();
	tree_file("hub/models--org--other/blobs/" SHA256_B, "other");
	tree_link("../../../models--org--other/blobs/" SHA256_B, REPO "/snapshots/" REV_1 "/a");
	tree_link("../../refs/main", REPO "/snapshots/" REV_1 "/b");
	tree_link("../../blobs/../refs/main", REPO "/snapshots/" REV_1 "/c");
	tree_link("/etc/passwd", REPO "/blobs/evil");
	tree_link("../../blobs/evil", REPO "/snapshots/" REV_1 "/d");
	tree_file(REPO "/blobs/not-a-digest", "x");
	tree_link("../../blobs/not-a-digest", REPO "/snapshots/" REV_1 "/e");
	tree_walk(t, snapshot);
	assert_int_equal(tree_entry(t, REPO "/snapshots/" REV_1 "/a")->kind, SY_ENTRY_LINK_OUT);
	assert_int_equal(tree_entry(t, REPO "/snapshots/" REV_1 "/b")->kind, SY_ENTRY_LINK_OUT);
	assert_int_equal(tree_entry(t, REPO "/snapshots/" REV_1 "/c")->kind, SY_ENTRY_LINK_OUT);
	assert_int_not_equal(tree_entry(t, REPO "/snapshots/" REV_1 "/d")->kind, SY_ENTRY_FILE);
	assert_int_equal(tree_entry(t, REPO "/snapshots/" REV_1 "/e")->kind, SY_ENTRY_FILE);
	assert_false(tree_entry(t, REPO "/snapshots/" REV_1 "/e")->has_expected);
}

/* A blob that is swapped for a link after the walk is not read. */
static void test_swapped_blob(void **state)
{
	struct tree *t = *state;

	make_cache();
	tree_file("secret", "secret!");
	tree_walk(t, REPO "/snapshots/" REV_1);
	assert_int_equal(unlink(REPO "/blobs/" SHA256_A), 0);
	tree_link("../../../secret", REPO "/blobs/" SHA256_A);
	tree_expect_failure(t, REPO "/snapshots/" REV_1 "/model.safetensors",
			    SY_CHANGED, "not the file any more");
}

/* --- --local-dir --------------------------------------------------------------- */

static void write_metadata(const char *path, const char *etag, long when)
{
	char text[512];

	snprintf(text, sizeof(text), REV_1 "\n%s\n%ld.5\n", etag, when);
	tree_file(path, text);
}

static void test_local_dir(void **state)
{
	struct tree *t = *state;
	long now = (long)time(NULL);

	tree_file("m/model.safetensors", "weights");
	tree_file("m/vae/config.json", "{}");
	tree_file("m/edited.json", "{}");
	tree_file("m/other.txt", "-");
	tree_file("m/.cache/huggingface/.gitignore", "*");
	write_metadata("m/.cache/huggingface/download/model.safetensors.metadata",
		       SHA256_A, now);
	write_metadata("m/.cache/huggingface/download/vae/config.json.metadata", GIT_C, now);
	write_metadata("m/.cache/huggingface/download/edited.json.metadata", GIT_C, now - 60);
	tree_walk(t, "m");
	assert_int_equal(t->inventory.n_entries, 8);
	assert_true(tree_entry(t, "m/model.safetensors")->has_expected);
	assert_int_equal(tree_entry(t, "m/model.safetensors")->expected.algorithm, SY_SHA256);
	assert_string_equal(tree_entry(t, "m/model.safetensors")->expected_from,
			    "local-dir metadata");
	assert_int_equal(tree_entry(t, "m/vae/config.json")->expected.algorithm, SY_GIT_BLOB);
	assert_false(tree_entry(t, "m/edited.json")->has_expected);
	assert_false(tree_entry(t, "m/other.txt")->has_expected);
	assert_int_equal(tree_entry(t, "m/.cache/huggingface/.gitignore")->place,
			 SY_PLACE_LOCAL_METADATA);
	tree_walk_again(t);

	/* The folder above; a file of it alone; the folder as ".". */
	tree_walk(t, ".");
	assert_true(tree_entry(t, "./m/model.safetensors")->has_expected);
	assert_true(tree_entry(t, "./m/vae/config.json")->has_expected);
	tree_walk_again(t);
	tree_walk(t, "m/model.safetensors");
	assert_true(tree_entry(t, "m/model.safetensors")->has_expected);
	tree_walk_again(t);
	assert_int_equal(chdir("m"), 0);
	tree_walk(t, "model.safetensors");
	assert_true(tree_entry(t, "model.safetensors")->has_expected);
	assert_int_equal(chdir(t->dir), 0);
}

/* Metadata that is a FIFO, a link out, huge: no promise, and no waiting. */
static void test_hostile_metadata(void **state)
{
	struct tree *t = *state;
	static char big[8192];

	memset(big, 'x', sizeof(big) - 1);
	tree_file("m/a", "a");
	tree_file("m/b", "b");
	tree_file("m/c", "c");
	write_metadata("outside", SHA256_A, (long)time(NULL));
	tree_dir("m/.cache/huggingface/download");
	assert_int_equal(mkfifo("m/.cache/huggingface/download/a.metadata", 0600), 0);
	tree_link("../../../../outside", "m/.cache/huggingface/download/b.metadata");
	tree_file("m/.cache/huggingface/download/c.metadata", big);
	tree_walk(t, "m");
	assert_false(tree_entry(t, "m/a")->has_expected);
	assert_false(tree_entry(t, "m/b")->has_expected);
	assert_false(tree_entry(t, "m/c")->has_expected);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_locate),
		cmocka_unit_test(test_blob_link),
		cmocka_unit_test(test_metadata),
		CASE(test_named_hub),
		CASE(test_named_repository),
		CASE(test_named_snapshot),
		CASE(test_named_snapshot_file),
		CASE(test_strange_snapshot),
		CASE(test_swapped_blob),
		CASE(test_local_dir),
		CASE(test_hostile_metadata),
	};

	return cmocka_run_group_tests_name("hub", tests, NULL, NULL);
}
