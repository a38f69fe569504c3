/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The weighing stage of a check: every regular file of the model is read once, for its
 * own digests and for what is asked about its tensors; and the digests that a download
 * left behind are compared.
 */
#include "verifier/digest/weigh.h"
#include "verifier/engine/check.h"
#include "verifier/engine/diff.h"
#include "verifier/engine/passing_tensors.h"

struct stage {
	struct sy_check *check;
	struct sy_weigh weigh;
	struct sy_passing_tensors *passing;	/* of each job */
	size_t cap_jobs;
	uint64_t n_before, n_total;	/* bytes of earlier batches, and of all */
	uint64_t weigh_bytes;		/* of this batch */
	uint64_t n_compared, n_matching;
};

/* What tensor digests do not tell apart. */
static bool is_to_compare(const struct sy_artifact *artifact)
{
	return !artifact->is_beside &&
	       (artifact->n_kept_tensors == 0 || sy_diff_is_odd(artifact));
}

/* Digests that are reported of every file, and those that a signature compares. */
static unsigned algorithms_of(const struct sy_check *check, size_t entry)
{
	const struct sy_entry *e = &check->inventory.entries[entry];
	unsigned algorithms = sy_vouch_algorithms(check->vouch, entry);

	if (check->options->is_comparing)
		algorithms = is_to_compare(&check->report->artifacts[entry])
				     ? 1u << SY_SHA256 : 0;
	if (e->kind != SY_ENTRY_FILE ||
	    check->report->artifacts[entry].scope == SY_SCOPE_EXCLUDED)
		return 0;
	if (!check->options->is_weighing_all ||
	    (e->place != SY_PLACE_PLAIN && e->place != SY_PLACE_CACHE_SNAPSHOT))
		return algorithms;
	if (e->has_expected)
		algorithms |= 1u << e->expected.algorithm;
	return algorithms | 1u << SY_SHA256;
}

static enum sy_status open_job(void *user, size_t id, struct sy_context *ctx,
			       struct sy_source *source)
{
	const struct stage *stage = user;

	return sy_entry_open(&stage->check->inventory, id, ctx, source);
}

static void progress(void *user, uint64_t n_done, uint64_t n_total)
{
	const struct stage *stage = user;
	const struct sy_check_options *options = stage->check->options;

	(void)n_total;		/* of the batch */
	options->progress(options->progress_user, stage->n_before + n_done,
			  stage->n_total);
}

/* Jobs are made in batches, so that a million small files stay small here too. */
#define BATCH_JOBS 16384u

static enum sy_status add_job(struct stage *stage, size_t i)
{
	const struct sy_entry *entry = &stage->check->inventory.entries[i];
	struct sy_passing_tensors *passing = &stage->passing[stage->weigh.n_jobs];
	struct sy_weigh_job *job = &stage->weigh.jobs[stage->weigh.n_jobs++];

	*job = (struct sy_weigh_job){
		.id = i, .size = entry->identity.size,
		.algorithms = algorithms_of(stage->check, i),
	};
	stage->weigh_bytes += job->size;
	return sy_passing_tensors_plan(stage->check, job, passing);
}

static enum sy_status compare_expected(struct stage *stage,
				       const struct sy_weigh_job *job)
{
	const struct sy_entry *entry = &stage->check->inventory.entries[job->id];
	const struct sy_digest *found = &job->digests[entry->expected.algorithm];
	char want[2 * SY_DIGEST_MAX + 1], have[2 * SY_DIGEST_MAX + 1];

	if (!entry->has_expected || found->len == 0)
		return SY_OK;
	stage->n_compared++;
	if (sy_digest_equal(found, &entry->expected)) {
		stage->n_matching++;
		return SY_OK;
	}
	sy_digest_hex(&entry->expected, want);
	sy_digest_hex(found, have);
	return sy_check_find(stage->check, job->id, SY_RULE_DIGEST_EXPECTED_MISMATCH,
			     "the %s says %s %s, the bytes have %s",
			     entry->expected_from,
			     sy_algorithm_name(entry->expected.algorithm), want, have);
}

static enum sy_status take_job(struct stage *stage, const struct sy_weigh_job *job)
{
	struct sy_check *check = stage->check;
	struct sy_artifact *artifact = &check->report->artifacts[job->id];
	enum sy_status status = SY_OK;

	artifact->bytes_hashed = job->n_read;
	if (job->status != SY_OK)
		return sy_check_failed(check, job->id, job->status, job->why);
	for (unsigned a = 0; a < SY_N_ALGORITHMS && status == SY_OK; a++) {
		if (job->digests[a].len > 0)
			status = sy_report_add_digest(check->report, job->id,
						      &job->digests[a]);
	}
	return status == SY_OK ? compare_expected(stage, job) : status;
}

static enum sy_status note_compared(struct stage *stage)
{
	if (stage->n_compared == 0)
		return SY_OK;
	return sy_report_add_notice(stage->check->report, "download-digests",
				    sy_span_of(NULL, 0),
				    "%llu of %llu files match the digests that the "
				    "download left behind; whoever can change a file "
				    "can change those too",
				    (unsigned long long)stage->n_matching,
				    (unsigned long long)stage->n_compared);
}

static enum sy_status run_batch(struct stage *stage)
{
	enum sy_status status;

	if (stage->weigh.n_jobs == 0)
		return SY_OK;
	status = sy_weigh_run(stage->check->ctx, &stage->weigh);
	for (size_t i = 0; i < stage->weigh.n_jobs; i++) {
		const struct sy_weigh_job *job = &stage->weigh.jobs[i];
		enum sy_status taken = take_job(stage, job);

		if (taken == SY_OK)
			taken = sy_passing_tensors_take(stage->check, job,
							&stage->passing[i]);
		sy_passing_tensors_free(stage->check->ctx, &stage->passing[i]);
		if (status == SY_OK)
			status = taken;
	}
	stage->n_before += stage->weigh_bytes;
	stage->weigh_bytes = 0;
	stage->weigh.n_jobs = 0;
	return status;
}

static uint64_t all_bytes(const struct sy_check *check)
{
	uint64_t n = 0;

	for (size_t i = 0; i < check->inventory.n_entries; i++)
		n += algorithms_of(check, i) ? check->inventory.entries[i].identity.size
					  : 0;
	return n;
}

static enum sy_status run_all(struct stage *stage)
{
	struct sy_check *check = stage->check;
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < check->inventory.n_entries && status == SY_OK; i++) {
		if (!algorithms_of(check, i))
			continue;
		status = add_job(stage, i);
		if (status == SY_OK && stage->weigh.n_jobs == stage->cap_jobs)
			status = run_batch(stage);
	}
	return status == SY_OK ? run_batch(stage) : status;
}

enum sy_status sy_check_weigh(struct sy_check *check)
{
	size_t n = check->inventory.n_entries + 1;
	struct stage stage = {
		.check = check,
		.cap_jobs = n < BATCH_JOBS ? n : BATCH_JOBS,
		.n_total = all_bytes(check),
		.weigh = { .open = open_job, .n_threads = check->options->jobs },
	};
	enum sy_status status;

	stage.weigh.user = &stage;
	stage.weigh.progress = check->options->progress ? progress : NULL;
	stage.weigh.jobs = sy_alloc_array(check->ctx, stage.cap_jobs,
					  sizeof(*stage.weigh.jobs));
	stage.passing = sy_alloc_array(check->ctx, stage.cap_jobs, sizeof(*stage.passing));
	status = stage.weigh.jobs && stage.passing ? run_all(&stage)
						   : sy_memory_status(check->ctx);
	for (size_t i = 0; stage.passing && i < stage.weigh.n_jobs; i++)
		sy_passing_tensors_free(check->ctx, &stage.passing[i]);
	if (status == SY_OK)
		status = note_compared(&stage);
	sy_release(check->ctx, stage.passing);
	sy_release(check->ctx, stage.weigh.jobs);
	return status;
}
