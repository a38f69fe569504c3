/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZIP archives as files: plain ones, NumPy's and PyTorch's.  Which it is, all its
 * names together say; an archive that is several things is judged as each of them.
 */
#include "formats/zip.h"

#include "formats/archive_kind.h"
#include "formats/sniff.h"
#include "formats/torch_zip.h"

#define RATIO_USUAL 200				/* weights that are zeros pack better */
#define RATIO_BYTES (UINT64_C(64) << 20)	/* and more than that is worth a word */

bool sy_zip_is_file(const struct sy_zip_entry *entry)
{
	bool is_folder = sy_span_ends(entry->name, "/") && entry->size == 0;

	return entry->is_there && entry->is_readable && !is_folder;
}

/* by_name: the kind that its own name makes it, where no member's does. */
static enum sy_status tell_kind(struct sy_zip *zip, const char *by_name)
{
	struct sy_archive_kind kind;
	enum sy_status status = SY_OK;

	sy_archive_kind_init(&kind, zip->in->ctx);
	for (size_t i = 0; i < zip->n && status == SY_OK; i++)
		status = sy_archive_kind_see(&kind, zip->entries[i].name);
	if (status == SY_OK && !kind.kind) {
		kind.kind = by_name;
		kind.name = zip->in->base;
	}
	if (status == SY_OK)
		status = sy_archive_kind_tell(&kind, zip->in);
	sy_archive_kind_free(&kind);
	return status;
}

static enum sy_status tell_ratio(struct sy_zip *zip)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < zip->n && status == SY_OK; i++) {
		const struct sy_zip_entry *entry = &zip->entries[i];
		struct sy_text name;

		if (entry->size < RATIO_BYTES || entry->size / RATIO_USUAL < entry->len)
			continue;
		sy_text_init(&name);
		sy_text_name(&name, entry->name);
		status = sy_zip_tell(zip, entry, SY_RULE_ZIP_RATIO_EXTREME,
				     "%s: %llu bytes from %llu", name.data,
				     (unsigned long long)entry->size,
				     (unsigned long long)entry->len);
	}
	return status;
}

/* What nobody looks at: folders, and what is packed by a method that we do not know. */
static enum sy_status list_rest(struct sy_zip *zip)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < zip->n && status == SY_OK; i++) {
		const struct sy_zip_entry *entry = &zip->entries[i];
		struct sy_record_member member = {
			.name = entry->name, .off = entry->data_off, .len = entry->len,
			.size = entry->size,
			.format = sy_span_str(entry->is_readable ? "folder" : "unknown"),
			.codec = sy_span_str(sy_codec_name(entry->codec)),
		};
		struct sy_text method;

		if (!entry->is_there || sy_zip_is_file(entry))
			continue;
		sy_text_init(&method);
		sy_text_addf(&method, "method %u", entry->method);
		if (!entry->is_readable)
			member.codec = sy_text_span(&method);
		status = sy_emit_member(zip->in, &member);
	}
	return status;
}

static enum sy_status add_files(struct sy_zip *zip)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < zip->n && status == SY_OK; i++) {
		struct sy_member member = sy_zip_member(&zip->entries[i]);

		if (sy_zip_is_file(&zip->entries[i]))
			status = sy_nest_add(zip->in, &member);
	}
	return status;
}

static bool is_npz(const struct sy_zip *zip)
{
	for (size_t i = 0; i < zip->n; i++) {
		if (!sy_ascii_ends(zip->entries[i].name, ".npy"))
			return false;
	}
	return zip->n > 0;
}

static enum sy_status judge(struct sy_zip *zip, const char *name, const char *kind)
{
	bool is_torch = sy_torch_zip_is(zip);
	uint64_t n_tensors = 0;
	enum sy_status status = tell_kind(zip, kind);

	if (status == SY_OK)
		status = tell_ratio(zip);
	if (status == SY_OK)
		status = list_rest(zip);
	if (status == SY_OK)
		status = is_torch ? sy_torch_zip_judge(zip, &n_tensors) : add_files(zip);
	if (status == SY_OK)
		status = sy_emit_artifact(zip->in, is_torch ? "torch-zip" :
					  is_npz(zip) ? "npz" : name, n_tensors,
					  "%zu entries, %llu bytes unpacked", zip->n,
					  (unsigned long long)zip->size_sum);
	return status;
}

/* name and kind: what it is called, and is, when its members do not say more. */
static enum sy_status inspect_as(struct sy_inspection *in, const char *name,
				 const char *kind)
{
	struct sy_zip zip;
	enum sy_status status = sy_zip_read(&zip, in);

	for (size_t i = 0; i < zip.n_ends; i++)
		in->bytes_parsed += zip.ends[i].dir_len;
	if (status == SY_OK)
		status = judge(&zip, name, kind);
	sy_zip_free(&zip);
	return status;
}

static enum sy_status inspect(struct sy_inspection *in)
{
	return inspect_as(in, "zip", NULL);
}

static enum sy_status inspect_keras(struct sy_inspection *in)
{
	return inspect_as(in, "keras-zip", "a Keras model, whose configuration names code");
}

static enum sy_status inspect_dduf(struct sy_inspection *in)
{
	return inspect_as(in, "dduf", "a diffusers archive");
}

static unsigned bid_zip(const struct sy_probe *p)
{
	return sy_bid_zip(p, "zip");
}

static unsigned bid_npz(const struct sy_probe *p)
{
	return sy_bid_zip(p, "npz");
}

static unsigned bid_torch(const struct sy_probe *p)
{
	return sy_bid_zip(p, "torch");
}

static unsigned bid_keras(const struct sy_probe *p)
{
	return sy_bid_zip(p, "keras");
}

static unsigned bid_dduf(const struct sy_probe *p)
{
	return sy_bid_zip(p, "dduf");
}

static const char *const zip_suffixes[] = {
	".apk", ".egg", ".jar", ".mar", ".nemo", ".pyz", ".skops", ".whl", ".zip", NULL
};
static const char *const keras_suffixes[] = { ".keras", NULL };
static const char *const dduf_suffixes[] = { ".dduf", NULL };
static const char *const npz_suffixes[] = { ".npz", NULL };
static const char *const torch_suffixes[] = {
	".bin", ".ckpt", ".ot", ".pt", ".pt2", ".pth", ".ptl", NULL
};

#define SPEC "PKWARE APPNOTE 6.3.10"

const struct sy_format sy_format_zip = {
	.name = "zip", .title = "a ZIP archive", .spec = SPEC,
	.class = SY_CLASS_CONTAINER, .suffixes = zip_suffixes, .unpacks = true,
	.bid = bid_zip, .inspect = inspect,
};

const struct sy_format sy_format_npz = {
	.name = "npz", .title = "a NumPy archive", .spec = SPEC ", numpy.savez",
	.class = SY_CLASS_WEIGHTS, .suffixes = npz_suffixes, .unpacks = true,
	.bid = bid_npz, .inspect = inspect,
};

const struct sy_format sy_format_torch_zip = {
	.name = "torch-zip", .title = "a PyTorch file",
	.spec = SPEC ", PyTorch caffe2/serialize/inline_container.cc",
	.class = SY_CLASS_PICKLE, .suffixes = torch_suffixes, .unpacks = true,
	.bid = bid_torch, .inspect = inspect,
};

/* Nobody judges what the configurations in these mean (archive_kind.c). */
const struct sy_format sy_format_keras_zip = {
	.name = "keras-zip", .title = "a Keras archive", .spec = SPEC ", Keras 3 saving_lib",
	.class = SY_CLASS_CONTAINER, .suffixes = keras_suffixes, .unpacks = true,
	.bid = bid_keras, .inspect = inspect_keras,
};

const struct sy_format sy_format_dduf = {
	.name = "dduf", .title = "a DDUF archive (diffusers)", .spec = SPEC ", DDUF",
	.class = SY_CLASS_CONTAINER, .suffixes = dduf_suffixes, .unpacks = true,
	.bid = bid_dduf, .inspect = inspect_dduf,
};
