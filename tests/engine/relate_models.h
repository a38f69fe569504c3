/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models as small as they get, for the tests of relations: each letter of `names` is
 * a tensor of that name.
 */
#ifndef SY_TESTS_RELATE_MODELS_H
#define SY_TESTS_RELATE_MODELS_H

#include <stdbool.h>
#include <stdint.h>

/* Tensors of eight bytes each. */
void model_safetensors(const char *path, const char *names);

/* PyTorch's old stream; with `is_tied` all tensors are of one storage, "a". */
void model_torch(const char *path, const char *names, bool is_tied);

/* Part `number` (from 0) of `count`; count, total 0: not said. */
void model_gguf(const char *path, const char *names, uint64_t number, uint64_t count,
		uint64_t total);

/* Any other file. */
void model_text(const char *path, const char *content);

#endif
