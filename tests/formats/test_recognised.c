/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is told by its first bytes: one small sample of each kind, written here by
 * hand from the formats' descriptions, and texts that look like something else.
 */
#include "formats/format.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/support.h"

struct sample {
	const char *name;		/* of the format */
	enum sy_format_class class;
	const char *base;
	const char *bytes;
	size_t len;
};

#define SAMPLE(name, class, base, text) \
	{ name, SY_CLASS_##class, base, text, sizeof(text) - 1 }
#define TEN "\0\0\0\0\0\0\0\0\0\0"
#define ZEROS TEN TEN TEN TEN TEN TEN
#define KEY_30 "abcdefghijklmnopqrstuvwxyzabcd"

/* A local header of a ZIP up to the name of its first member. */
#define ZIP_ENTRY(name_len, name) \
	"PK\3\4\x14\0\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" name_len "\0\0\0" name

static const struct sample samples[] = {
	SAMPLE("7z", CONTAINER, "x.7z", "7z\xbc\xaf\x27\x1c\0\4"),
	SAMPLE("aiff", DOCUMENT, "x.aif", "FORM\0\0\0\x10" "AIFFCOMM"),
	SAMPLE("ar", CONTAINER, "x.a", "!<arch>\nx/   "),
	SAMPLE("arrow", DOCUMENT, "x.arrow", "ARROW1\0\0\xff\xff\xff\xff"),
	SAMPLE("avro", DOCUMENT, "x.avro", "Obj\1\x04\x14" "avro.codec"),
	SAMPLE("bmp", DOCUMENT, "x.bmp", "BM\x1c\0\0\0" "\0\0\0\0\x36\0\0\0" "\x28\0\0\0" TEN),
	SAMPLE("bzip2", CONTAINER, "x.bz2", "BZh91AY&SY\0\0\0\0"),
	SAMPLE("catboost", WEIGHTS, "x.cbm", "CBM1\x10\0\0\0"),
	SAMPLE("coreml", WEIGHTS, "x.mlmodel", "\x08\4\x12\5\x0a\3" "abc"),
	SAMPLE("dduf", CONTAINER, "x.dduf", ZIP_ENTRY("\x10", "model_index.json")),
	SAMPLE("dex", EXECUTABLE, "x.dex", "dex\n035\0" TEN),
	SAMPLE("ds-store", DOCUMENT, ".DS_Store", "\0\0\0\1" "Bud1\0\0\x10\0"),
	SAMPLE("elf", EXECUTABLE, "x.so", "\x7f" "ELF\2\1\1\0" TEN),
	SAMPLE("empty", DOCUMENT, "x", ""),
	SAMPLE("fasttext", WEIGHTS, "x.ftz", "\xba\x16\x4f\x2f\x0c\0\0\0"),
	SAMPLE("flac", DOCUMENT, "x.flac", "fLaC\0\0\0\x22"),
	SAMPLE("font", DOCUMENT, "x.ttf", "\0\1\0\0\0\x0a\0\x80"),
	SAMPLE("ggml", WEIGHTS, "x.bin", "tjgg\3\0\0\0"),
	SAMPLE("gif", DOCUMENT, "x.gif", "GIF89a\1\0\1\0"),
	SAMPLE("gltf", DOCUMENT, "x.glb", "glTF\2\0\0\0\x20\0\0\0"),
	SAMPLE("gzip", CONTAINER, "x.gz", "\x1f\x8b\x08\0" TEN),
	SAMPLE("hdf5", WEIGHTS, "x.h5", "\x89HDF\r\n\x1a\n\0\0\0\0"),
	SAMPLE("html", PAGE, "x.html", " \n<!DOCTYPE html><html></html>"),
	SAMPLE("ico", DOCUMENT, "x.ico", "\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0" TEN),
	SAMPLE("java-class", EXECUTABLE, "X.class", "\xca\xfe\xba\xbe\0\0\0\x34"),
	SAMPLE("jpeg", DOCUMENT, "x.jpg", "\xff\xd8\xff\xe0\0\x10JFIF\0"),
	SAMPLE("keras-zip", CONTAINER, "x.keras", ZIP_ENTRY("\x0d", "metadata.json")),
	SAMPLE("llvm", EXECUTABLE, "x.bc", "BC\xc0\xde\x35\x14\0\0"),
	SAMPLE("lz4", CONTAINER, "x.lz4", "\x04\x22\x4d\x18\x64\x40\xa7"),
	SAMPLE("macho", EXECUTABLE, "x.dylib", "\xcf\xfa\xed\xfe\x0c\0\0\1"),
	SAMPLE("matlab", WEIGHTS, "x.mat", "MATLAB 5.0 MAT-file, Platform: GLNXA64"),
	SAMPLE("matroska", DOCUMENT, "x.webm", "\x1a\x45\xdf\xa3\x9f\x42\x86\x81"),
	SAMPLE("midi", DOCUMENT, "x.mid", "MThd\0\0\0\6\0\1\0\2"),
	SAMPLE("mp3", DOCUMENT, "x.mp3", "ID3\4\0\0\0\0\0\x23"),
	SAMPLE("mp4", DOCUMENT, "x.mp4", "\0\0\0\x20" "ftypisom\0\0\2\0"),
	SAMPLE("msgpack", WEIGHTS, "x.msgpack", "\x82\xa6params\x80\xa1" "b\xc0"),
	SAMPLE("npy", WEIGHTS, "x.npy", "\x93NUMPY\1\0\x76\0{'descr': '<f4'"),
	SAMPLE("npz", WEIGHTS, "x.npz", ZIP_ENTRY("\5", "a.npy")),
	SAMPLE("ogg", DOCUMENT, "x.ogg", "OggS\0\2" TEN),
	SAMPLE("ole", DOCUMENT, "x.doc", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" TEN),
	SAMPLE("onnx", WEIGHTS, "x", "\x08\7\x12\1p\x3a\4\x12\2g0\x42\4\x0a\0\x10\x11"),
	SAMPLE("openvino-ir", WEIGHTS, "x.xml", "<?xml version=\"1.0\"?>\n<net name=\"m\">"),
	SAMPLE("ort", WEIGHTS, "x.ort", "\x20\0\0\0ORTM\0\0\0\0"),
	SAMPLE("parquet", DOCUMENT, "x.parquet", "PAR1\x15\0\x15\0PAR1"),
	SAMPLE("pdf", DOCUMENT, "x.pdf", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
	SAMPLE("pe", EXECUTABLE, "x.dll", "MZ" ZEROS "\0\0" "PE\0\0\x64\x86"),
	SAMPLE("pickle", PICKLE, "x.pkl",
	       "\x80\4\x95\x1a\0\0\0\0\0\0\0\x8c\6module\x94\x8c\4name\x94\x93\x94)R\x94."),
	SAMPLE("pickle", PICKLE, "x", "cmodule\nname\n(S'text'\ntR."),
	SAMPLE("png", DOCUMENT, "x.png", "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"),
	SAMPLE("psd", DOCUMENT, "x.psd", "8BPS\0\1" TEN),
	SAMPLE("python", CODE, "x.py", "import os\n"),
	SAMPLE("python-bytecode", EXECUTABLE, "x.pyc", "\xa7\x0d\r\n" ZEROS),
	SAMPLE("rar", CONTAINER, "x.rar", "Rar!\x1a\7\1\0"),
	SAMPLE("riff", DOCUMENT, "x.wav", "RIFF\x24\0\0\0WAVEfmt "),
	SAMPLE("script", DOCUMENT, "x", "#!/bin/sh\necho\n"),
	SAMPLE("sentencepiece", DOCUMENT, "tokenizer.model",
	       "\x0a\x0e\x0a\5<unk>\x15\0\0\0\0\x18\2\x0a\x08"),
	SAMPLE("sqlite", DOCUMENT, "x.db", "SQLite format 3\0\x10\0"),
	SAMPLE("tensorrt", WEIGHTS, "x.engine", "ftrt\0\0\0\0"),
	SAMPLE("text", DOCUMENT, "README.md", "# A model\n\nIt is small.\n"),
	SAMPLE("tf-bundle", WEIGHTS, "variables.index",
	       ZEROS "\x57\xfb\x80\x8b\x24\x75\x47\xdb"),
	SAMPLE("tf-savedmodel", WEIGHTS, "x.pb", "\x0a\6\x0a\1x\x12\1y"),
	SAMPLE("tfevents", DOCUMENT, "events.out.tfevents.1.host",
	       "\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22\x09\0\0\0\0\0\0\xd9\x41\x1a\x0d"
	       "brain.Event:2\xec\xa6\xc4\x9a\x18"),
	SAMPLE("tflite", WEIGHTS, "x.tflite", "\x1c\0\0\0TFL3\x14\0\x20\0"),
	SAMPLE("tiff", DOCUMENT, "x.tif", "II*\0\x08\0\0\0"),
	SAMPLE("torch-legacy", PICKLE, "x.pt",
	       "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3."),
	SAMPLE("torch-zip", PICKLE, "x.pt", ZIP_ENTRY("\x0e", "model/data.pkl")),
	SAMPLE("wasm", EXECUTABLE, "x.wasm", "\0asm\1\0\0\0"),
	SAMPLE("xz", CONTAINER, "x.xz", "\xfd" "7zXZ\0\0\4"),
	SAMPLE("zip", CONTAINER, "x.zip", ZIP_ENTRY("\3", "a.b")),
	SAMPLE("zip", CONTAINER, "x.zip", "PK\5\6" TEN "\0\0\0\0\0\0\0\0"),
	SAMPLE("zlib", CONTAINER, "x.z", "\x78\x9c\x03\0\0\0\0\1"),
	SAMPLE("zstd", CONTAINER, "x.zst", "\x28\xb5\x2f\xfd\x24\0"),
};

/* A tar header is 512 bytes with a checksum: made, not written down. */
static struct sample tar_sample(const char *name, const char *member, uint8_t header[512])
{
	unsigned sum = 8 * ' ';

	memset(header, 0, 512);
	snprintf((char *)header, 100, "%s", member);
	memcpy(header + 257, "ustar", 6);
	for (size_t i = 0; i < 512; i++)
		sum += header[i];
	snprintf((char *)header + 148, 8, "%06o", sum & 0777777u);
	return (struct sample){ name, strcmp(name, "tar") ? SY_CLASS_PICKLE
							  : SY_CLASS_CONTAINER,
				"x.tar", (const char *)header, 512 };
}

static const struct sy_format *bid(const char *base, const void *bytes, size_t len)
{
	struct sy_probe probe = test_probe(sy_span_of(bytes, len), base);
	unsigned bits;

	return sy_format_bid(&probe, &bits);
}

static void expect(const struct sample *s)
{
	const struct sy_format *format = bid(s->base, s->bytes, s->len);

	if (!format || strcmp(format->name, s->name) || format->class != s->class)
		fail_msg("%s is taken for %s", s->name, format ? format->name : "nothing");
}

static void test_samples(void **state)
{
	uint8_t header[512];
	struct sample tar;

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(samples); i++)
		expect(&samples[i]);
	tar = tar_sample("tar", "model/config.json", header);
	expect(&tar);
	tar = tar_sample("torch-tar", "sys_info", header);
	expect(&tar);
	header[0] ^= 1;		/* the sum is wrong now */
	assert_null(bid("x.tar", header, sizeof(header)));
}

/* A new kind comes with a sample. */
static void test_complete(void **state)
{
	static const char *const names[] = {
#define RECOGNISED(ident, its_name, ...) its_name,
#include "formats/recognised.def"
#undef RECOGNISED
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(names); i++) {
		size_t n = !strcmp(names[i], "tar") || !strcmp(names[i], "torch-tar");

		for (size_t k = 0; k < SY_N_ELEMS(samples); k++)
			n += !strcmp(names[i], samples[k].name);
		if (n == 0)
			fail_msg("%s has no sample", names[i]);
	}
}

/* Every prefix, from a block of its exact size, under its name and under none. */
static void test_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(samples); i++) {
		for (size_t len = 0; len <= samples[i].len; len++) {
			uint8_t *copy = malloc(len ? len : 1);

			assert_non_null(copy);
			memcpy(copy, samples[i].bytes, len);
			bid(samples[i].base, copy, len);
			bid("x", copy, len);
			free(copy);
		}
	}
}

/* The signature of HDF5 may stand behind a block of the user's. */
static void test_hdf5_behind_block(void **state)
{
	static uint8_t bytes[3000];

	(void)state;
	for (size_t off = 512; off <= 2048; off *= 2) {
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes + off, "\x89HDF\r\n\x1a\n", 8);
		assert_string_equal(bid("x.h5", bytes, sizeof(bytes))->name, "hdf5");
		memmove(bytes + off + 1, bytes + off, 8);
		bytes[off] = 0;
		assert_null(bid("x.h5", bytes, sizeof(bytes)));
	}
}

/* --- texts ------------------------------------------------------------------------ */

#define CJK "\xe6\xa8\xa1\xe5\x9e\x8b"			/* "model", UTF-8 */

static const char *const texts[] = {
	/* Prose whose lines begin with opcodes of pickles and words of formats. */
	"(see below)\nThis model\ncan do\ni think\nRun it.\n",
	"cos of this\nand that\nRemember: save.\n",
	"class_0\nclass_1\nclass_2\nclass_3\nclass_4\nclass_5\n",
	"cat\ncow\ncrab\ncrow\ncod\n",
	"conv1.weight\nconv1.bias\nconv2.weight\nconv2.bias\n",
	"image_001\nimage_002\nimage_003\nimage_004\n",
	"ecg_1\necg_2\necg_3\necg_4\n",
	"posix\nsystem\n", "I\nV\nX\nL\n", "N.A.\n", "]}).\n",
	"MZ is the sign of a prize.\n", "BM, a bitmap, is not this.\n",
	"x^2 + y^2 = z^2\n", "PK is short for primary key.\n",
	"B: the second letter, and some more words that fill the line up to here.\nr 2\n",
	": a line that begins with a colon\n", ":)\n", "Rare!\n", "ID 3\n",
	"GGU is not the start of anything\n", "8B parameters\n", "7zip was used\n",
	"RI, FF\n", "fLa\n", "OggX\n", "#not a script\n", "@misc{key,\n  title = {T}\n}\n",
	/* Structured text. */
	"epoch,loss\n1,0.5\n2,0.25\n", "a\tb\n1\t2\n",
	"<?xml version=\"1.0\"?>\n<note>n</note>\n",
	"---\nlicense: apache-2.0\n---\n# Title\n",
	"%YAML 1.2\n---\na: 1\n", "*.bin filter=lfs diff=lfs merge=lfs -text\n",
	"\x1b[1mbold\x1b[0m\n", "a\r\nb\r\n", "\xef\xbb\xbf# With a mark\n", "\n", " ", "a",
	/* Other scripts, other charsets. */
	CJK "\n" CJK CJK CJK "\n", "\xd0\x9c\xd0\xbe\xd0\xb4\xd0\xb5\xd0\xbb\xd1\x8c\n",
	"\xf0\x9f\xa4\x97 Transformers\n",
	"Das Modell l\xe4uft f\xfcr gr\366\337ere Texte auch, und zwar gut.\n",
};

static void expect_text(const char *base, const void *bytes, size_t len)
{
	const struct sy_format *format = bid(base, bytes, len);

	if (!format || strcmp(format->name, "text"))
		fail_msg("'%.60s' is taken for %s", (const char *)bytes,
			 format ? format->name : "nothing");
}

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(texts); i++) {
		expect_text("README.md", texts[i], strlen(texts[i]));
		expect_text("README", texts[i], strlen(texts[i]));
		expect_text("vocab.txt", texts[i], strlen(texts[i]));
	}
}

/* Longer than both windows, and cut by them in the middle of a character. */
static void test_long_texts(void **state)
{
	static char bytes[3 * SY_PROBE_HEAD];

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(texts); i++) {
		size_t len = strlen(texts[i]), at = 0;

		if (len < 8)
			continue;
		for (; at + len <= sizeof(bytes); at += len)
			memcpy(bytes + at, texts[i], len);
		expect_text("labels.txt", bytes, at);
	}
	for (size_t shift = 0; shift < 3; shift++) {
		memset(bytes, 'a', shift);
		for (size_t at = shift; at + 6 <= sizeof(bytes); at += 6)
			memcpy(bytes + at, CJK, 6);
		expect_text("README.zh.md", bytes, sizeof(bytes) - 6);
	}
}

static void test_no_texts(void **state)
{
	static const struct { const char *bytes; size_t len; } none[] = {
		{ "a\0b", 3 }, { "\1\2\3\4", 4 }, { "\xff\xfe\1\0", 4 },
		{ "\x80\x81\x82\x83\x84\x85\x86\x87", 8 }, { "text\0", 5 },
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(none); i++) {
		const struct sy_format *format = bid("README.md", none[i].bytes, none[i].len);

		if (format)
			fail_msg("no. %zu is taken for %s", i, format->name);
	}
}

/* A small program under a document's name is not lost among the texts. */
static void test_hidden_pickles(void **state)
{
	static const char *const pickles[] = {
		"cposix\nsystem\n(S'x'\ntR.",
		"cposix\nsystem\np0\n(S'x'\np1\ntp2\nRp3\n.",
		"(cposix\nsystem\nS'echo'\no.",
		"(S'echo'\niposix\nsystem\n.",
		"cbuiltins\nexec\n(Vprint(1)\ntR.",
	};

	(void)state;
	for (size_t i = 0; i < SY_N_ELEMS(pickles); i++) {
		const struct sy_format *format = bid("README.md", pickles[i],
						     strlen(pickles[i]));

		if (!format || format->class != SY_CLASS_PICKLE)
			fail_msg("'%.20s' is taken for %s", pickles[i],
				 format ? format->name : "nothing");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_hdf5_behind_block),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_no_texts),
		cmocka_unit_test(test_hidden_pickles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
