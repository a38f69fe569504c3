/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Git-LFS pointer files: what a clone without LFS leaves in place of weights.
 * States that the content is missing, checks the pointer strictly, and passes
 * on the digest and size it promises.  Never looks for the content itself.
 */
#include "formats/format.h"

#define POINTER_MAX 1024	/* bytes; Git-LFS reads no further */
#define OID_LEN 64		/* hexadecimal digits */

static const char current[] = "version https://git-lfs.github.com/spec/v1";

static const char *const families[] = {
	"version https://git-lfs.github.com/spec/",
	"version https://hawser.github.com/spec/",
	"version http://git-media.io/v/",
};

static const char *const former[] = {
	"version https://hawser.github.com/spec/v1",
	"version http://git-media.io/v/2",
};

struct pointer {
	struct sy_inspection *in;
	struct sy_span text;
	size_t pos;
	struct sy_span line;		/* without its end */
	size_t line_off;
	bool is_unusual;		/* an older or a changed form */
	const char *unusual;		/* why: a constant sentence part */
	unsigned extensions;		/* priorities seen, one bit each */
	struct sy_span oid;
	uint64_t size;
};

static unsigned bid(const struct sy_probe *probe)
{
	for (size_t i = 0; i < SY_N_ELEMS(families); i++) {
		if (sy_span_starts(probe->head, families[i]))
			return (unsigned)(8 * strlen(families[i]));
	}
	return 0;
}

static void unusual(struct pointer *p, const char *why)
{
	if (!p->is_unusual)
		p->unusual = why;
	p->is_unusual = true;
}

/* The next line that is not empty; false at the end. */
static bool next_line(struct pointer *p)
{
	p->line = sy_span_of(NULL, 0);
	while (p->pos < p->text.len) {
		struct sy_span rest = sy_span_slice(p->text, p->pos, SIZE_MAX);
		const uint8_t *end = memchr(rest.data, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.data) : rest.len;

		p->line_off = p->pos;
		p->pos += len + (end ? 1 : 0);
		if (!end)
			unusual(p, "the final newline is missing");
		if (len > 0 && rest.data[len - 1] == '\r') {
			unusual(p, "its lines end in CR LF");
			len--;
		}
		p->line = sy_span_slice(rest, 0, len);
		if (len > 0)
			return true;
		unusual(p, "it holds empty lines");
	}
	p->line_off = p->text.len;
	return false;
}

static const char *read_version(struct pointer *p)
{
	if (!next_line(p))
		return "the version line is missing";
	if (sy_span_is(p->line, current))
		return NULL;
	for (size_t i = 0; i < SY_N_ELEMS(former); i++) {
		if (sy_span_is(p->line, former[i])) {
			unusual(p, "its version is one from before the first release");
			return NULL;
		}
	}
	return "the version is not one that Git-LFS knows";
}

static bool is_oid(struct sy_span hex)
{
	if (hex.len != OID_LEN)
		return false;
	for (size_t i = 0; i < hex.len; i++) {
		uint8_t c = hex.data[i];

		if (!sy_is_digit(c) && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

/* "sha256:HEX" from `at` on. */
static bool get_oid(struct sy_span line, size_t at, struct sy_span *oid)
{
	struct sy_span value = sy_span_slice(line, at, SIZE_MAX);

	*oid = sy_span_slice(value, strlen("sha256:"), SIZE_MAX);
	return sy_span_starts(value, "sha256:") && is_oid(*oid);
}

/* "ext-D-NAME sha256:HEX" */
static const char *read_extension(struct pointer *p)
{
	const uint8_t *space = memchr(p->line.data, ' ', p->line.len);
	struct sy_span ignored;
	unsigned bit;

	if (!space || space - p->line.data < 7 || !sy_is_digit(p->line.data[4]) ||
	    p->line.data[5] != '-')
		return "an extension is not written as ext-D-NAME";
	if (!get_oid(p->line, (size_t)(space - p->line.data) + 1, &ignored))
		return "the digest of an extension is not sha256 and 64 digits";
	bit = 1u << (p->line.data[4] - '0');
	if (p->extensions & bit)
		return "two extensions have the same priority";
	if (p->extensions > bit)
		return "the extensions are not in order";
	p->extensions |= bit;
	return NULL;
}

static const char *read_oid(struct pointer *p)
{
	if (!sy_span_starts(p->line, "oid "))
		return "there should be the oid line here";
	if (!get_oid(p->line, strlen("oid "), &p->oid))
		return "the oid is not sha256 and 64 lower-case hexadecimal digits";
	return NULL;
}

static const char *read_size(struct pointer *p)
{
	if (!next_line(p) || !sy_span_starts(p->line, "size "))
		return "there should be the size line here";
	if (!sy_parse_u64(sy_span_slice(p->line, strlen("size "), SIZE_MAX), &p->size) ||
	    p->size > INT64_MAX)
		return "the size is not a plain decimal number below 2^63";
	return NULL;
}

/* What is wrong, as a constant; NULL: a valid pointer. */
static const char *parse(struct pointer *p)
{
	const char *wrong = read_version(p);

	if (wrong)
		return wrong;
	while (next_line(p) && sy_span_starts(p->line, "ext-")) {
		wrong = read_extension(p);
		if (wrong)
			return wrong;
	}
	wrong = read_oid(p);
	if (!wrong)
		wrong = read_size(p);
	if (!wrong && next_line(p))
		wrong = "something follows the size";
	return wrong;
}

static enum sy_status broken(struct pointer *p, const char *wrong)
{
	return sy_fact(p->in, SY_RULE_LFS_POINTER_BROKEN, p->line_off, p->line.len,
		       sy_span_of(NULL, 0), "at byte %zu: %s", p->line_off, wrong);
}

static enum sy_status too_long(struct pointer *p)
{
	uint64_t size = p->in->source->size;

	return sy_fact(p->in, SY_RULE_LFS_POINTER_BROKEN, POINTER_MAX, size - POINTER_MAX,
		       sy_span_of(NULL, 0),
		       "begins as a pointer but has %llu bytes; Git-LFS reads %d",
		       (unsigned long long)size, POINTER_MAX);
}

static enum sy_status valid(struct pointer *p)
{
	char oid[OID_LEN + 1] = "";
	enum sy_status status;

	memcpy(oid, p->oid.data, OID_LEN);
	status = sy_emit_ref(p->in, SY_REF_DIGEST, sy_span_str("sha256"), p->oid,
			     p->size, 0);
	if (status != SY_OK)
		return status;
	if (p->is_unusual)
		return sy_fact(p->in, SY_RULE_LFS_POINTER_UNUSUAL, 0, p->text.len,
			       sy_span_of(NULL, 0), "stands for %llu bytes, sha256 %s; %s",
			       (unsigned long long)p->size, oid, p->unusual);
	return sy_fact(p->in, SY_RULE_LFS_POINTER_LEFT, 0, p->text.len,
		       sy_span_of(NULL, 0), "stands for %llu bytes, sha256 %s",
		       (unsigned long long)p->size, oid);
}

static enum sy_status inspect(struct sy_inspection *in)
{
	struct pointer p = { .in = in };
	const char *wrong;
	enum sy_status status = sy_source_view(in->source, 0, POINTER_MAX, &in->arena,
					       &p.text);

	if (status != SY_OK)
		return status;
	in->bytes_parsed += p.text.len;
	if (in->source->size > 0)
		status = sy_emit_extent(in, SY_EXTENT_HEADER, 0, in->source->size);
	if (status != SY_OK)
		return status;
	wrong = in->source->size <= POINTER_MAX ? parse(&p) : NULL;
	if (in->source->size > POINTER_MAX)
		status = too_long(&p);
	else
		status = wrong ? broken(&p, wrong) : valid(&p);
	if (status != SY_OK)
		return status;
	return sy_emit_artifact(in, "lfs-pointer", 0, wrong ? "a broken pointer"
							    : "a pointer, not the file");
}

const struct sy_format sy_format_lfs_pointer = {
	.name = "lfs-pointer",
	.title = "Git-LFS pointer",
	.spec = "git-lfs docs/spec.md, version 1",
	.class = SY_CLASS_POINTER,
	.bid = bid,
	.inspect = inspect,
};
