/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening one member: its bytes are decoded, and compared with what the archive says
 * of them.  What stands behind them is looked at like any member.
 */
#include "formats/nest_parts.h"

#define STORAGE_HEAD 4096	/* bytes looked at in raw tensor data */

static enum sy_status tell_decoded(struct sy_inspection *in, const struct sy_member *member,
				   const struct sy_decode *decode)
{
	const struct sy_span no_symbol = sy_span_of(NULL, 0);
	enum sy_status status = SY_OK;

	if (member->is_encrypted)
		return SY_OK;
	if (decode->end == SY_DECODE_TRUNCATED || decode->end == SY_DECODE_CORRUPT)
		status = sy_fact(in, SY_RULE_MEMBER_DATA_BROKEN, SY_OFFSET_NONE, 0, no_symbol,
				 "%s: %s after %llu of %llu compressed bytes, which gave %llu",
				 sy_codec_name(decode->codec),
				 decode->end == SY_DECODE_TRUNCATED ? "ends" : decode->what,
				 (unsigned long long)decode->n_read,
				 (unsigned long long)member->len,
				 (unsigned long long)decode->n_written);
	if (status != SY_OK || member->size == SY_OFFSET_NONE ||
	    member->is_storage)
		return status;
	if (decode->n_written != member->size || decode->end == SY_DECODE_LONGER)
		status = sy_fact(in, SY_RULE_MEMBER_SIZE_WRONG, SY_OFFSET_NONE, 0, no_symbol,
				 "the archive says %llu bytes, there are %s%llu",
				 (unsigned long long)member->size,
				 decode->end == SY_DECODE_LONGER ? "more than " : "",
				 (unsigned long long)decode->n_written);
	return status;
}

#define ZEROS_MAX 65536u	/* a file's last block at most; more may hide something */

static enum sy_status is_zeros(struct sy_source *source, uint64_t off, uint64_t len, bool *is)
{
	uint8_t block[4096];

	*is = len <= ZEROS_MAX;
	for (uint64_t at = 0; *is && at < len; at += sizeof(block)) {
		size_t n = len - at < sizeof(block) ? (size_t)(len - at) : sizeof(block);
		enum sy_status status = sy_source_read(source, off + at, block, n);

		if (status != SY_OK)
			return status;
		for (size_t i = 0; i < n; i++)
			*is &= block[i] == 0;
	}
	return SY_OK;
}

/* What follows the compressed data is nobody's; it is looked at like any member. */
static enum sy_status tell_trailing(struct sy_nest *nest, const struct sy_member *member,
				    const struct sy_decode *decode)
{
	struct sy_nest_level *above = &nest->levels[nest->depth - 1];
	struct sy_inspection *in = nest->levels[nest->depth].in;
	struct sy_member rest = {
		.name = sy_span_str("(behind the compressed data)"),
		.off = member->off + decode->n_read, .len = member->len - decode->n_read,
		.size = member->len - decode->n_read,
	};
	enum sy_status status;
	bool is_empty;

	if (decode->end != SY_DECODE_COMPLETE || rest.len == 0 || member->is_encrypted)
		return SY_OK;
	status = sy_fact(in, SY_RULE_MEMBER_DATA_TRAILING, SY_OFFSET_NONE, 0,
			 sy_span_of(NULL, 0), "%llu bytes behind the end of the compressed data",
			 (unsigned long long)rest.len);
	if (status == SY_OK)
		status = is_zeros(above->in->source, rest.off, rest.len, &is_empty);
	if (status != SY_OK || is_empty)
		return status;
	return sy_nest_add(above->in, &rest);
}

static enum sy_status compare_crc(struct sy_inspection *in, const struct sy_member *member,
				  const struct sy_decode *decode)
{
	uint32_t crc = decode->crc32;
	enum sy_status status = SY_OK;

	if (!member->has_crc || decode->end != SY_DECODE_COMPLETE)
		return SY_OK;
	if (decode->codec == SY_CODEC_STORED)
		status = sy_source_crc32(in->source, &crc);
	if (status != SY_OK || crc == member->crc32)
		return status;
	return sy_fact(in, SY_RULE_MEMBER_CHECKSUM_WRONG, SY_OFFSET_NONE, 0,
		       sy_span_of(NULL, 0), "CRC-32 0x%08x, the archive says 0x%08x",
		       crc, member->crc32);
}

/* A byte more than was promised is asked for: a member that is longer shows. */
static uint64_t wanted(const struct sy_member *member)
{
	if (member->is_storage && !member->has_crc)
		return STORAGE_HEAD;
	return member->size == SY_OFFSET_NONE ? UINT64_MAX : member->size;
}

enum sy_status sy_nest_open_member(struct sy_nest *nest, struct sy_nest_level *level,
				   const struct sy_member *member)
{
	struct sy_decode decode = {
		.codec = member->codec, .from = nest->levels[nest->depth - 1].in->source,
		.off = member->off, .len = member->len, .max = wanted(member),
	};
	enum sy_status status = sy_decode(&decode, &nest->scratch, &level->own.arena,
					  &level->source);
	enum sy_status told = status == SY_OK ? tell_decoded(level->in, member, &decode) : SY_OK;

	if (told == SY_OK && status == SY_OK)
		told = tell_trailing(nest, member, &decode);
	if (told == SY_OK && status == SY_OK)
		told = compare_crc(level->in, member, &decode);
	return status != SY_OK ? status : told;
}
