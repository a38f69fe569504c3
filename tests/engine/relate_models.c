/* SPDX-License-Identifier: Apache-2.0 */
/* Models as small as they get; see relate_models.h. */
#include "tests/engine/relate_models.h"

#include <stdio.h>

#include "tests/support/support.h"

struct bytes {
	uint8_t data[4096];
	size_t len;
};

static void put(struct bytes *b, const void *data, size_t len)
{
	assert_true(len <= sizeof(b->data) - b->len);
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void put_le(struct bytes *b, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put(b, &(uint8_t){ (uint8_t)(value >> 8 * i) }, 1);
}

static void put_text(struct bytes *b, const char *s)
{
	put_le(b, strlen(s), 8);
	put(b, s, strlen(s));
}

/* Tensors of eight bytes each, by the letters of `names`. */
void model_safetensors(const char *path, const char *names)
{
	struct bytes b = { .len = 8 };
	uint64_t header;

	put(&b, "{", 1);
	for (size_t i = 0; names[i]; i++) {
		char entry[128];

		snprintf(entry, sizeof(entry), "%s\"%c\":{\"dtype\":\"F32\",\"shape\":[2],"
			 "\"data_offsets\":[%zu,%zu]}", i ? "," : "", names[i],
			 8 * i, 8 * i + 8);
		put(&b, entry, strlen(entry));
	}
	put(&b, "}", 1);
	while (b.len % 8)
		put(&b, " ", 1);
	header = b.len - 8;
	b.len += 8 * strlen(names);
	for (size_t i = 0; i < 8; i++)
		b.data[i] = (uint8_t)(header >> 8 * i);
	test_write_file(path, b.data, b.len);
}

static void put_word(struct bytes *b, const char *word)
{
	put(b, "X", 1);
	put_le(b, strlen(word), 4);
	put(b, word, strlen(word));
}

static void put_string(struct bytes *b, const char *s)
{
	put(b, s, strlen(s));
}

/* The tensor of one letter: two float32 of a storage of that name. */
static void put_torch_tensor(struct bytes *b, const char *name, const char *storage)
{
	put_word(b, name);
	put_string(b, "ctorch._utils\n_rebuild_tensor_v2\n((");
	put_word(b, "storage");
	put_string(b, "ctorch\nFloatStorage\n");
	put_word(b, storage);
	put_word(b, "cpu");
	put(b, "K\2tQK\0K\2\x85K\1\x85\x89", 13);
	put_string(b, "ccollections\nOrderedDict\n)RtR");
}

/* PyTorch's old stream; with `is_tied` all tensors are of one storage, "a". */
void model_torch(const char *path, const char *names, bool is_tied)
{
	static const char head[] = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
				   "\x80\2M\xe9\3.\x80\2}.\x80\2}(";
	size_t n = is_tied ? 1 : strlen(names);
	struct bytes b = { .len = 0 };

	put(&b, head, sizeof(head) - 1);
	for (size_t i = 0; names[i]; i++)
		put_torch_tensor(&b, (char[]){ names[i], 0 },
				 (char[]){ is_tied ? 'a' : names[i], 0 });
	put_string(&b, "u.\x80\2](");
	for (size_t i = 0; i < n; i++)
		put_word(&b, (char[]){ names[i], 0 });
	put_string(&b, "e.");
	for (size_t i = 0; i < n; i++) {
		put_le(&b, 2, 8);
		b.len += 8;
	}
	test_write_file(path, b.data, b.len);
}

/* Type numbers of GGUF values. */
enum { GGUF_U16 = 2, GGUF_I32 = 5, GGUF_STRING = 8 };

static void put_key(struct bytes *b, const char *key, uint32_t type, uint64_t value)
{
	put_text(b, key);
	put_le(b, type, 4);
	put_le(b, value, type == GGUF_U16 ? 2 : 4);
}

/* Part `number` (from 0) of `count`; each letter is a tensor; count, total 0: not said. */
void model_gguf(const char *path, const char *names, uint64_t number,
		uint64_t count, uint64_t total)
{
	struct bytes b = { .len = 0 };

	put(&b, "GGUF", 4);
	put_le(&b, 3, 4);
	put_le(&b, strlen(names), 8);
	put_le(&b, 1u + (count > 0 ? 2u : 0u) + (total > 0), 8);
	put_text(&b, "general.architecture");
	put_le(&b, GGUF_STRING, 4);
	put_text(&b, "llama");
	if (count > 0) {
		put_key(&b, "split.no", GGUF_U16, number);
		put_key(&b, "split.count", GGUF_U16, count);
	}
	if (total > 0)
		put_key(&b, "split.tensors.count", GGUF_I32, total);
	for (size_t i = 0; names[i]; i++) {
		put_text(&b, (char[]){ names[i], 0 });
		put_le(&b, 1, 4);		/* one dimension */
		put_le(&b, 8, 8);
		put_le(&b, 0, 4);		/* F32 */
		put_le(&b, 32 * i, 8);
	}
	while (b.len % 32)
		put(&b, "", 1);
	b.len += 32 * strlen(names);
	test_write_file(path, b.data, b.len);
}

void model_text(const char *path, const char *content)
{
	test_write_file(path, content, strlen(content));
}
