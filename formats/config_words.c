/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Word lists for configurations.  They name what is known to be harmful or
 * ordinary; what stands in neither is said to a person, not guessed.
 */
#include "formats/config_words.h"

#include "verifier/base/attr.h"

/* Modules whose functions run programs, import, load code or open connections. */
static const char *const dangerous[] = {
	"__builtin__", "_io", "_pickle", "_posixsubprocess", "asyncio", "bdb",
	"builtins", "cProfile", "cPickle", "cloudpickle", "code", "codeop",
	"commands", "ctypes", "dill", "distutils", "ensurepip", "ftplib", "http",
	"imp", "importlib", "io", "joblib", "marshal", "multiprocessing", "nt",
	"os", "pdb", "pickle", "pip", "pkgutil", "popen2", "posix", "posixpath",
	"profile", "pty", "requests", "runpy", "setuptools", "shelve", "shlex",
	"shutil", "site", "smtplib", "socket", "subprocess", "sys", "telnetlib",
	"timeit", "trace", "urllib", "venv", "webbrowser", "xmlrpc", "zipimport",
};

/* Functions, alone or at the end of a name. */
static const char *const functions[] = {
	"__import__", "breakpoint", "compile", "eval", "exec", "execfile",
	"import_module", "popen", "run_module", "run_path", "system",
};

/* diffusers itself, what it takes components from, and its pipeline modules. */
static const char *const libraries[] = {
	"amused", "audioldm", "audioldm2", "blip_diffusion", "deepfloyd_if",
	"diffusers", "flax", "flux", "kandinsky", "latent_diffusion", "ltx2",
	"marigold", "musicldm", "onnxruntime", "optimum",
	"paint_by_example", "peft", "shap_e", "stable_audio", "stable_cascade",
	"stable_diffusion", "stable_diffusion_3", "stable_diffusion_safe",
	"stable_diffusion_xl", "transformers", "unclip", "unidiffuser",
	"versatile_diffusion", "wuerstchen",
};

static const char *const target_keys[] = { "__class__", "__target__", "_target_" };

static const char *const object_keys[] = {
	"py/function", "py/newargs", "py/newargsex", "py/object", "py/reduce",
	"py/repr", "py/state", "py/type",
};

static bool is_one_of(struct sy_span name, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (sy_span_is(name, words[i]))
			return true;
	}
	return false;
}

bool sy_config_is_dangerous(struct sy_span target)
{
	size_t root = 0, last = target.len;

	while (root < target.len && target.data[root] != '.')
		root++;
	while (last > 0 && target.data[last - 1] != '.')
		last--;
	return (root < target.len &&
		is_one_of(sy_span_slice(target, 0, root), dangerous,
			  SY_N_ELEMS(dangerous))) ||
	       is_one_of(sy_span_slice(target, last, SIZE_MAX), functions,
			 SY_N_ELEMS(functions));
}

bool sy_config_is_pipeline_library(struct sy_span library)
{
	return is_one_of(library, libraries, SY_N_ELEMS(libraries));
}

bool sy_config_is_target_key(struct sy_span key)
{
	return is_one_of(key, target_keys, SY_N_ELEMS(target_keys));
}

bool sy_config_is_object_key(struct sy_span key)
{
	return sy_span_starts(key, "py/") &&
	       is_one_of(key, object_keys, SY_N_ELEMS(object_keys));
}
