/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What names and texts of model files may do to those who read them.  Looks at
 * bytes only: nothing is decoded for use, nothing is evaluated.
 */
#include "formats/names.h"

#include <utf8proc.h>

#include "verifier/base/set.h"
#include "verifier/base/utf8.h"

#define NAME_BYTES_USUAL 1024
#define TWIN_BYTES_MAX 1024	/* longer names are said to be too long instead */
#define TWIN_CODES_MAX 4096	/* NFC takes at most 4 code points for one */
/* Reordering marks may take the square of the length: counted, and bounded. */
#define TWIN_WORK_MAX (UINT64_C(1) << 30)

/* One fact about a name: "the name 'x' <what>". */
static enum sy_status name_fact(struct sy_inspection *in, enum sy_rule rule,
				struct sy_span name, uint64_t off, const char *what)
{
	struct sy_text text;

	sy_text_init(&text);
	if (sy_fact_is_wanted(in, rule)) {
		sy_text_add(&text, "the tensor name ");
		sy_text_name(&text, name);
		sy_text_addf(&text, " %s", what);
	}
	return sy_fact_text(in, rule, off, 0, name, &text);
}

/* "C:/": where one system of several begins to count. */
static bool has_drive(struct sy_span name)
{
	uint8_t letter = name.len > 2 ? sy_ascii_lower(name.data[0]) : 0;

	return letter >= 'a' && letter <= 'z' && name.data[1] == ':' && name.data[2] == '/';
}

/* ".." between separators, a root in front, or a backslash anywhere. */
static bool is_path_like(struct sy_span name)
{
	size_t start = 0;

	if (sy_span_starts(name, "/") || has_drive(name) ||
	    (name.len && memchr(name.data, '\\', name.len)))
		return true;
	for (size_t i = 0; i <= name.len; i++) {
		if (i < name.len && name.data[i] != '/')
			continue;
		if (sy_span_is(sy_span_slice(name, start, i - start), ".."))
			return true;
		start = i + 1;
	}
	return false;
}

/* What bytes occur; most names are plain, and cost this one pass. */
enum name_class { CLASS_MARKUP = 1, CLASS_PATH = 2, CLASS_UNUSUAL = 4 };

#define U CLASS_UNUSUAL
#define U16 U, U, U, U, U, U, U, U, U, U, U, U, U, U, U, U
static const uint8_t byte_class[256] = {
	U16, U16,			/* 00 - 1f */
	['<'] = CLASS_MARKUP, ['>'] = CLASS_MARKUP,  ['"'] = CLASS_MARKUP,
	['$'] = CLASS_MARKUP, ['\''] = CLASS_MARKUP, ['`'] = CLASS_MARKUP,
	['/'] = CLASS_PATH,   ['\\'] = CLASS_PATH,
	[0x7f] = U, U16, U16, U16, U16, U16, U16, U16, U16,
};
#undef U16
#undef U

static unsigned classes(struct sy_span name)
{
	const uint8_t *at = name.data;
	size_t left = name.len;
	unsigned all = 0;

	for (; left >= 4; left -= 4, at += 4)
		all |= byte_class[at[0]] | byte_class[at[1]] | byte_class[at[2]] |
		       byte_class[at[3]];
	for (; left > 0; left--)
		all |= byte_class[*at++];
	return all;
}

/* Only other than ASCII text changes under normalisation. */
static bool is_ascii(struct sy_span name)
{
	uint64_t all = 0, word;
	size_t i = 0;

	for (; i + sizeof(word) <= name.len; i += sizeof(word)) {
		memcpy(&word, name.data + i, sizeof(word));
		all |= word;
	}
	for (; i < name.len; i++)
		all |= name.data[i];
	return (all & UINT64_C(0x8080808080808080)) == 0;
}

/*
 * Letters of other scripts drawn like Latin ones (Unicode TR 39, the single
 * letters a person cannot tell apart), and full-width Latin.
 */
static bool is_lookalike(uint32_t code)
{
	static const uint16_t letters[] = {
		0x391, 0x392, 0x395, 0x396, 0x397, 0x399, 0x39a, 0x39c, 0x39d, 0x39f,
		0x3a1, 0x3a4, 0x3a5, 0x3a7, 0x3bf, 0x405, 0x406, 0x408, 0x410, 0x412,
		0x415, 0x41a, 0x41c, 0x41d, 0x41e, 0x420, 0x421, 0x422, 0x423, 0x425,
		0x430, 0x435, 0x43e, 0x440, 0x441, 0x443, 0x445, 0x455, 0x456, 0x458,
		0x4bb, 0x4cf, 0x501, 0x51b, 0x51d, 0x212a,
	};

	if ((code >= 0xff21 && code <= 0xff3a) || (code >= 0xff41 && code <= 0xff5a))
		return true;
	for (size_t i = 0; i < SY_N_ELEMS(letters); i++) {
		if (letters[i] == code)
			return true;
	}
	return false;
}

static bool is_latin(uint32_t code)
{
	return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

/* A word with Latin letters and look-alikes of them; words end at ASCII signs. */
static bool is_confusable(struct sy_span name)
{
	bool has_latin = false, has_other = false;

	for (size_t i = 0; i < name.len;) {
		struct sy_span rest = sy_span_slice(name, i, name.len - i);
		uint32_t code = 0;
		size_t len = sy_utf8_decode(rest, &code);

		i += len ? len : 1;
		if (len == 0 || (code < 0x80 && !is_latin(code))) {
			has_latin = false;
			has_other = false;
			continue;
		}
		has_latin = has_latin || is_latin(code);
		has_other = has_other || is_lookalike(code);
		if (has_latin && has_other)
			return true;
	}
	return false;
}

/* What a name with other than plain ASCII bytes may hide. */
static enum sy_status check_unusual(struct sy_inspection *in, struct sy_span name,
				    uint64_t off)
{
	static const struct {
		unsigned trait;
		enum sy_rule rule;
		const char *what;
	} rows[] = {
		{ SY_UTF8_INVALID, SY_RULE_TENSOR_NAME_INVALID, "is not UTF-8" },
		{ SY_UTF8_CONTROL, SY_RULE_TENSOR_NAME_CONTROL,
		  "has control characters" },
		{ SY_UTF8_BIDI, SY_RULE_TENSOR_NAME_BIDI,
		  "has characters that change the direction of text" },
		{ SY_UTF8_INVISIBLE | SY_UTF8_SEPARATOR, SY_RULE_TENSOR_NAME_INVISIBLE,
		  "has invisible characters" },
		{ SY_UTF8_NONCHARACTER, SY_RULE_TENSOR_NAME_NONCHARACTER,
		  "has code points that are not characters" },
	};
	unsigned traits = sy_utf8_traits(name);

	for (size_t i = 0; i < SY_N_ELEMS(rows); i++) {
		enum sy_status status;

		if (!(traits & rows[i].trait))
			continue;
		status = name_fact(in, rows[i].rule, name, off, rows[i].what);
		if (status != SY_OK)
			return status;
	}
	if (!is_confusable(name))
		return SY_OK;
	return name_fact(in, SY_RULE_TENSOR_NAME_CONFUSABLE, name, off,
			 "mixes Latin letters with look-alikes of another script");
}

static enum sy_status check_length(struct sy_inspection *in, struct sy_span name,
				   uint64_t off)
{
	struct sy_text what;

	if (name.len == 0)
		return name_fact(in, SY_RULE_TENSOR_NAME_EMPTY, name, off, "is empty");
	if (name.len <= NAME_BYTES_USUAL)
		return SY_OK;
	sy_text_init(&what);
	sy_text_addf(&what, "has %zu bytes", name.len);
	return name_fact(in, SY_RULE_TENSOR_NAME_LENGTH, name, off, what.data);
}

enum sy_status sy_tensor_name_check(struct sy_inspection *in, struct sy_span name,
				    uint64_t off)
{
	unsigned all = classes(name);
	enum sy_status status = check_length(in, name, off);

	if (status == SY_OK && (all & CLASS_UNUSUAL))
		status = check_unusual(in, name, off);
	if (status == SY_OK && ((all & CLASS_PATH) || name.len == 2) &&
	    is_path_like(name))
		status = name_fact(in, SY_RULE_TENSOR_NAME_PATH, name, off,
				   "reads like a path out of a directory");
	if (status == SY_OK && (all & CLASS_MARKUP))
		status = name_fact(in, SY_RULE_TENSOR_NAME_CHARSET, name, off,
				   "has characters that markup or a shell obeys");
	return status;
}

struct sy_twins {
	struct sy_inspection *in;
	struct sy_set forms;		/* normalised name -> hash of the name itself */
	struct sy_arena arena;		/* the forms */
	uint64_t work;
	bool is_over;			/* work ended: said once */
};

enum sy_status sy_twins_new(struct sy_inspection *in, struct sy_twins **twins)
{
	*twins = sy_alloc(in->ctx, sizeof(**twins));
	if (!*twins)
		return sy_memory_status(in->ctx);
	(*twins)->in = in;
	sy_set_init(&(*twins)->forms, in->ctx);
	sy_arena_init(&(*twins)->arena, in->ctx);
	return SY_OK;
}

void sy_twins_free(struct sy_twins **twins)
{
	struct sy_twins *old = *twins;

	if (!old)
		return;
	sy_set_free(&old->forms);
	sy_arena_free(&old->arena);
	sy_release(old->in->ctx, old);
	*twins = NULL;
}

/* The NFC form in `codes` itself; false: not UTF-8, or out of all proportion. */
static bool normalise(struct sy_span name, utf8proc_int32_t codes[TWIN_CODES_MAX],
		      struct sy_span *form)
{
	const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
	utf8proc_ssize_t n = utf8proc_decompose(name.data, (utf8proc_ssize_t)name.len,
						codes, TWIN_CODES_MAX, options);

	if (n < 0 || n >= TWIN_CODES_MAX)
		return false;
	n = utf8proc_reencode(codes, n, options);
	if (n < 0)
		return false;
	*form = sy_span_of(codes, (size_t)n);
	return true;
}

static enum sy_status work_over(struct sy_twins *twins)
{
	if (twins->is_over)
		return SY_OK;
	twins->is_over = true;
	return sy_emit_notice(twins->in, "limit-reached", "names from here on were not "
			      "compared under Unicode normalisation");
}

enum sy_status sy_twins_add(struct sy_twins *twins, struct sy_span name, uint64_t off)
{
	utf8proc_int32_t codes[TWIN_CODES_MAX];
	struct sy_span form;
	uint64_t hash, first;
	enum sy_status status;
	bool is_new;

	if (is_ascii(name) || name.len > TWIN_BYTES_MAX)
		return SY_OK;
	twins->work += (uint64_t)name.len * name.len;
	if (twins->work > TWIN_WORK_MAX)
		return work_over(twins);
	if (!normalise(name, codes, &form))
		return SY_OK;
	/* Plain names are not kept here, so this one is said to stand for one. */
	if (is_ascii(form))
		return name_fact(twins->in, SY_RULE_TENSOR_NAME_TWIN, name, off,
				 "is a plain ASCII name after Unicode normalisation");
	hash = sy_siphash(twins->in->ctx->hash_key, name);
	status = sy_arena_copy(&twins->arena, form, &form);
	if (status == SY_OK)
		status = sy_set_add(&twins->forms, form, hash, &is_new, &first);
	if (status != SY_OK || is_new || first == hash)
		return status;
	return name_fact(twins->in, SY_RULE_TENSOR_NAME_TWIN, name, off,
			 "is equal to another one after Unicode normalisation");
}
