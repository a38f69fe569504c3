/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain pickle file: whatever its name, one or more streams of opcodes, judged by
 * what loading them would import and call.  Nothing is unpickled.
 */
#include "formats/nest.h"
#include "formats/payload.h"
#include "formats/torch_legacy.h"

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

static enum sy_status end_plain(struct sy_inspection *in, const struct sy_pickle_sum *sum)
{
	enum sy_status status = emit_extents(in, sum);

	if (status == SY_OK)
		status = other_reading(in, sum);
	if (status != SY_OK)
		return status;
	return sy_emit_artifact(in, "pickle", 0, "%llu opcodes in %llu %s",
				(unsigned long long)sum->n_opcodes,
				(unsigned long long)sum->n_streams,
				sum->n_streams == 1 ? "pickle" : "pickles");
}

enum sy_status sy_pickle_inspect(struct sy_inspection *in)
{
	struct sy_torch_legacy legacy;
	struct sy_pickle_sum sum;
	enum sy_status status;

	sy_torch_legacy_init(&legacy, in);
	status = sy_pickle_streams(in, 0, in->source->size, &legacy.watch, &sum);
	in->bytes_parsed += sum.end;
	if (status == SY_OK)
		status = sum.is_torch_legacy ? sy_torch_legacy_end(&legacy, &sum)
					     : end_plain(in, &sum);
	sy_torch_legacy_free(&legacy);
	return status;
}

/* Names that hold nothing else; weights of many kinds go by the others. */
static bool is_pickle_name(struct sy_span base)
{
	static const char *const names[] = { ".dill", ".joblib", ".p", ".pickle", ".pkl" };

	for (size_t i = 0; i < SY_N_ELEMS(names); i++) {
		if (sy_ascii_ends(base, names[i]))
			return true;
	}
	return false;
}

static enum sy_status forget(struct sy_sink *sink, const struct sy_record *record)
{
	(void)sink;
	(void)record;
	return SY_OK;
}

/*
 * Whether anything comes of it when it is run: an import or a result.  A file whose
 * name only claims weights, and that is no pickle at all, is not a broken one.
 */
static enum sy_status try_it(struct sy_inspection *in, bool *is_pickle)
{
	struct sy_sink nothing = { .emit = forget };
	struct sy_inspection trial;
	struct sy_pickle_sum sum;
	struct sy_span head;
	enum sy_status status = sy_source_view(in->source, 0, SY_PROBE_HEAD, &in->arena, &head);

	*is_pickle = is_pickle_name(in->base) || sy_pickle_begins(head, in->source->size);
	if (status != SY_OK || *is_pickle)
		return status;
	trial = *in;
	trial.sink = &nothing;
	trial.nest = NULL;
	status = sy_pickle_streams(&trial, 0, in->source->size, NULL, &sum);
	in->arena = trial.arena;
	*is_pickle = status != SY_OK || sum.n_streams > 0 || sum.n_imports > 0;
	return status;
}

static bool is_claimed(struct sy_span base)
{
	for (const char *const *suffix = suffixes; *suffix; suffix++) {
		if (sy_ascii_ends(base, *suffix))
			return true;
	}
	return false;
}

/* Under a name that claims no weights, it was a text that one opcode could be, too. */
static enum sy_status tell_unknown(struct sy_inspection *in)
{
	enum sy_status status = sy_emit_extent(in, SY_EXTENT_UNKNOWN, 0, in->source->size);

	if (status == SY_OK && !is_claimed(in->base))
		return sy_emit_artifact(in, "text", 0, "text");
	if (status == SY_OK)
		status = sy_fact(in, SY_RULE_CONTENT_WEIGHTS_UNKNOWN, SY_OFFSET_NONE, 0,
				 sy_span_of(NULL, 0), "%llu bytes of unknown content",
				 (unsigned long long)in->source->size);
	return status == SY_OK ? sy_emit_artifact(in, "unknown", 0, "unknown content") : status;
}

static enum sy_status inspect(struct sy_inspection *in)
{
	bool is_pickle;
	enum sy_status status = try_it(in, &is_pickle);

	if (status != SY_OK)
		return status;
	return is_pickle ? sy_pickle_inspect(in) : tell_unknown(in);
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
