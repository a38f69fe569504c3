/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weight indexes (*.safetensors.index.json and their kin): which tensor lives
 * in which file.  Checks the shape of the document and each file name; whether
 * the files are there and hold the tensors is decided where all files of the
 * model are known.  Opens nothing that it names.
 */
#include "formats/config_file.h"
#include "verifier/base/set.h"

static const char *const suffixes[] = {
	".bin.index.json", ".h5.index.json", ".msgpack.index.json",
	".safetensors.index.json", NULL
};

/* Files PREFIX-NNNNN-of-COUNT: how many there should be, how many are named. */
struct series {
	uint64_t count, n_seen;
	struct sy_span prefix;
};

struct index {
	struct sy_config_json config;
	struct sy_inspection *in;
	const char *extension;		/* what the shards must end in; NULL: anything */
	struct sy_set files;		/* targets seen, in the arena */
	struct sy_set names;		/* "COUNT PREFIX" -> position in series */
	struct series *series;
	size_t n_series, cap_series;
	uint64_t n_tensors, map_off;
	bool has_map, has_entries, has_total;
};

/* "model.safetensors.index.fp16.json": the variant may stand behind "index". */
static bool has_index_of(struct sy_span base, const char *extension)
{
	struct sy_text part;

	if (!sy_ascii_ends(base, ".json"))
		return false;
	sy_text_init(&part);
	sy_text_addf(&part, "%s.index.", extension);
	for (size_t i = 0; i + part.len < base.len; i++) {
		if (sy_ascii_starts(sy_span_slice(base, i, SIZE_MAX), part.data))
			return true;
	}
	return false;
}

/* The extension that the name of an index promises, with its dot. */
static const char *promised_extension(struct sy_span base)
{
	static const char *const extensions[] = {
		".bin", ".h5", ".msgpack", ".safetensors",
	};

	for (size_t i = 0; i < SY_N_ELEMS(extensions); i++) {
		if (has_index_of(base, extensions[i]))
			return extensions[i];
	}
	return NULL;
}

static unsigned bid(const struct sy_probe *probe)
{
	if (promised_extension(probe->base))
		return sy_config_bid(probe, 16);
	if (!sy_ascii_ends(probe->base, ".index.json") ||
	    !sy_config_is_texty(probe->head))
		return 0;
	return sy_span_find(probe->head, sy_span_str("\"weight_map\"")) != SIZE_MAX ? 16 : 0;
}

static enum sy_status say(struct index *x, enum sy_rule rule, uint64_t off,
			  struct sy_span name, const char *what)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_name(&text, name);
	sy_text_addf(&text, " %s", what);
	return sy_fact_text(x->in, rule, off, 0, name, &text);
}

static bool is_separator(uint8_t c)
{
	return c == '/' || c == '\\';
}

/* A component that is "..", ".", or empty. */
static bool has_odd_component(struct sy_span path)
{
	size_t start = 0;

	for (size_t i = 0; i <= path.len; i++) {
		struct sy_span part;

		if (i < path.len && !is_separator(path.data[i]))
			continue;
		part = sy_span_slice(path, start, i - start);
		if (part.len == 0 || sy_span_is(part, ".") || sy_span_is(part, ".."))
			return true;
		start = i + 1;
	}
	return false;
}

/* Why joining the name to a folder may lead elsewhere; NULL: it stays inside. */
static const char *unsafe(struct sy_span path)
{
	if (path.len == 0)
		return "is an empty name";
	if (memchr(path.data, 0, path.len))
		return "holds a NUL, where some readers end the name";
	if (is_separator(path.data[0]))
		return "is an absolute path";
	if (sy_span_find(path, sy_span_str("://")) != SIZE_MAX)
		return "is an address";
	if (path.len > 1 && path.data[1] == ':')
		return "begins with a drive letter";
	if (path.data[0] == '~')
		return "begins with a home folder";
	if (has_odd_component(path))
		return "leads out of its folder or through an empty component";
	return NULL;
}

/* "-00002-of-00005": end of the prefix and the count's digits; false: no such name. */
static bool series_of(struct sy_span base, const char *extension,
		      struct sy_span *prefix, struct sy_span *count)
{
	size_t end = base.len, at;

	if (!extension || !sy_span_ends(base, extension))
		return false;
	end -= strlen(extension);
	for (at = end; at > 0 && sy_is_digit(base.data[at - 1]);)
		at--;
	*count = sy_span_slice(base, at, end - at);
	if (count->len == 0 || count->len > 9 || at < 4 ||
	    memcmp(base.data + at - 4, "-of-", 4) != 0)
		return false;
	for (at -= 4, end = at; at > 0 && sy_is_digit(base.data[at - 1]);)
		at--;
	*prefix = sy_span_slice(base, 0, at);
	return at < end;
}

static enum sy_status new_series(struct index *x, uint64_t count, struct sy_span key,
				 size_t digits_len)
{
	struct sy_span copy;
	uint64_t found;
	bool is_new;
	enum sy_status status = sy_arena_copy(&x->in->arena, key, &copy);

	if (status == SY_OK)
		status = sy_grow(x->in->ctx, &x->series, &x->cap_series,
				 x->n_series + 1, sizeof(*x->series));
	if (status != SY_OK)
		return status;
	x->series[x->n_series] = (struct series){
		.count = count, .n_seen = 1,
		.prefix = sy_span_slice(copy, digits_len + 1, SIZE_MAX),
	};
	return sy_set_add(&x->names, copy, x->n_series++, &is_new, &found);
}

static enum sy_status count_file(struct index *x, struct sy_span file)
{
	struct sy_span prefix, digits;
	uint64_t count = 0, position;
	struct sy_text key;

	if (!series_of(file, x->extension, &prefix, &digits))
		return SY_OK;
	for (size_t i = 0; i < digits.len; i++)
		count = count * 10 + (uint64_t)(digits.data[i] - '0');
	sy_text_init(&key);
	sy_text_add_span(&key, digits);
	sy_text_add(&key, " ");
	sy_text_add_span(&key, prefix);
	if (!sy_set_has(&x->names, sy_text_span(&key), &position))
		return new_series(x, count, sy_text_span(&key), digits.len);
	x->series[position].n_seen++;
	return SY_OK;
}

static enum sy_status check_series(struct index *x)
{
	for (size_t i = 0; i < x->n_series; i++) {
		const struct series *series = &x->series[i];
		enum sy_status status;
		struct sy_text text;

		if (series->n_seen == series->count)
			continue;
		sy_text_init(&text);
		sy_text_addf(&text, "the names say %llu files, the index names %llu: ",
			     (unsigned long long)series->count,
			     (unsigned long long)series->n_seen);
		sy_text_name(&text, series->prefix);
		status = sy_fact_text(x->in, SY_RULE_INDEX_SHARD_COUNT, SY_OFFSET_NONE,
				      0, series->prefix, &text);
		if (status != SY_OK)
			return status;
	}
	return SY_OK;
}

static struct sy_span last_component(struct sy_span path)
{
	size_t at = path.len;

	while (at > 0 && !is_separator(path.data[at - 1]))
		at--;
	return sy_span_slice(path, at, SIZE_MAX);
}

/* Each file is judged once, where it is named first. */
static enum sy_status check_file(struct index *x, struct sy_span file, uint64_t off)
{
	const char *why = unsafe(file);
	enum sy_status status = count_file(x, last_component(file));

	if (status == SY_OK && why)
		return say(x, SY_RULE_INDEX_PATH_UNSAFE, off, file, why);
	if (status == SY_OK && (memchr(file.data, '/', file.len) ||
				memchr(file.data, '\\', file.len)))
		status = say(x, SY_RULE_INDEX_PATH_SUBFOLDER, off, file,
			     "is in a folder below the index");
	if (status == SY_OK && x->extension && !sy_span_ends(file, x->extension))
		status = say(x, SY_RULE_INDEX_FILE_KIND, off, file,
			     "has not the extension that the index's own name promises");
	return status;
}

static enum sy_status add_file(struct index *x, struct sy_span file, uint64_t off)
{
	enum sy_status status;
	struct sy_span copy;
	uint64_t found;
	bool is_new;

	if (sy_set_has(&x->files, file, NULL))
		return SY_OK;
	status = sy_arena_copy(&x->in->arena, file, &copy);
	if (status == SY_OK)
		status = sy_set_add(&x->files, copy, off, &is_new, &found);
	return status == SY_OK ? check_file(x, copy, off) : status;
}

/* One "tensor": "file"; the name is kept while the value is read. */
static enum sy_status read_entry(struct index *x, const struct sy_json_token *key)
{
	struct sy_buffer name;
	struct sy_json_token value;
	uint64_t off = key->off;
	enum sy_status status;

	sy_buffer_init(&name, x->in->ctx);
	status = sy_buffer_write(&name, key->text);
	if (status == SY_OK)
		status = sy_config_next(&x->config, &value);
	if (status == SY_OK && value.kind != SY_JSON_STRING) {
		status = say(x, SY_RULE_INDEX_FORMAT_BROKEN, value.off,
			     sy_span_of(name.data, name.len),
			     "is not mapped to a file name");
		if (status == SY_OK)
			status = sy_config_skip(&x->config, &value);
	} else if (status == SY_OK) {
		x->n_tensors++;
		status = add_file(x, value.text, value.off);
		if (status == SY_OK)
			status = sy_emit_ref(x->in, SY_REF_SHARD,
					     sy_span_of(name.data, name.len),
					     value.text, 0, off);
	}
	sy_buffer_free(&name);
	return status;
}

static enum sy_status read_map(struct index *x)
{
	struct sy_json_token token;
	enum sy_status status = sy_config_next(&x->config, &token);

	if (status != SY_OK)
		return status;
	x->has_map = true;
	x->map_off = token.off;
	if (token.kind != SY_JSON_OBJECT) {
		x->has_entries = true;	/* said to be something else */
		status = sy_fact(x->in, SY_RULE_INDEX_FORMAT_BROKEN, token.off, token.len,
				 sy_span_str("weight_map"),
				 "weight_map at byte %llu is not an object",
				 (unsigned long long)token.off);
		return status == SY_OK ? sy_config_skip(&x->config, &token) : status;
	}
	for (;;) {
		status = sy_config_next(&x->config, &token);
		if (status != SY_OK || token.kind == SY_JSON_OBJECT_END)
			return status;
		x->has_entries = true;
		status = read_entry(x, &token);
		if (status != SY_OK)
			return status;
	}
}

static enum sy_status read_total(struct index *x)
{
	struct sy_json_token value;
	enum sy_status status = sy_config_next(&x->config, &value);

	if (status != SY_OK)
		return status;
	x->has_total = true;
	if (value.kind == SY_JSON_NUMBER && value.is_integer && !value.is_negative)
		return sy_emit_ref(x->in, SY_REF_TOTAL_SIZE, sy_span_str("total_size"),
				   sy_span_of(NULL, 0), value.magnitude, value.off);
	status = sy_fact(x->in, SY_RULE_INDEX_TOTAL_SIZE, value.off, value.len,
			 sy_span_str("total_size"),
			 "metadata.total_size at byte %llu is not a whole number of bytes",
			 (unsigned long long)value.off);
	return status == SY_OK ? sy_config_skip(&x->config, &value) : status;
}

static enum sy_status skip_value(struct index *x)
{
	struct sy_json_token value;
	enum sy_status status = sy_config_next(&x->config, &value);

	return status == SY_OK ? sy_config_skip(&x->config, &value) : status;
}

static enum sy_status read_metadata(struct index *x)
{
	struct sy_json_token token;
	enum sy_status status = sy_config_next(&x->config, &token);

	if (status != SY_OK)
		return status;
	if (token.kind != SY_JSON_OBJECT)
		return sy_config_skip(&x->config, &token);
	for (;;) {
		status = sy_config_next(&x->config, &token);
		if (status != SY_OK || token.kind == SY_JSON_OBJECT_END)
			return status;
		status = sy_span_is(token.text, "total_size") ? read_total(x)
							      : skip_value(x);
		if (status != SY_OK)
			return status;
	}
}

static enum sy_status read_members(struct index *x)
{
	struct sy_json_token token;

	for (;;) {
		enum sy_status status = sy_config_next(&x->config, &token);

		if (status != SY_OK || token.kind == SY_JSON_END ||
		    token.kind == SY_JSON_OBJECT_END)
			return status;
		if (sy_span_is(token.text, "weight_map"))
			status = read_map(x);
		else if (sy_span_is(token.text, "metadata"))
			status = read_metadata(x);
		else
			status = skip_value(x);
		if (status != SY_OK)
			return status;
	}
}

static enum sy_status say_absent(struct index *x)
{
	enum sy_status status = SY_OK;

	if (!x->has_map)
		status = sy_fact(x->in, SY_RULE_INDEX_FORMAT_BROKEN, 0, 0,
				 sy_span_str("weight_map"),
				 "the document at byte 0 has no weight_map");
	if (status == SY_OK && x->has_map && !x->has_entries)
		status = sy_fact(x->in, SY_RULE_INDEX_FORMAT_BROKEN, x->map_off, 2,
				 sy_span_str("weight_map"),
				 "weight_map at byte %llu names no tensor",
				 (unsigned long long)x->map_off);
	if (status == SY_OK && x->has_map && !x->has_total)
		status = sy_fact(x->in, SY_RULE_INDEX_TOTAL_SIZE, SY_OFFSET_NONE, 0,
				 sy_span_str("total_size"),
				 "there is no metadata.total_size");
	return status == SY_OK ? check_series(x) : status;
}

static enum sy_status read_document(struct index *x)
{
	struct sy_json_token token;
	enum sy_status status = sy_config_next(&x->config, &token);

	if (status != SY_OK)
		return status;
	if (token.kind != SY_JSON_OBJECT)
		return sy_fact(x->in, SY_RULE_INDEX_FORMAT_BROKEN, token.off, token.len,
			       sy_span_of(NULL, 0), "the document is not an object");
	status = read_members(x);
	if (status == SY_OK)
		status = sy_config_next(&x->config, &token);
	return status == SY_OK ? say_absent(x) : status;
}

static enum sy_status inspect(struct sy_inspection *in)
{
	struct index x = {
		.config = {
			.in = in,
			.broken = SY_RULE_INDEX_FORMAT_BROKEN,
			.duplicate = SY_RULE_INDEX_KEY_DUPLICATE,
			.nonfinite = SY_RULE_CONFIG_NUMBER_NONFINITE,
		},
		.in = in,
		.extension = promised_extension(in->base),
	};
	struct sy_span bytes;
	enum sy_status status = sy_config_read(in, &bytes);

	sy_set_init(&x.files, in->ctx);
	sy_set_init(&x.names, in->ctx);
	if (status == SY_OK)
		status = sy_config_open(&x.config, bytes);
	if (status == SY_OK)
		status = sy_config_end(read_document(&x));
	sy_config_close(&x.config);
	if (status == SY_OK)
		status = sy_emit_artifact(in, "hf-index", 0, "%llu tensors in %zu files",
					  (unsigned long long)x.n_tensors,
					  x.files.n_used);
	sy_set_free(&x.files);
	sy_set_free(&x.names);
	sy_release(in->ctx, x.series);
	return status;
}

const struct sy_format sy_format_hf_index = {
	.name = "hf-index",
	.title = "Hugging Face weight index",
	.spec = "huggingface_hub serialization guide; docs/formats/hf-index.md",
	.class = SY_CLASS_CONFIG,
	.suffixes = suffixes,
	.bid = bid,
	.inspect = inspect,
};
