/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loaders' tables.  In doubt a format is in: leaving one out wrongly would
 * call something clean that was not looked at.
 */
#include "verifier/engine/loader.h"

#include <string.h>

#define PICKLES "joblib", "npy", "npz", "pickle", "tar", "torch-legacy", "torch-tar", \
	"torch-zip", "torchscript-zip", "zip"

static const char *const diffusers_formats[] = {
	"dduf", "gguf", "onnx", "safetensors", PICKLES, NULL
};

static const char *const llamacpp_formats[] = { "ggml", "gguf", NULL };

static const char *const onnxruntime_formats[] = { "onnx", "ort", "protobuf", NULL };

static const char *const transformers_formats[] = {
	"gguf", "safetensors", PICKLES, NULL
};

static const char *const vllm_formats[] = {
	"gguf", "safetensors", PICKLES, NULL
};

#define TORCH_NAMES "*.ckpt", "*.gguf", "*.pkl", "*.pt", "*.pth", "*.safetensors", \
	"adapter_model*", "diffusion_pytorch_model*", "model.*", "model-*", \
	"pytorch_model*"

static const char *const torch_names[] = { TORCH_NAMES, NULL };

static const char *const diffusers_names[] = {
	TORCH_NAMES, "*.dduf", "ip-adapter*", "learned_embeds*", "pytorch_lora*", NULL
};

/* It opens every *.bin of the folder, whatever it is called. */
static const char *const vllm_names[] = { TORCH_NAMES, "*.bin", "*.tensors", NULL };

static const char *const gguf_names[] = { "*.bin", "*.ggml", "*.gguf", NULL };

static const char *const every_name[] = { "*", NULL };

static const struct sy_loader any = { "any", NULL, every_name };
static const struct sy_loader diffusers = { "diffusers", diffusers_formats,
					    diffusers_names };
static const struct sy_loader llamacpp = { "llama.cpp", llamacpp_formats, gguf_names };
static const struct sy_loader onnxruntime = { "onnxruntime", onnxruntime_formats,
					      every_name };
static const struct sy_loader transformers = { "transformers", transformers_formats,
					       torch_names };
static const struct sy_loader vllm = { "vllm", vllm_formats, vllm_names };

const struct sy_loader *const sy_loaders[] = {
	&any, &diffusers, &llamacpp, &onnxruntime, &transformers, &vllm, NULL
};

const struct sy_loader *sy_loader_find(const char *name)
{
	for (size_t i = 0; sy_loaders[i]; i++) {
		if (!strcmp(sy_loaders[i]->name, name))
			return sy_loaders[i];
	}
	return NULL;
}

static bool is_listed(const char *const *formats, const char *name)
{
	for (; *formats; formats++) {
		if (!strcmp(*formats, name))
			return true;
	}
	return false;
}

static bool is_named(const char *const *globs, struct sy_span base)
{
	for (; *globs; globs++) {
		if (sy_glob_match(*globs, base))
			return true;
	}
	return false;
}

/* The name says what the content is: model.onnx is no file of PyTorch's. */
static bool is_own_name(const struct sy_format *format, struct sy_span base)
{
	const char *const *suffix = format->suffixes;

	while (suffix && *suffix && !sy_ascii_ends(base, *suffix))
		suffix++;
	return suffix && *suffix;
}

/*
 * A loader that goes by the name opens it and finds out later, so content that
 * is not its own counts under a name that is.
 */
static bool reads_content(const struct sy_loader *loader,
			  const struct sy_format *format, struct sy_span base)
{
	return is_listed(loader->formats, format->name) ||
	       (is_named(loader->names, base) && !is_own_name(format, base));
}

bool sy_loader_reads(const struct sy_loader *loader,
		     const struct sy_format *format,
		     const struct sy_format *claimed, struct sy_span base)
{
	if (!loader->formats)
		return true;
	if (!format)
		return (claimed && claimed->class == SY_CLASS_CONFIG) ||
		       is_named(loader->names, base);
	switch (format->class) {
	case SY_CLASS_WEIGHTS:
	case SY_CLASS_PICKLE:
	case SY_CLASS_CONTAINER:
		return reads_content(loader, format, base);
	case SY_CLASS_CONFIG:
	case SY_CLASS_CODE:
	case SY_CLASS_EXECUTABLE:
	case SY_CLASS_PAGE:
	case SY_CLASS_DOCUMENT:
	case SY_CLASS_POINTER:
	case SY_CLASS_UNKNOWN:
		break;
	}
	return true;
}
