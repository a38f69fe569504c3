/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Not a test: keys/minisign on files, for tests/interop/test_minisign.py.
 *
 *	minisign_tool sign KEY FILE COMMENT		(passphrase: a line on stdin)
 *	minisign_tool verify|signify PUBLIC FILE SIGNATURE
 *
 * sign prints the signature; the others print the result, and exit with 0 when
 * the signature is valid.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "keys/minisign.h"
#include "verifier/base/memory.h"
#include "verifier/digest/hasher.h"

static struct sy_context ctx;

static void need(enum sy_status status)
{
	if (status == SY_OK)
		return;
	fprintf(stderr, "minisign_tool: %s\n", ctx.error.text);
	exit(2);
}

static struct sy_span read_file(const char *path, struct sy_secret *room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	need(sy_secret_read(&ctx, fd, 1 << 20, room));
	close(fd);
	return sy_secret_span(room);
}

static void hash(struct sy_span bytes, struct sy_digest *digest)
{
	struct sy_hasher *hasher;

	need(sy_hasher_new(&ctx, SY_BLAKE2B, bytes.len, &hasher));
	sy_hasher_update(hasher, bytes.data, bytes.len);
	need(sy_hasher_final(hasher, digest));
	sy_hasher_free(&hasher);
}

static enum sy_status from_stdin(struct sy_context *its, void *user,
				 struct sy_secret *passphrase)
{
	(void)user;
	return sy_passphrase_read(its, 0, passphrase);
}

static enum sy_status write_stdout(void *user, struct sy_span bytes)
{
	(void)user;
	return fwrite(bytes.data, 1, bytes.len, stdout) == bytes.len ? SY_OK : SY_IO;
}

static int sign(const char *key_path, const char *path, const char *comment)
{
	struct sy_passphrase passphrase = { .ask = from_stdin };
	struct sy_secret key_file, file;
	struct sy_private_key *key;
	struct sy_digest digest;
	struct sy_out out;

	need(sy_private_key_read(&ctx, read_file(key_path, &key_file), &passphrase, &key));
	hash(read_file(path, &file), &digest);
	sy_out_init(&out, write_stdout, NULL);
	need(sy_minisign_sign(&ctx, key, &digest, sy_span_str(comment), &out));
	need(sy_out_flush(&out));
	sy_private_key_free(&key);
	sy_secret_free(&key_file);
	sy_secret_free(&file);
	return 0;
}

static int verify(bool is_signify, const char *key_path, const char *path,
		  const char *signature_path)
{
	struct sy_secret key_file, file, signature_file;
	struct sy_minisign_subject subject = { .has_content = true };
	enum sy_minisign_result result;
	struct sy_minisign signature;
	struct sy_public_key *key;
	struct sy_digest digest;
	struct sy_span text = read_file(signature_path, &signature_file);

	need(sy_public_key_read(&ctx, read_file(key_path, &key_file), &key));
	need(is_signify ? sy_signify_parse(&ctx, text, &signature)
			: sy_minisign_parse(&ctx, text, &signature));
	subject.content = read_file(path, &file);
	hash(subject.content, &digest);
	subject.digest = &digest;
	need(sy_minisign_verify(&ctx, &signature, key, &subject, &result));
	printf("%s\n%.*s\n", sy_minisign_result_text(result), (int)signature.trusted.len,
	       signature.trusted.data ? (const char *)signature.trusted.data : "");
	sy_public_key_free(&key);
	sy_secret_free(&key_file);
	sy_secret_free(&file);
	sy_secret_free(&signature_file);
	return result == SY_MINISIGN_VALID ? 0 : 1;
}

int main(int argc, char **argv)
{
	sy_context_init(&ctx);
	if (argc == 5 && !strcmp(argv[1], "sign"))
		return sign(argv[2], argv[3], argv[4]);
	if (argc == 5 && !strcmp(argv[1], "verify"))
		return verify(false, argv[2], argv[3], argv[4]);
	if (argc == 5 && !strcmp(argv[1], "signify"))
		return verify(true, argv[2], argv[3], argv[4]);
	fprintf(stderr, "usage: minisign_tool sign|verify|signify KEY FILE COMMENT|SIGNATURE\n");
	return 4;
}
