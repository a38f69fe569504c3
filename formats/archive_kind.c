/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of meaningful names in archives.  In doubt a name is in: leaving one out
 * would call an archive clean whose loader runs what it names.
 */
#include "formats/archive_kind.h"

#include "formats/member_names.h"

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
	{ "metadata.json", "a model package, whose metadata names code" },
	{ "mlmodel", "an MLflow model, which names the module that loads it" },
	{ "model.ini", "an H2O model" },
	{ "model.weights.h5", "a Keras model, whose configuration names code" },
	{ "model.weights.npz", "a Keras model, whose configuration names code" },
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

const char *sy_archive_kind(struct sy_span name)
{
	struct sy_span base = sy_member_name_base(name);

	for (size_t i = 0; i < SY_N_ELEMS(by_base); i++) {
		if (base.len == strlen(by_base[i].base) &&
		    sy_ascii_starts(base, by_base[i].base))
			return by_base[i].kind;
	}
	for (size_t i = 0; i < SY_N_ELEMS(by_path); i++) {
		if (sy_ascii_starts(name, by_path[i].path))
			return by_path[i].kind;
	}
	return NULL;
}

enum sy_status sy_archive_kind_tell(struct sy_inspection *in, struct sy_span name,
				    const char *kind)
{
	struct sy_text text;

	sy_text_init(&text);
	sy_text_name(&text, name);
	sy_text_addf(&text, " makes it %s", kind);
	return sy_fact_text(in, SY_RULE_FORMAT_MODEL_UNEXAMINED, SY_OFFSET_NONE, 0, name, &text);
}
