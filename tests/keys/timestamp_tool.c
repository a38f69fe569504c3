/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Not a test.  timestamp_tool AUTHORITIES.pem TOKEN SIGNATURE: what a time-stamp says;
 * "TIME", or "REASON".  With a fourth argument every bit of the token is turned in its
 * turn, and one line says "FLIPPED REFUSED SAME-TIME OTHER-TIME".
 */
#include <stdio.h>
#include <stdlib.h>

#include "keys/timestamp.h"

static uint8_t *load(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(1u << 20);

	if (!file || !bytes)
		exit(2);
	*len = fread(bytes, 1, 1u << 20, file);
	fclose(file);
	return bytes;
}

static enum sy_status ask(const struct sy_anchors *authorities, struct sy_span token,
			  struct sy_span signature, struct sy_reading *reading, int64_t *time)
{
	enum sy_status status;

	sy_reading_init(reading, sy_oms_tolerated_default());
	status = sy_timestamp_verify(authorities, token, signature, reading, time);
	if (status != SY_OK && status != SY_FORMAT)
		exit(3);
	return status;
}

static void flip_all(const struct sy_anchors *authorities, uint8_t *token, size_t len,
		     struct sy_span signature, int64_t right)
{
	size_t n_refused = 0, n_same = 0, n_other = 0;
	struct sy_reading reading;
	int64_t time;

	for (size_t bit = 0; bit < 8 * len; bit++) {
		token[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (ask(authorities, sy_span_of(token, len), signature, &reading, &time) != SY_OK)
			n_refused++;
		else if (time == right)
			n_same++;
		else
			n_other++;
		token[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	printf("%zu %zu %zu %zu\n", 8 * len, n_refused, n_same, n_other);
}

int main(int argc, char **argv)
{
	struct sy_anchors *authorities;
	size_t pem_len, token_len, signature_len;
	struct sy_reading reading;
	struct sy_context ctx;
	struct sy_span signature;
	uint8_t *pem, *token, *signed_bytes;
	int64_t time;

	if (argc < 4)
		return 2;
	sy_context_init(&ctx);
	pem = load(argv[1], &pem_len);
	token = load(argv[2], &token_len);
	signed_bytes = load(argv[3], &signature_len);
	signature = sy_span_of(signed_bytes, signature_len);
	if (sy_anchors_new(&ctx, &authorities) != SY_OK ||
	    sy_anchors_add(authorities, sy_span_of(pem, pem_len)) != SY_OK) {
		fprintf(stderr, "%s\n", ctx.error.text);
		return 2;
	}
	if (ask(authorities, sy_span_of(token, token_len), signature, &reading, &time) != SY_OK)
		puts(sy_oms_reason_name(reading.reason));
	else if (argc == 4)
		printf("%lld\n", (long long)time);
	else
		flip_all(authorities, token, token_len, signature, time);
	sy_anchors_free(&authorities);
	free(pem);
	free(token);
	free(signed_bytes);
	return 0;
}
