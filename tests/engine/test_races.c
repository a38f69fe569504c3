/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of a signed model is exchanged, rewritten, cut, grown or replaced by a link
 * while the model is checked.  The signed content runs a command when it is loaded,
 * the other one is harmless and unsigned: read alone, either is flagged.  Only a check
 * that looked into one and compared the other could say that all is well, so none
 * may, ever.  verify may, if the bytes that it read were signed.  What lies outside must
 * not be read at all.
 * STEELYARD_RACES: tries, for all ways together.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/support.h"
#include "verifier/digest/hasher.h"
#include "verifier/engine/check.h"
#include "verifier/engine/key_file.h"
#include "verifier/engine/sign.h"

#define TRIES 400		/* unless asked for more */
#define PAUSE_NS 500000		/* between turns: up to this, doubled up to four times */

/* os.system("true"), and a text of the same length. */
static const char signed_bytes[] = "\x80\x02" "cos\nsystem\nX\x04\0\0\0true\x85R.";
static const char other_bytes[] = "\x80\x02" "X\x11\0\0\0nothing but texts.";
static const char outside_bytes[] = "\x80\x02" "X\x11\0\0\0lies outside of m.";

#define LEN (sizeof(signed_bytes) - 1)

_Static_assert(sizeof(other_bytes) == sizeof(signed_bytes) &&
	       sizeof(outside_bytes) == sizeof(signed_bytes), "one length");

struct race;

/* A way to bring another content into place; `other` says which is to be there. */
struct way {
	const char *name;
	void (*turn)(struct race *race, bool other);
	bool is_file;		/* the file itself is named, not its folder */
	bool is_in_place;	/* nothing but times tells its turns apart */
};

enum outcome { SAW_SIGNED, SAW_OTHER, SAW_CHANGE, N_OUTCOMES };

struct race {
	struct sy_context ctx;
	const struct way *way;
	char folder[256], key[300];
	char model[300], file[320], signature[340];
	char spare[300], spare_file[320];	/* a second folder, with the other file */
	char outside[300], link[300];
	struct sy_digest signed_digest, outside_digest;
	atomic_bool is_over;
	uint64_t n_turns, random;
	uint64_t counts[N_OUTCOMES];
};

/* Ways.  A turn that fails because of the turn before it changes nothing. */

static void exchange(const char *a, const char *b)
{
	if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE))
		fail_msg("exchange: %s", strerror(errno));
}

static void by_name(struct race *race, bool other)
{
	(void)other;
	exchange(race->file, race->spare_file);
}

static void by_folder(struct race *race, bool other)
{
	(void)other;
	exchange(race->model, race->spare);
}

static void by_link(struct race *race, bool other)
{
	(void)other;
	exchange(race->file, race->link);
}

/* Times that a careful attacker sets back. */
static void write_in_place(const struct race *race, int flags, const char *bytes,
			   size_t len, bool sets_back)
{
	const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	int fd = open(race->file, O_WRONLY | O_CLOEXEC | flags);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, 0), len);
	if (sets_back)
		assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(close(fd), 0);
}

static void by_writing(struct race *race, bool other)
{
	write_in_place(race, 0, other ? other_bytes : signed_bytes, LEN, true);
}

static void by_cutting(struct race *race, bool other)
{
	write_in_place(race, O_TRUNC, other ? other_bytes : signed_bytes, LEN, false);
}

/* Another file's tail comes and goes with the content. */
static void by_growing(struct race *race, bool other)
{
	char longer[2 * LEN];

	memcpy(longer, other_bytes, LEN);
	memcpy(longer + LEN, other_bytes, LEN);
	if (other)
		write_in_place(race, 0, longer, sizeof(longer), true);
	else
		write_in_place(race, O_TRUNC, signed_bytes, LEN, true);
}

static void by_replacing(struct race *race, bool other)
{
	char fresh[340];

	snprintf(fresh, sizeof(fresh), "%s.new", race->spare_file);
	test_write_file(fresh, other ? other_bytes : signed_bytes, LEN);
	assert_int_equal(rename(fresh, race->file), 0);
}

static const struct way ways[] = {
	{ "names exchanged", by_name, false, false },
	{ "a named file exchanged", by_name, true, false },
	{ "folders exchanged", by_folder, false, false },
	{ "a link to the outside", by_link, false, false },
	{ "replaced by a new file", by_replacing, false, false },
	{ "rewritten, times set back", by_writing, false, true },
	{ "a named file rewritten", by_writing, true, true },
	{ "cut and written again", by_cutting, false, true },
	{ "grown and cut", by_growing, false, true },
};

/* The place: two folders, a file outside, a link to it. */

static enum sy_status sign(struct race *race)
{
	SY_OWNED(sy_private_key_free) struct sy_private_key *key = NULL;
	const struct sy_sign_output output = { SY_SIGN_OMS, race->signature };
	const struct sy_sign_options options = {
		.path = race->way->is_file ? race->file : race->model, .outputs = &output,
		.n_outputs = 1, .algorithm = SY_SHA256, .jobs = 1,
	};
	struct sy_passphrase none = { 0 };
	struct sy_sign run = { 0 };
	struct sy_secret file;
	char path[300];
	enum sy_status status;

	snprintf(path, sizeof(path), "%s/chain/signer-p256.key", test_vectors());
	status = sy_key_file_read(&race->ctx, path, &file);
	if (status != SY_OK)
		return status;
	status = sy_private_key_read(&race->ctx, sy_secret_span(&file), &none, &key);
	sy_secret_free(&file);
	if (status == SY_OK)
		status = sy_sign_run(&run, &race->ctx, &options, key);
	sy_sign_free(&run);
	return status;
}

static void put(const char *path, const char *bytes)
{
	(void)unlink(path);
	test_write_file(path, bytes, LEN);
}

static void copy(struct race *race, const char *from, const char *to)
{
	SY_OWNED(sy_arena_free) struct sy_arena arena;
	struct sy_span bytes;

	sy_arena_init(&arena, &race->ctx);
	bytes = test_read_file(&arena, from);
	test_write_file(to, bytes.data, bytes.len);
}

static void name_paths(struct race *race)
{
	test_tmpdir(race->folder, sizeof(race->folder));
	snprintf(race->key, sizeof(race->key), "%s/chain/signer-p256.pub", test_vectors());
	snprintf(race->model, sizeof(race->model), "%s/m", race->folder);
	snprintf(race->spare, sizeof(race->spare), "%s/spare", race->folder);
	snprintf(race->file, sizeof(race->file), "%s/w.pkl", race->model);
	snprintf(race->spare_file, sizeof(race->spare_file), "%s/w.pkl", race->spare);
	snprintf(race->outside, sizeof(race->outside), "%s/outside.pkl", race->folder);
	snprintf(race->link, sizeof(race->link), "%s/link", race->folder);
	if (race->way->is_file)
		snprintf(race->signature, sizeof(race->signature), "%s.sig", race->file);
	else
		snprintf(race->signature, sizeof(race->signature), "%s/model.sig", race->model);
}

/* Long after any change: nothing is waited for, and the race is closer. */
static int64_t end_of_time(void *user)
{
	(void)user;
	return INT64_MAX / 2;
}

/* The signed file in one folder, the other one in the other, the signature in both. */
static void set_up(struct race *race, const struct way *way)
{
	char beside[340];

	*race = (struct race){ .way = way, .random = UINT64_C(88172645463325252) };
	sy_context_init(&race->ctx);
	if (!way->is_in_place)
		race->ctx.clock.wall_s = end_of_time;
	name_paths(race);
	assert_int_equal(mkdir(race->model, 0755), 0);
	assert_int_equal(mkdir(race->spare, 0755), 0);
	put(race->file, signed_bytes);
	assert_int_equal(sign(race), SY_OK);
	snprintf(beside, sizeof(beside), "%s/model.sig", race->spare);
	copy(race, race->signature, beside);
	put(race->spare_file, other_bytes);
	put(race->outside, outside_bytes);
	assert_int_equal(symlink(race->outside, race->link), 0);
	assert_int_equal(sy_hash(&race->ctx, SY_SHA256, sy_span_of(outside_bytes, LEN),
				 &race->outside_digest), SY_OK);
	assert_int_equal(sy_hash(&race->ctx, SY_SHA256, sy_span_of(signed_bytes, LEN),
				 &race->signed_digest), SY_OK);
}

/* One check, and what it may never say. */

static bool has_digest(const struct sy_report *report, const struct sy_digest *wanted)
{
	for (size_t i = 0; i < report->n_artifacts; i++) {
		const struct sy_digest *digest = report->artifacts[i].digests[SY_SHA256];

		if (digest && sy_digest_equal(digest, wanted))
			return true;
	}
	return false;
}

static enum outcome outcome_of(const struct race *race, const struct sy_report *report)
{
	enum sy_answer inert = report->answers[SY_INERT], intact = report->answers[SY_INTACT];

	if (report->exit_code == 0 || (inert == SY_YES && intact == SY_YES))
		fail_msg("%s: harmless content and signed content in one verdict, exit %d",
			 race->way->name, report->exit_code);
	if (has_digest(report, &race->outside_digest))
		fail_msg("%s: the file outside was read", race->way->name);
	if (inert == SY_NO && intact == SY_YES)
		return SAW_SIGNED;
	return inert == SY_YES && intact == SY_NO ? SAW_OTHER : SAW_CHANGE;
}

static struct sy_report *ask(struct race *race, const char *command, unsigned asked)
{
	const char *path = race->way->is_file ? race->file : race->model;
	const char *const keys[] = { race->key };
	const struct sy_check_options options = {
		.command = command, .asked = asked, .is_weighing_all = true, .paths = &path,
		.n_paths = 1, .loader = sy_loader_find("any"), .fail_on = SY_HIGH, .jobs = 1,
		.vouch = { .keys = keys, .n_keys = 1 },
		.worker = STEELYARD_BINARY_DIR "/steelyard-worker",
	};
	struct sy_report *report = NULL;

	sy_error_clear(&race->ctx);
	if (sy_check(&race->ctx, &options, &report) != SY_OK)
		fail_msg("%s: %s", race->way->name, race->ctx.error.text);
	return report;
}

static enum outcome check(struct race *race)
{
	SY_OWNED(sy_report_free) struct sy_report *report = ask(race, "check", 0xf);

	return outcome_of(race, report);
}

/* Reads once: it may be content, if what it read is what was signed. */
static void verify(struct race *race)
{
	SY_OWNED(sy_report_free) struct sy_report *report =
		ask(race, "verify", 1u << SY_AUTHENTIC | 1u << SY_INTACT);

	if (report->exit_code == 0 && !has_digest(report, &race->signed_digest))
		fail_msg("%s: verified what was not signed", race->way->name);
	if (has_digest(report, &race->outside_digest))
		fail_msg("%s: verify read the file outside", race->way->name);
}

static uint64_t next_random(struct race *race)
{
	race->random ^= race->random << 13;
	race->random ^= race->random >> 7;
	race->random ^= race->random << 17;
	return race->random;
}

static void *swap(void *user)
{
	struct race *race = user;

	for (bool other = true; !atomic_load(&race->is_over); other = !other) {
		uint64_t most = (uint64_t)PAUSE_NS << next_random(race) % 5;
		struct timespec pause = { .tv_nsec = (long)(next_random(race) % most) };

		(void)nanosleep(&pause, NULL);
		race->way->turn(race, other);
		race->n_turns++;
	}
	return NULL;
}

/* Without a race: what each content alone leads to. */
static void check_each(struct race *race)
{
	assert_int_equal(check(race), SAW_SIGNED);
	race->way->turn(race, true);
	assert_int_equal(check(race), race->way->turn == by_link ? SAW_CHANGE : SAW_OTHER);
	race->way->turn(race, false);
	assert_int_equal(check(race), SAW_SIGNED);
}

/* Ways that make every check wait get a tenth of the tries that others get. */
static uint64_t n_tries(const struct way *way)
{
	const char *asked = getenv("STEELYARD_RACES");
	uint64_t total = asked ? strtoull(asked, NULL, 10) : TRIES;
	uint64_t parts = 0;

	for (size_t i = 0; i < SY_N_ELEMS(ways); i++)
		parts += ways[i].is_in_place ? 1 : 10;
	/* Each is a check and a verify. */
	return total / 2 * (way->is_in_place ? 1 : 10) / parts + 1;
}

static void run_way(const struct way *way, uint64_t totals[N_OUTCOMES])
{
	struct race race;
	pthread_t thread;
	uint64_t n = n_tries(way);

	set_up(&race, way);
	check_each(&race);
	assert_int_equal(pthread_create(&thread, NULL, swap, &race), 0);
	for (uint64_t i = 0; i < n; i++) {
		race.counts[check(&race)]++;
		verify(&race);
	}
	atomic_store(&race.is_over, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	print_message("%s: %llu checks, %llu turns: %llu saw the signed one, %llu the other, "
		      "%llu a change\n", way->name, (unsigned long long)n,
		      (unsigned long long)race.n_turns,
		      (unsigned long long)race.counts[SAW_SIGNED],
		      (unsigned long long)race.counts[SAW_OTHER],
		      (unsigned long long)race.counts[SAW_CHANGE]);
	for (size_t i = 0; i < N_OUTCOMES; i++)
		totals[i] += race.counts[i];
	test_rmtree(race.folder);
}

static void test_races(void **state)
{
	uint64_t totals[N_OUTCOMES] = { 0 }, n = 0;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(ways); i++)
		run_way(&ways[i], totals);
	/* Races that always end alike are none. */
	for (size_t i = 0; i < N_OUTCOMES; i++)
		assert_true(totals[i] > 0);
	for (size_t i = 0; i < SY_N_ELEMS(ways); i++)
		n += n_tries(&ways[i]);
	print_message("%llu races, none was won\n", (unsigned long long)(2 * n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_races),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
