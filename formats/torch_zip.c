/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PyTorch's archives (torch.save since 1.6, TorchScript): which record is unpickled,
 * which is raw tensor data, and what should not be there.  Every record is looked
 * at, whatever its name.
 */
#include "formats/torch_zip.h"

#include "formats/member_names.h"
#include "formats/pickle/streams.h"
#include "formats/torch_storage.h"
#include "verifier/base/text.h"

#define VERSION_MAX 10
#define RATIO_MAX 100
#define RATIO_BYTES (UINT64_C(1) << 20)	/* shorter records do no harm */

struct torch {
	struct sy_zip *zip;
	struct sy_torch_storages storages;
	struct sy_span root;		/* "archive/", or empty */
	bool has_pickle, has_version, has_byteorder, is_script;
};

static bool is_word(struct sy_span a, const char *word)
{
	return a.len == strlen(word) && sy_ascii_starts(a, word);
}

/* Up to and with the first slash of the first entry. */
static struct sy_span root_of(const struct sy_zip *zip)
{
	struct sy_span name = zip->entries[0].name;

	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] == '/')
			return sy_span_slice(name, 0, i + 1);
	}
	return sy_span_of(NULL, 0);
}

bool sy_torch_zip_is(const struct sy_zip *zip)
{
	for (size_t i = 0; i < zip->n; i++) {
		struct sy_span base = sy_member_name_base(zip->entries[i].name);

		if (sy_ascii_starts(base, "data.pkl") || is_word(base, "constants.pkl") ||
		    is_word(base, "bytecode.pkl"))
			return true;
	}
	return false;
}

/* The record's name below the root; false: it lies elsewhere. */
static bool record_of(const struct torch *t, struct sy_span name, struct sy_span *record)
{
	*record = name;
	if (name.len < t->root.len)
		return false;
	for (size_t i = 0; i < t->root.len; i++) {
		if (sy_ascii_lower(name.data[i]) != sy_ascii_lower(t->root.data[i]))
			return false;
	}
	*record = sy_span_slice(name, t->root.len, name.len);
	return true;
}

#define WORD_BYTES 64

/* What a short record says, without the newline that may end it. */
struct word {
	uint8_t bytes[WORD_BYTES];
	struct sy_span text;
	bool is_long;
};

static enum sy_status read_word(struct sy_inspection *in, void *user)
{
	struct word *word = user;
	size_t len = in->source->size < WORD_BYTES ? (size_t)in->source->size : WORD_BYTES;
	enum sy_status status = sy_source_read(in->source, 0, word->bytes, len);

	word->is_long = in->source->size > WORD_BYTES;
	if (len > 0 && word->bytes[len - 1] == '\n')
		len--;
	word->text = sy_span_of(word->bytes, len);
	return status;
}

static enum sy_status tell_word(struct torch *t, const struct sy_zip_entry *entry,
				enum sy_rule rule, const struct word *word)
{
	struct sy_text name, text;

	sy_text_init(&name);
	sy_text_name(&name, entry->name);
	sy_text_init(&text);
	sy_text_name(&text, word->text);
	return sy_zip_tell(t->zip, entry, rule, "%s says %s", name.data, text.data);
}

static enum sy_status check_version(struct torch *t, const struct sy_zip_entry *entry,
				    const struct word *word)
{
	uint64_t version;

	t->has_version = true;
	if (!word->is_long && sy_parse_u64(word->text, &version) && version >= 1 &&
	    version <= VERSION_MAX)
		return SY_OK;
	return tell_word(t, entry, SY_RULE_TORCH_VERSION_INVALID, word);
}

static enum sy_status check_byteorder(struct torch *t, const struct sy_zip_entry *entry,
				      const struct word *word)
{
	t->has_byteorder = true;
	t->storages.is_big_endian = !word->is_long && sy_span_is(word->text, "big");
	if (!word->is_long && (sy_span_is(word->text, "little") || sy_span_is(word->text, "big")))
		return SY_OK;
	return tell_word(t, entry, SY_RULE_TORCH_BYTEORDER_INVALID, word);
}

typedef enum sy_status check_fn(struct torch *t, const struct sy_zip_entry *entry,
				const struct word *word);

/* A record of one word: read at once; what else it may be is looked at later. */
static enum sy_status take_word(struct torch *t, const struct sy_zip_entry *entry,
				check_fn *check)
{
	struct sy_member member = sy_zip_member(entry);
	struct word word = { .text = sy_span_of(NULL, 0) };
	enum sy_status status = sy_nest_open(t->zip->in, &member, read_word, &word);

	if (status == SY_OK)
		status = check(t, entry, &word);
	member.has_crc = false;		/* compared already */
	return status == SY_OK ? sy_nest_add(t->zip->in, &member) : status;
}

static enum sy_status tell_entry(struct torch *t, const struct sy_zip_entry *entry,
				 enum sy_rule rule, const char *what)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_name(&text, entry->name);
	return sy_zip_tell(t->zip, entry, rule, "%s %s", text.data, what);
}

/* data/0, tensors/12, constants/3: raw bytes of a storage. */
static bool is_storage(struct sy_span record)
{
	static const char *const folders[] = { "data/", "tensors/", "constants/" };

	for (size_t i = 0; i < SY_N_ELEMS(folders); i++) {
		struct sy_span key = sy_span_slice(record, strlen(folders[i]), record.len);
		size_t n_digits = 0;

		if (!sy_ascii_starts(record, folders[i]))
			continue;
		while (n_digits < key.len && sy_is_digit(key.data[n_digits]))
			n_digits++;
		if (key.len > 0 && n_digits == key.len)
			return true;
	}
	return false;
}

static bool is_expected(struct torch *t, struct sy_span record)
{
	static const char *const names[] = {
		".data/serialization_id", ".data/version", ".format_version",
		".storage_alignment", "attributes.pkl", "mobile_debug_handles.pkl",
	};

	if (sy_ascii_starts(record, "code/"))
		return t->is_script = true;
	for (size_t i = 0; i < SY_N_ELEMS(names); i++) {
		if (is_word(record, names[i]))
			return true;
	}
	return sy_ascii_ends(record, "pkl") || sy_ascii_starts(record, "extra/");
}

static enum sy_status run_data(struct sy_inspection *in, void *user)
{
	struct torch *t = user;
	struct sy_pickle_sum sum;
	enum sy_status status;

	t->storages.pickle = in;
	status = sy_pickle_streams(in, 0, in->source->size, &t->storages.watch, &sum);
	in->bytes_parsed += sum.end;
	return status;
}

/* The pickle that names the storages is run first. */
static enum sy_status take_data(struct torch *t, const struct sy_zip_entry *entry)
{
	struct sy_member member = sy_zip_member(entry);
	enum sy_status status = sy_nest_list(t->zip->in, &member, sy_format_pickle.name);

	t->has_pickle = true;
	return status == SY_OK ? sy_nest_open(t->zip->in, &member, run_data, t) : status;
}

/* A record below the root, as PyTorch reads it. */
static enum sy_status take_record(struct torch *t, const struct sy_zip_entry *entry,
				  struct sy_span record)
{
	struct sy_member member = sy_zip_member(entry);
	enum sy_status status = SY_OK;

	if (is_word(record, "version") || is_word(record, ".data/version"))
		return take_word(t, entry, check_version);
	if (is_word(record, "byteorder"))
		return take_word(t, entry, check_byteorder);
	if (is_word(record, "data.pkl"))
		return take_data(t, entry);
	t->has_pickle |= is_word(record, "bytecode.pkl");
	member.is_storage = is_storage(record) && !entry->is_disputed;
	/* Up to a NUL, some readers see "data.pkl". */
	if (sy_ascii_ends(record, "pkl") || sy_ascii_starts(record, "data.pkl"))
		member.format = &sy_format_pickle;
	if (!is_expected(t, record) && !member.is_storage)
		status = tell_entry(t, entry, SY_RULE_TORCH_ENTRY_UNEXPECTED,
				    "is no record of PyTorch's");
	return status == SY_OK ? sy_nest_add(t->zip->in, &member) : status;
}

/* What PyTorch cannot unpack, or would never pack so. */
static enum sy_status check_packing(struct torch *t, const struct sy_zip_entry *entry)
{
	if (entry->is_encrypted || !entry->is_readable || (entry->method != SY_ZIP_METHOD_STORED &&
				    entry->method != SY_ZIP_METHOD_DEFLATED))
		return tell_entry(t, entry, SY_RULE_TORCH_RECORD_UNREADABLE,
				  "is packed so that PyTorch cannot read it");
	if (entry->size >= RATIO_BYTES && entry->size / RATIO_MAX >= entry->len)
		return tell_entry(t, entry, SY_RULE_TORCH_RATIO_EXTREME,
				  "unpacks to a hundred times its size and more");
	return SY_OK;
}

static enum sy_status take_entry(struct torch *t, const struct sy_zip_entry *entry)
{
	struct sy_member member = sy_zip_member(entry);
	struct sy_span record;
	enum sy_status status = check_packing(t, entry);

	if (status != SY_OK || !sy_zip_is_file(entry))
		return status;
	if (record_of(t, entry->name, &record))
		return take_record(t, entry, record);
	status = tell_entry(t, entry, SY_RULE_TORCH_ROOT_MANY,
			    "lies outside of the folder of the first entry");
	if (sy_ascii_ends(entry->name, "pkl"))
		member.format = &sy_format_pickle;
	return status == SY_OK ? sy_nest_add(t->zip->in, &member) : status;
}

/* What a whole archive has; the pickle may be missing below the root only. */
static enum sy_status tell_missing(struct torch *t)
{
	const struct sy_span none = sy_span_of(NULL, 0);
	struct sy_inspection *in = t->zip->in;
	enum sy_status status = SY_OK;

	if (!t->has_pickle)
		status = sy_fact(in, SY_RULE_TORCH_PICKLE_MISSING, SY_OFFSET_NONE, 0, none,
				 "none of its %zu entries is the pickle of the folder of the "
				 "first entry", t->zip->n);
	if (status == SY_OK && !t->has_version)
		status = sy_fact(in, SY_RULE_TORCH_VERSION_MISSING, SY_OFFSET_NONE, 0, none,
				 "no record states a version");
	if (status == SY_OK && t->has_version && !t->has_byteorder && !t->is_script)
		status = sy_fact(in, SY_RULE_TORCH_BYTEORDER_MISSING, SY_OFFSET_NONE, 0, none,
				 "no record states the byte order");
	if (status == SY_OK && t->is_script)
		status = sy_fact(in, SY_RULE_TORCH_SCRIPT_FOUND, SY_OFFSET_NONE, 0, none,
				 "code of a TorchScript program lies below code/");
	return status;
}

/* The open record is the storage that the tensors lie in. */
struct packed {
	struct torch *t;
	struct sy_torch_storage *storage;
};

static enum sy_status emit_packed(struct sy_inspection *in, void *user)
{
	struct packed *packed = user;
	struct sy_torch_storages *storages = &packed->t->storages;

	packed->storage->at = SY_TORCH_EMITTED;
	return sy_torch_tensors_emit_of(&storages->tensors,
					(size_t)(packed->storage - storages->all), in,
					storages->is_big_endian);
}

/* Nobody but this process sees the elements: it unpacks them once more for their digests. */
static enum sy_status take_packed(struct torch *t, const struct sy_zip_entry *entry,
				  struct sy_torch_storage *storage)
{
	struct packed packed = { .t = t, .storage = storage };
	struct sy_member member = sy_zip_member(entry);

	if (!(t->zip->in->wants & SY_WANT_DIGESTS) || storage->at != SY_OFFSET_NONE)
		return SY_OK;
	return sy_nest_open(t->zip->in, &member, emit_packed, &packed);
}

/* Each storage record against what the pickles want of it. */
static enum sy_status compare_storages(struct torch *t)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < t->zip->n && status == SY_OK; i++) {
		const struct sy_zip_entry *entry = &t->zip->entries[i];
		struct sy_torch_storage *storage;
		struct sy_span record;

		if (!record_of(t, entry->name, &record) || !sy_ascii_starts(record, "data/"))
			continue;
		storage = sy_torch_storage_find(&t->storages, sy_span_slice(record, 5, record.len));
		if (storage && sy_zip_is_file(entry) && entry->codec == SY_CODEC_STORED)
			storage->at = entry->data_off;
		else if (storage && sy_zip_is_file(entry))
			status = take_packed(t, entry, storage);
		if (storage && status == SY_OK)
			status = sy_torch_storage_compare(&t->storages, storage, entry->at,
							  entry->size);
	}
	return status == SY_OK ? sy_torch_storages_end(&t->storages) : status;
}

enum sy_status sy_torch_zip_judge(struct sy_zip *zip, uint64_t *n_tensors)
{
	struct torch t = { .zip = zip, .root = root_of(zip) };
	enum sy_status status = SY_OK;

	sy_torch_storages_init(&t.storages, zip->in);
	for (size_t i = 0; i < zip->n && status == SY_OK; i++)
		status = take_entry(&t, &zip->entries[i]);
	if (status == SY_OK)
		status = compare_storages(&t);
	*n_tensors = 0;
	if (status == SY_OK)
		status = sy_torch_storages_emit(&t.storages, n_tensors);
	if (status == SY_OK)
		status = tell_missing(&t);
	sy_torch_storages_free(&t.storages);
	return status;
}
