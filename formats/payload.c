/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bytes look like when they are not what they should be.  Signatures only,
 * long enough that weights do not match them by chance; a second reading of a
 * file counts only where another reader would really open it.
 */
#include "formats/payload.h"

#define HEAD_BYTES 512		/* a tar header, the longest of all */
#define TAR_BYTES 512
#define TAR_SUM_OFF 148
#define PRINTABLE_MIN 8

enum look_kind { LOOK_NONE, LOOK_ARCHIVE, LOOK_EXECUTABLE, LOOK_SCRIPT, LOOK_PICKLE,
		 LOOK_OTHER };

struct look {
	enum look_kind kind;
	const char *what;
};

static const struct {
	size_t off;
	const char *bytes;
	size_t len;
	struct look look;
} signatures[] = {
#define S(off, bytes, kind, what) { off, bytes, sizeof(bytes) - 1, { kind, what } }
	S(0, "PK\3\4", LOOK_ARCHIVE, "a ZIP archive"),
	S(0, "PK\5\6", LOOK_ARCHIVE, "an empty ZIP archive"),
	S(0, "\x28\xb5\x2f\xfd", LOOK_ARCHIVE, "zstd-compressed data"),
	S(0, "\xfd" "7zXZ\0", LOOK_ARCHIVE, "xz-compressed data"),
	S(0, "7z\xbc\xaf\x27\x1c", LOOK_ARCHIVE, "a 7z archive"),
	S(0, "\x04\x22\x4d\x18", LOOK_ARCHIVE, "lz4-compressed data"),
	S(0, "Rar!\x1a\x07", LOOK_ARCHIVE, "a RAR archive"),
	S(0, "!<arch>\n", LOOK_ARCHIVE, "an ar archive"),
	S(257, "ustar", LOOK_ARCHIVE, "a tar archive"),
	S(0, "\xfe\xed\xfa\xce", LOOK_EXECUTABLE, "a Mach-O program"),
	S(0, "\xfe\xed\xfa\xcf", LOOK_EXECUTABLE, "a Mach-O program"),
	S(0, "\xce\xfa\xed\xfe", LOOK_EXECUTABLE, "a Mach-O program"),
	S(0, "\xcf\xfa\xed\xfe", LOOK_EXECUTABLE, "a Mach-O program"),
	S(0, "\xca\xfe\xba\xbe", LOOK_EXECUTABLE, "a Mach-O program or Java class"),
	S(0, "\0asm\1\0\0\0", LOOK_EXECUTABLE, "a WebAssembly module"),
	S(0, "dex\n03", LOOK_EXECUTABLE, "an Android program"),
	S(0, "BC\xc0\xde", LOOK_EXECUTABLE, "LLVM bitcode"),
	S(0, "<?php", LOOK_SCRIPT, "a PHP script"),
	S(0, "version https://git-lfs", LOOK_OTHER, "a Git-LFS pointer"),
	S(0, "GGUF", LOOK_OTHER, "a GGUF file"),
	S(0, "\x89HDF\r\n\x1a\n", LOOK_OTHER, "an HDF5 file"),
	S(0, "\x93NUMPY", LOOK_OTHER, "a NumPy array"),
	S(0, "%PDF-", LOOK_OTHER, "a PDF document"),
	S(0, "\x89PNG\r\n\x1a\n", LOOK_OTHER, "a PNG picture"),
	S(0, "\xff\xd8\xff\xe0", LOOK_OTHER, "a JPEG picture"),
	S(0, "SQLite format 3", LOOK_OTHER, "an SQLite database"),
#undef S
};

static bool has(struct sy_span head, size_t off, const char *bytes, size_t len)
{
	struct sy_span at = sy_span_slice(head, off, len);

	return at.len == len && !memcmp(at.data, bytes, len);
}

static bool is_elf(struct sy_span head)
{
	return head.len >= 7 && has(head, 0, "\x7f" "ELF", 4) && head.data[4] >= 1 &&
	       head.data[4] <= 2 && head.data[5] >= 1 && head.data[5] <= 2;
}

/* Method 8, no reserved flags: 27 bits with the signature. */
static bool is_gzip(struct sy_span head)
{
	return head.len >= 4 && has(head, 0, "\x1f\x8b\x08", 3) &&
	       (head.data[3] & 0xe0) == 0;
}

/* A header of hexadecimal digits: six that are fixed, then 13 fields of eight. */
static bool is_cpio(struct sy_span head)
{
	if (head.len < 110 || !has(head, 0, "070701", 6))
		return false;
	for (size_t i = 6; i < 110; i++) {
		uint8_t c = sy_ascii_lower(head.data[i]);

		if (!sy_is_digit(c) && (c < 'a' || c > 'f'))
			return false;
	}
	return true;
}

static bool is_bzip2(struct sy_span head)
{
	return head.len >= 10 && has(head, 0, "BZh", 3) && head.data[3] >= '1' &&
	       head.data[3] <= '9' && has(head, 4, "1AY&SY", 6);
}

/* The PE signature where the DOS header says, or the page counts that linkers write. */
static bool is_pe(struct sy_span head)
{
	size_t at;

	if (!has(head, 0, "MZ", 2))
		return false;
	if (has(head, 2, "\x90\0\3\0", 4))
		return true;
	if (head.len < 64)
		return false;
	at = head.data[60] | (size_t)head.data[61] << 8 | (size_t)head.data[62] << 16 |
	     (size_t)head.data[63] << 24;
	return has(head, at, "PE\0\0", 4);
}

/* "MZ" is short: with it goes a PE header, or a DOS header that is mostly zero. */
static bool is_dos(struct sy_span head)
{
	size_t n_zero = 0;

	if (head.len < 8 || !has(head, 0, "MZ", 2))
		return false;
	for (size_t i = 2; i < head.len && i < 64; i++)
		n_zero += head.data[i] == 0;
	return is_pe(head) || n_zero >= (head.len < 64 ? 4 : 12);
}

static size_t n_printable(struct sy_span s)
{
	size_t n = 0;

	while (n < s.len && s.data[n] >= ' ' && s.data[n] <= '~')
		n++;
	return n;
}

static bool is_shebang(struct sy_span head)
{
	struct sy_span rest = sy_span_slice(head, 2, 64);

	return has(head, 0, "#!", 2) &&
	       (sy_span_starts(rest, "/") || sy_span_starts(rest, " /") ||
		n_printable(rest) >= PRINTABLE_MIN);
}

static bool is_page(struct sy_span head)
{
	return sy_ascii_starts(head, "<!doctype html") || sy_ascii_starts(head, "<html") ||
	       sy_ascii_starts(head, "<script");
}

static struct look look_at(struct sy_span head)
{
	for (size_t i = 0; i < SY_N_ELEMS(signatures); i++) {
		if (has(head, signatures[i].off, signatures[i].bytes, signatures[i].len))
			return signatures[i].look;
	}
	if (is_elf(head))
		return (struct look){ LOOK_EXECUTABLE, "an ELF program" };
	if (is_dos(head))
		return (struct look){ LOOK_EXECUTABLE, "a Windows or DOS program" };
	if (is_gzip(head))
		return (struct look){ LOOK_ARCHIVE, "gzip-compressed data" };
	if (is_bzip2(head))
		return (struct look){ LOOK_ARCHIVE, "bzip2-compressed data" };
	if (is_cpio(head))
		return (struct look){ LOOK_ARCHIVE, "a cpio archive" };
	if (is_shebang(head))
		return (struct look){ LOOK_SCRIPT, "a script" };
	if (is_page(head))
		return (struct look){ LOOK_SCRIPT, "an HTML page" };
	return (struct look){ LOOK_NONE, NULL };
}

static bool is_all_text(struct sy_span head)
{
	for (size_t i = 0; i < head.len; i++) {
		uint8_t c = head.data[i];

		if ((c < ' ' && c != '\n' && c != '\r' && c != '\t') || c > '~')
			return false;
	}
	return head.len > 0;
}

static bool is_all_zero(struct sy_span head)
{
	for (size_t i = 0; i < head.len; i++) {
		if (head.data[i] != 0)
			return false;
	}
	return head.len > 0;
}

const char *sy_looks_like(struct sy_span head)
{
	struct look look = look_at(head);

	if (look.what)
		return look.what;
	if (sy_pickle_begins(head, UINT64_MAX))
		return "a pickle";
	if (is_all_text(head))
		return "plain text";
	return is_all_zero(head) ? "zero bytes" : NULL;
}

const char *sy_looks_hidden(struct sy_span head, uint64_t len)
{
	struct look look = look_at(head);

	if (sy_pickle_begins(head, len))
		return "a pickle";
	return look.kind == LOOK_ARCHIVE || look.kind == LOOK_EXECUTABLE ||
	       look.kind == LOOK_SCRIPT ? look.what : NULL;
}

static enum sy_rule rule_of(enum look_kind kind)
{
	switch (kind) {
	case LOOK_ARCHIVE:
		return SY_RULE_TENSOR_PAYLOAD_ARCHIVE;
	case LOOK_EXECUTABLE:
		return SY_RULE_TENSOR_PAYLOAD_EXECUTABLE;
	case LOOK_SCRIPT:
		return SY_RULE_TENSOR_PAYLOAD_SCRIPT;
	case LOOK_PICKLE:
	case LOOK_NONE:
	case LOOK_OTHER:
		break;
	}
	return SY_RULE_TENSOR_PAYLOAD_PICKLE;
}

/*
 * Numbers of several bytes: signatures of few bytes are values that occur, like
 * the 23117 that reads "MZ".  What is left says 32 bits and more.
 */
static bool is_beyond_chance(struct sy_span head, enum look_kind kind)
{
	if (has(head, 0, "MZ", 2))
		return is_pe(head);
	if (has(head, 0, "#!", 2))
		return n_printable(head) >= PRINTABLE_MIN;
	if (is_gzip(head))
		return head.len >= 10 && (head.data[8] == 0 || head.data[8] == 2 ||
					  head.data[8] == 4) &&
		       (head.data[9] <= 13 || head.data[9] == 255);
	return kind != LOOK_NONE;
}

static enum sy_status check_payload(struct sy_inspection *in, struct sy_span tensor,
				    uint64_t off, uint64_t len, bool is_numbers)
{
	uint8_t bytes[HEAD_BYTES];
	struct sy_span head = sy_span_of(bytes, len < HEAD_BYTES ? (size_t)len
								 : HEAD_BYTES);
	enum sy_status status = sy_source_read(in->source, off, bytes, head.len);
	struct look look;
	struct sy_text text;

	if (status != SY_OK)
		return status;
	in->bytes_parsed += head.len;
	look = look_at(head);
	if (look.kind == LOOK_NONE && sy_pickle_begins(head, len))
		look = (struct look){ LOOK_PICKLE, "a pickle" };
	if (look.kind == LOOK_NONE || look.kind == LOOK_OTHER ||
	    (is_numbers && !is_beyond_chance(head, look.kind)))
		return SY_OK;
	sy_text_init(&text);
	sy_text_add(&text, "tensor ");
	sy_text_name(&text, tensor);
	sy_text_addf(&text, " begins like %s at byte %llu", look.what,
		     (unsigned long long)off);
	return sy_fact_text(in, rule_of(look.kind), off, head.len, tensor, &text);
}

enum sy_status sy_payload_check(struct sy_inspection *in, struct sy_span tensor,
				uint64_t off, uint64_t len)
{
	return check_payload(in, tensor, off, len, false);
}

enum sy_status sy_payload_check_numbers(struct sy_inspection *in, struct sy_span tensor,
					uint64_t off, uint64_t len)
{
	return check_payload(in, tensor, off, len, true);
}

/* What the inside of the file's own data only makes possible, bytes behind it do. */
static enum sy_status check_zip(struct sy_inspection *in, uint64_t tail_off)
{
	struct sy_zip_tail tail;
	struct sy_text text;
	enum sy_rule rule;
	bool is_found;
	enum sy_status status = sy_zip_tail_find(in, &tail, &is_found);

	if (status != SY_OK || !is_found)
		return status;
	rule = tail.off >= tail_off ? SY_RULE_CONTENT_POLYGLOT_FOUND
				    : SY_RULE_CONTENT_POLYGLOT_POSSIBLE;
	sy_text_init(&text);
	sy_text_addf(&text, "a ZIP reader opens the directory at byte %llu: %llu entries",
		     (unsigned long long)tail.dir_off, (unsigned long long)tail.n_entries);
	if (tail.n_entries > 0) {
		sy_text_add(&text, ", the first is ");
		sy_text_name(&text, sy_span_of(tail.name, tail.name_len));
	}
	return sy_fact_text(in, rule, tail.dir_off, in->source->size - tail.dir_off,
			    sy_span_str("zip"), &text);
}

/* The sum of all bytes, with spaces for the sum itself, written there in octal. */
static bool is_tar(const uint8_t head[TAR_BYTES])
{
	unsigned sum = 0, stated = 0;
	size_t i = TAR_SUM_OFF;

	if (memcmp(head + 257, "ustar", 5))
		return false;
	for (size_t k = 0; k < TAR_BYTES; k++)
		sum += k >= TAR_SUM_OFF && k < TAR_SUM_OFF + 8 ? ' ' : head[k];
	while (i < TAR_SUM_OFF + 8 && head[i] == ' ')
		i++;
	for (; i < TAR_SUM_OFF + 8 && head[i] >= '0' && head[i] <= '7'; i++)
		stated = stated * 8 + (unsigned)(head[i] - '0');
	return sum == stated;
}

static enum sy_status check_tar(struct sy_inspection *in)
{
	uint8_t head[TAR_BYTES];
	enum sy_status status;

	if (in->source->size < TAR_BYTES)
		return SY_OK;
	status = sy_source_read(in->source, 0, head, TAR_BYTES);
	if (status != SY_OK || !is_tar(head))
		return status;
	return sy_fact(in, SY_RULE_CONTENT_POLYGLOT_FOUND, 0, TAR_BYTES,
		       sy_span_str("tar"), "the first 512 bytes are also a tar header "
		       "with the right checksum");
}

enum sy_status sy_polyglot_check(struct sy_inspection *in, uint64_t tail_off)
{
	enum sy_status status = check_zip(in, tail_off);

	return status != SY_OK ? status : check_tar(in);
}
