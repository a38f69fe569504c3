/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of meaningful names in archives.  In doubt a name is in: leaving one out
 * would call an archive clean whose loader runs what it names.
 */
#include "formats/archive_kind.h"

#include "formats/member_names.h"

#define KERAS "a Keras model, whose configuration names code"

static const struct {
	const char *base;	/* last component of the name, in any case */
	const char *kind;
} by_base[] = {
	{ "__main__.py", "a program that Python runs from an archive" },
	{ "_stable_baselines3_version", "a Stable-Baselines3 model, which unpickles its data" },
	{ "algorithm_state.pkl", "an RLlib checkpoint" },
	{ "androidmanifest.xml", "an Android package" },
	{ "archive_format", "an exported PyTorch program" },
	{ "bento.yaml", "a BentoML package, whose code is imported" },
	{ "conda.yaml", "an MLflow model, whose environment is installed" },
	{ "config.cfg", "a spaCy pipeline, whose configuration names code" },
	{ "extern_modules", "a torch.package, whose Python code is imported" },
	{ "keras_metadata.pb", "a TensorFlow model" },
	{ "mlmodel", "an MLflow model, which names the module that loads it" },
	{ "model.ini", "an H2O model" },
	{ "model.weights.h5", KERAS },
	{ "model.weights.npz", KERAS },
	{ "model_config.yaml", "a NeMo model, whose configuration names code" },
	{ "model_index.json", "a diffusers archive" },
	{ "modules.json", "a sentence-transformers model, which names classes" },
	{ "pkg-info", "a Python package" },
	{ "python_model.pkl", "an MLflow model" },
	{ "saved_model.pb", "a TensorFlow model" },
	{ "schema.json", "a skops model, whose schema names classes" },
	{ "serialized_exported_program.json", "an exported PyTorch program" },
	{ "setup.py", "a Python package" },
	{ "wheel", "a Python package" },
};

static const struct {
	const char *path;	/* the whole name begins so, in any case */
	const char *kind;
} by_path[] = {
	{ "mar-inf/", "a TorchServe archive, whose handler is run" },
	{ "meta-inf/manifest.mf", "a Java program" },
	{ "egg-info/", "a Python package" },
};

/* Keras 3 writes them beside each other, and reads the first before any weights. */
static const char *const keras_pair[] = { "config.json", "metadata.json" };

static bool is_word(struct sy_span name, const char *word)
{
	return name.len == strlen(word) && sy_ascii_starts(name, word);
}

static const char *kind_of(struct sy_span name, struct sy_span base)
{
	for (size_t i = 0; i < SY_N_ELEMS(by_base); i++) {
		if (is_word(base, by_base[i].base))
			return by_base[i].kind;
	}
	for (size_t i = 0; i < SY_N_ELEMS(by_path); i++) {
		if (sy_ascii_starts(name, by_path[i].path))
			return by_path[i].kind;
	}
	return NULL;
}

/* Either is an ordinary name; both in one folder are not. */
static enum sy_status see_pair(struct sy_archive_kind *kind, struct sy_span name,
			       struct sy_span base)
{
	struct sy_span folder = sy_span_slice(name, 0, name.len - base.len);

	for (size_t i = 0; i < SY_N_ELEMS(keras_pair); i++) {
		uint64_t other;
		bool is_new;
		enum sy_status status;

		if (!is_word(base, keras_pair[i]))
			continue;
		status = sy_set_add(&kind->folders, folder, i, &is_new, &other);
		if (status != SY_OK || is_new || other == i)
			return status;
		kind->kind = KERAS;
		kind->name = name;
	}
	return SY_OK;
}

void sy_archive_kind_init(struct sy_archive_kind *kind, struct sy_context *ctx)
{
	*kind = (struct sy_archive_kind){ .kind = NULL };
	sy_set_init(&kind->folders, ctx);
}

void sy_archive_kind_free(struct sy_archive_kind *kind)
{
	sy_set_free(&kind->folders);
}

enum sy_status sy_archive_kind_see(struct sy_archive_kind *kind, struct sy_span name)
{
	struct sy_span base = sy_member_name_base(name);

	if (kind->kind)
		return SY_OK;
	kind->kind = kind_of(name, base);
	kind->name = name;
	return kind->kind ? SY_OK : see_pair(kind, name, base);
}

enum sy_status sy_archive_kind_tell(const struct sy_archive_kind *kind,
				    struct sy_inspection *in)
{
	struct sy_text text;

	if (!kind->kind)
		return SY_OK;
	sy_text_init(&text);
	sy_text_name(&text, kind->name);
	sy_text_addf(&text, " makes it %s", kind->kind);
	return sy_fact_text(in, SY_RULE_FORMAT_MODEL_UNEXAMINED, SY_OFFSET_NONE, 0, kind->name,
			    &text);
}
