/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain pickle file: whatever its name, one or more streams of opcodes, judged by
 * what loading them would import and call.  Nothing is unpickled.
 */
#include "formats/nest.h"
#include "formats/payload.h"
#include "formats/pickle/streams.h"

extern const struct sy_format sy_format_zip;

static const char *const suffixes[] = {
	".bin", ".ckpt", ".dill", ".joblib", ".p", ".pdparams", ".pickle", ".pkl", ".pt",
	".pth", NULL,
};

static unsigned bid(const struct sy_probe *probe)
{
	if (probe->head.len >= 2 && probe->head.data[0] == 0x80 && probe->head.data[1] >= 2 &&
	    probe->head.data[1] <= 5)
		return sy_pickle_begins(probe->head, probe->size) ? 32 : 14;
	return sy_pickle_begins(probe->head, probe->size) ? 24 : 0;
}

/* Streams tile the file up to their end; what follows is told apart. */
static enum sy_status emit_extents(struct sy_inspection *in, const struct sy_pickle_sum *sum)
{
	enum sy_status status = SY_OK;

	if (sum->end > 0)
		status = sy_emit_extent(in, SY_EXTENT_HEADER, 0, sum->end);
	if (status == SY_OK && sum->end < in->source->size)
		status = sy_emit_extent(in, SY_EXTENT_UNKNOWN, sum->end,
					in->source->size - sum->end);
	return status;
}

/* A pickle is read from the front, an archive from the end: both are looked at. */
static enum sy_status other_reading(struct sy_inspection *in, const struct sy_pickle_sum *sum)
{
	struct sy_member member = { .name = sy_span_str("(as a ZIP archive)"),
				    .len = in->source->size, .size = in->source->size,
				    .format = &sy_format_zip };
	struct sy_zip_tail tail;
	bool is_found = false;
	enum sy_status status = SY_OK;

	if (sum->end < in->source->size)
		status = sy_zip_tail_find(in, &tail, &is_found);
	if (status != SY_OK || !is_found || tail.off < sum->end)
		return status;
	status = sy_fact(in, SY_RULE_CONTENT_POLYGLOT_FOUND, tail.dir_off,
			 in->source->size - tail.dir_off, sy_span_str("zip"), "a ZIP reader opens "
			 "the directory at byte %llu: %llu entries",
			 (unsigned long long)tail.dir_off, (unsigned long long)tail.n_entries);
	return status == SY_OK ? sy_nest_add(in, &member) : status;
}

static enum sy_status inspect(struct sy_inspection *in)
{
	struct sy_pickle_sum sum;
	enum sy_status status = sy_pickle_streams(in, 0, in->source->size, NULL, &sum);

	in->bytes_parsed += sum.end;
	if (status == SY_OK)
		status = emit_extents(in, &sum);
	if (status == SY_OK)
		status = other_reading(in, &sum);
	if (status == SY_OK)
		status = sy_emit_artifact(in, "pickle", 0, "%llu opcodes in %llu %s",
					  (unsigned long long)sum.n_opcodes,
					  (unsigned long long)sum.n_streams,
					  sum.n_streams == 1 ? "pickle" : "pickles");
	return status;
}

const struct sy_format sy_format_pickle = {
	.name = "pickle",
	.title = "a pickle",
	.spec = "CPython Lib/pickle.py, Modules/_pickle.c",
	.class = SY_CLASS_PICKLE,
	.suffixes = suffixes,
	.bid = bid,
	.inspect = inspect,
};
