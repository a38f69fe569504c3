/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cjson_parse FILE [count]: parses the header of a safetensors file with cJSON, the
 * yardstick of tests/bench; "count" also prints how many values it has.  It judges
 * nothing.
 */
#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define DEPTH_MAX 16

/* The values below and beside root; 0: nested too deeply to be such a header. */
static size_t count(const cJSON *root)
{
	const cJSON *next[DEPTH_MAX] = { root };
	size_t n = 0, depth = 1;

	while (depth > 0) {
		const cJSON *item = next[depth - 1];

		if (!item) {
			depth--;
			continue;
		}
		n++;
		next[depth - 1] = item->next;
		if (item->child && depth == DEPTH_MAX)
			return 0;
		if (item->child)
			next[depth++] = item->child;
	}
	return n;
}

/* The header's text, and its length; NULL: the file has none. */
static char *read_header(FILE *file, size_t *len)
{
	uint8_t head[8];
	uint64_t n = 0;
	char *text;

	if (fread(head, 1, sizeof(head), file) != sizeof(head))
		return NULL;
	for (size_t i = sizeof(head); i > 0; i--)
		n = n << 8 | head[i - 1];
	text = n < SIZE_MAX ? malloc((size_t)n + 1) : NULL;
	*len = (size_t)n;
	if (text && fread(text, 1, *len, file) == *len)
		return text;
	free(text);
	return NULL;
}

int main(int argc, char **argv)
{
	FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
	size_t len = 0;
	char *text = file ? read_header(file, &len) : NULL;
	cJSON *root = text ? cJSON_ParseWithLength(text, len) : NULL;

	if (root && argc > 2)
		printf("%zu\n", count(root));
	return root ? 0 : 1;	/* what it holds goes with the process, as fast as can be */
}
