/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry of formats, and the short forms by which they emit records.
 * Decides nothing about a file: it asks every format, and it passes on, cut to
 * the limits, what the format in charge says.
 */
#include "formats/format.h"

#define META_BYTES_MAX 65536	/* of a value shown by inspect; the rest is cut */
#define FLOW_STEPS 4		/* for each finding that is kept */
#define IMPORT_STEPS 1000	/* of one class, to compare them */
#define NAME_BYTES_MAX 262144	/* so that two names always fit in one record */

#define FORMAT(name) extern const struct sy_format sy_format_##name;
#define RECOGNISED(ident, ...) FORMAT(ident)
#include "formats/formats.def"
#include "formats/recognised.def"
#undef FORMAT
#undef RECOGNISED

const struct sy_format *const sy_formats[] = {
#define FORMAT(name) &sy_format_##name,
#define RECOGNISED(ident, ...) &sy_format_##ident,
#include "formats/formats.def"
#include "formats/recognised.def"
#undef FORMAT
#undef RECOGNISED
	NULL
};

const struct sy_format *sy_format_bid(const struct sy_probe *probe, unsigned *bits)
{
	const struct sy_format *best = NULL;

	*bits = 0;
	for (size_t i = 0; sy_formats[i]; i++) {
		unsigned bid = sy_formats[i]->bid ? sy_formats[i]->bid(probe) : 0;

		if (bid > *bits) {
			best = sy_formats[i];
			*bits = bid;
		}
	}
	return best;
}

/* The longest suffix wins: ".index.json" is more than ".json". */
const struct sy_format *sy_format_claimed(struct sy_span base)
{
	const struct sy_format *best = NULL;
	size_t best_len = 0;

	for (size_t i = 0; sy_formats[i]; i++) {
		const char *const *suffix = sy_formats[i]->suffixes;

		for (; suffix && *suffix; suffix++) {
			if (strlen(*suffix) <= best_len || !sy_ascii_ends(base, *suffix))
				continue;
			best = sy_formats[i];
			best_len = strlen(*suffix);
		}
	}
	return best;
}

const struct sy_format *sy_format_find(struct sy_span name)
{
	for (size_t i = 0; sy_formats[i]; i++) {
		if (sy_span_is(name, sy_formats[i]->name))
			return sy_formats[i];
	}
	return NULL;
}

bool sy_fact_is_wanted(const struct sy_inspection *in, enum sy_rule rule)
{
	return in->n_facts[rule] < in->ctx->limits.findings_per_rule;
}

/* At most `max` bytes, never ending inside a UTF-8 sequence. */
static struct sy_span cut(struct sy_span s, uint64_t max)
{
	size_t len = s.len;

	if (len <= max)
		return s;
	len = (size_t)max;
	while (len > 0 && (s.data[len] & 0xc0) == 0x80)
		len--;
	return sy_span_of(s.data, len);
}

static struct sy_span cut_name(const struct sy_inspection *in, struct sy_span name)
{
	uint64_t max = in->ctx->limits.name_bytes;

	return cut(name, max < NAME_BYTES_MAX ? max : NAME_BYTES_MAX);
}

/* A place that lies in the file, whatever numbers the file itself gave. */
static void clip_place(uint64_t size, uint64_t *off, uint64_t *len)
{
	if (*off > size) {
		*off = SY_OFFSET_NONE;
		*len = 0;
	} else if (*len > size - *off) {
		*len = size - *off;
	}
}

static void put_members(const struct sy_inspection *in, struct sy_span *members, uint8_t *n)
{
	*n = in->n_members;
	for (size_t i = 0; i < in->n_members; i++)
		members[i] = cut_name(in, in->members[i]);
}

static uint64_t place_in_file(const struct sy_inspection *in, uint64_t off)
{
	if (off == SY_OFFSET_NONE || in->file_off == SY_OFFSET_NONE)
		return SY_OFFSET_NONE;
	return in->file_off + off;
}

/* Of content that was cut only what it does can be said, not how well it is formed. */
static bool is_moot(const struct sy_inspection *in, enum sy_rule rule)
{
	return in->is_cut && sy_rule_info(rule)->effect == SY_EFFECT_FORMED_NO;
}

enum sy_status sy_fact_text(struct sy_inspection *in, enum sy_rule rule,
			    uint64_t off, uint64_t len, struct sy_span symbol,
			    const struct sy_text *detail)
{
	struct sy_record record = { .kind = SY_RECORD_FACT };
	bool is_wanted = sy_fact_is_wanted(in, rule);

	if (is_moot(in, rule))
		return SY_OK;
	in->n_facts[rule]++;
	in->n_all_facts++;
	if (!is_wanted)
		return SY_OK;
	clip_place(in->source->size, &off, &len);
	record.u.fact.rule = rule;
	record.u.fact.off = off;
	record.u.fact.len = len;
	put_members(in, record.u.fact.members, &record.u.fact.n_members);
	record.u.fact.file_off = place_in_file(in, off);
	record.u.fact.symbol = cut_name(in, symbol);
	record.u.fact.detail = cut(sy_text_span(detail), in->ctx->limits.detail_bytes);
	return sy_emit(in->sink, &record);
}

enum sy_status sy_fact(struct sy_inspection *in, enum sy_rule rule, uint64_t off,
		       uint64_t len, struct sy_span symbol, const char *fmt, ...)
{
	struct sy_text detail;
	va_list args;

	if (is_moot(in, rule))
		return SY_OK;
	if (!sy_fact_is_wanted(in, rule)) {
		in->n_facts[rule]++;
		in->n_all_facts++;
		return SY_OK;
	}
	sy_text_init(&detail);
	va_start(args, fmt);
	sy_text_vaddf(&detail, fmt, args);
	va_end(args);
	return sy_fact_text(in, rule, off, len, symbol, &detail);
}

/* What findings rest on needs few steps; trace shows many. */
static uint64_t steps_max(const struct sy_inspection *in)
{
	if (in->wants & SY_WANT_STEPS)
		return in->ctx->limits.trace_steps;
	if (in->wants & SY_WANT_IMPORTS)
		return IMPORT_STEPS;
	return FLOW_STEPS * in->ctx->limits.findings_per_rule;
}

static enum sy_status steps_end(struct sy_inspection *in)
{
	enum sy_status status = SY_OK;

	for (unsigned class = 0; class < SY_N_STEP_CLASSES && status == SY_OK; class++) {
		struct sy_record record = { .kind = SY_RECORD_STEP, .u.step = {
			.kind = SY_STEP_MORE, .class = (enum sy_step_class)class,
			.off = SY_OFFSET_NONE, .inner = SY_OFFSET_NONE,
			.file_off = SY_OFFSET_NONE,
		} };

		if (!(in->wants & (SY_WANT_STEPS | SY_WANT_IMPORTS)) ||
		    in->n_steps[class] <= steps_max(in))
			continue;
		record.u.step.value = in->n_steps[class] - steps_max(in);
		status = sy_emit(in->sink, &record);
	}
	return status;
}

enum sy_status sy_facts_end(struct sy_inspection *in)
{
	uint64_t cap = in->ctx->limits.findings_per_rule;

	for (unsigned rule = 0; rule < SY_N_RULES; rule++) {
		struct sy_record record = { .kind = SY_RECORD_MORE };
		enum sy_status status;

		if (in->n_facts[rule] <= cap)
			continue;
		record.u.more.rule = rule;
		record.u.more.n = in->n_facts[rule] - cap;
		status = sy_emit(in->sink, &record);
		if (status != SY_OK)
			return status;
	}
	return steps_end(in);
}

enum sy_status sy_emit_extent(struct sy_inspection *in, enum sy_extent_kind kind,
			      uint64_t off, uint64_t len)
{
	struct sy_record record = { .kind = SY_RECORD_EXTENT };

	record.u.extent.kind = kind;
	record.u.extent.off = off;
	record.u.extent.len = len;
	return sy_emit(in->sink, &record);
}

enum sy_status sy_emit_ref(struct sy_inspection *in, enum sy_ref_kind kind,
			   struct sy_span name, struct sy_span target,
			   uint64_t value, uint64_t off)
{
	struct sy_record record = { .kind = SY_RECORD_REF };
	uint64_t len = 0;

	if (!(in->wants & SY_WANT_REFS))
		return SY_OK;
	clip_place(in->source->size, &off, &len);
	record.u.ref.kind = kind;
	record.u.ref.name = cut_name(in, name);
	record.u.ref.target = cut_name(in, target);
	record.u.ref.value = value;
	record.u.ref.off = off;
	return sy_emit(in->sink, &record);
}

enum sy_status sy_emit_meta(struct sy_inspection *in, struct sy_span key,
			    const char *type, struct sy_span value, uint64_t off,
			    uint64_t len)
{
	struct sy_record record = { .kind = SY_RECORD_META };

	if (!(in->wants & SY_WANT_META))
		return SY_OK;
	clip_place(in->source->size, &off, &len);
	record.u.meta.key = cut_name(in, key);
	record.u.meta.type = sy_span_str(type);
	record.u.meta.value = cut(value, META_BYTES_MAX);
	record.u.meta.off = off;
	record.u.meta.len = len;
	return sy_emit(in->sink, &record);
}

bool sy_step_is_wanted(const struct sy_inspection *in, enum sy_step_class class)
{
	return in->n_steps[class] < steps_max(in);
}

enum sy_status sy_emit_step(struct sy_inspection *in, const struct sy_record_step *step)
{
	struct sy_record record = { .kind = SY_RECORD_STEP };
	struct sy_record_step *to = &record.u.step;
	bool is_wanted = sy_step_is_wanted(in, step->class);

	in->n_steps[step->class]++;
	if (!is_wanted)
		return SY_OK;
	*to = *step;
	clip_place(in->source->size, &to->off, &to->len);
	put_members(in, to->members, &to->n_members);
	to->file_off = place_in_file(in, to->off);
	to->symbol = cut_name(in, step->symbol);
	to->text = cut(step->text, in->ctx->limits.detail_bytes);
	return sy_emit(in->sink, &record);
}

enum sy_status sy_emit_member(struct sy_inspection *in,
			      const struct sy_record_member *member)
{
	struct sy_record record = { .kind = SY_RECORD_MEMBER };
	struct sy_record_member *to = &record.u.member;

	if (!(in->wants & SY_WANT_MEMBERS) || member->off > in->source->size)
		return SY_OK;
	*to = *member;
	clip_place(in->source->size, &to->off, &to->len);
	put_members(in, to->members, &to->n_members);
	to->file_off = place_in_file(in, to->off);
	to->name = cut_name(in, member->name);
	return sy_emit(in->sink, &record);
}

enum sy_status sy_emit_tensor(struct sy_inspection *in,
			      const struct sy_record_tensor *tensor)
{
	struct sy_record record = { .kind = SY_RECORD_TENSOR };

	if (!(in->wants & SY_WANT_TENSORS))
		return SY_OK;
	record.u.tensor = *tensor;
	record.u.tensor.name = cut(tensor->name, NAME_BYTES_MAX);
	return sy_emit(in->sink, &record);
}

enum sy_status sy_emit_artifact(struct sy_inspection *in, const char *format,
				uint64_t n_tensors, const char *summary_fmt, ...)
{
	struct sy_record record = { .kind = SY_RECORD_ARTIFACT };
	struct sy_text summary;
	va_list args;

	sy_text_init(&summary);
	va_start(args, summary_fmt);
	sy_text_vaddf(&summary, summary_fmt, args);
	va_end(args);
	record.u.artifact.format = sy_span_str(format);
	record.u.artifact.summary = sy_text_span(&summary);
	record.u.artifact.n_tensors = n_tensors;
	/* Tensors that overlap make some bytes count twice. */
	record.u.artifact.bytes_parsed = in->bytes_parsed < in->source->size
		? in->bytes_parsed : in->source->size;
	return sy_emit(in->sink, &record);
}

enum sy_status sy_emit_notice(struct sy_inspection *in, const char *kind,
			      const char *fmt, ...)
{
	struct sy_record record = { .kind = SY_RECORD_NOTICE };
	struct sy_text detail;
	va_list args;

	sy_text_init(&detail);
	va_start(args, fmt);
	sy_text_vaddf(&detail, fmt, args);
	va_end(args);
	record.u.notice.kind = sy_span_str(kind);
	record.u.notice.detail = sy_text_span(&detail);
	return sy_emit(in->sink, &record);
}
