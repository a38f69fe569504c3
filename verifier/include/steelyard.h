/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steelyard: who vouches for this model, is every byte theirs, is it what it
 * claims to be, and can loading it run code?
 *
 * This header is the whole public interface.  Handles are opaque; option structs
 * start with their own size (set it with sizeof; zero means the default); every
 * function says what it returns and who frees.  The library prints nothing,
 * never exits, never touches the network, and executes, imports or resolves
 * nothing that a file names.
 *
 * Threads: a session belongs to one thread at a time; different sessions are
 * independent.  steelyard_session_cancel may be called from any thread or signal
 * handler.
 */
#ifndef STEELYARD_H
#define STEELYARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STEELYARD_VERSION "0.1.0"

/* Version of the library that runs, as "MAJOR.MINOR.PATCH". */
const char *steelyard_version(void);

/* How a run ended; also the program's exit codes. */
enum steelyard_exit {
	STEELYARD_CLEAN = 0,
	STEELYARD_FLAGGED = 1,
	STEELYARD_UNDETERMINED = 2,
	STEELYARD_NOTHING = 3,	/* nothing that can be examined */
	STEELYARD_USAGE = 4
};

/* A session holds the limits, the cancel flag and the message sink. */
struct steelyard_session;

enum steelyard_level { STEELYARD_NOTICE, STEELYARD_PROGRESS, STEELYARD_DEBUG };

/* One line without newline.  May hold untrusted bytes: escape before printing. */
typedef void steelyard_message_fn(void *user, enum steelyard_level level,
				  const char *text);

/* NULL: out of memory.  Free with steelyard_session_free. */
struct steelyard_session *steelyard_session_new(void);
void steelyard_session_free(struct steelyard_session **session);

void steelyard_session_messages(struct steelyard_session *session,
				steelyard_message_fn *fn, void *user);

/* Makes the run end soon, with an incomplete report.  Async-signal-safe. */
void steelyard_session_cancel(struct steelyard_session *session);

/* Sets a limit ("tensors", "4096"): 0, or -1 with steelyard_session_error. */
int steelyard_session_limit(struct steelyard_session *session, const char *name,
			    const char *value);

/* One sentence about the last failure; valid until the next call. */
const char *steelyard_session_error(const struct steelyard_session *session);

/*
 * The same as a constant word for programs: "passphrase-wrong", "key-is-private",
 * "usage", "io" ... (docs/report.md lists them).
 */
const char *steelyard_session_reason(const struct steelyard_session *session);

/*
 * True when the last failure lies in what was asked (a name that is not known, a
 * file that is none), false when this machine could not do it (no memory, no
 * process, no descriptor left): asked again, it may succeed.
 */
bool steelyard_session_is_misused(const struct steelyard_session *session);

/* Which questions a check asks. */
enum steelyard_ask {
	STEELYARD_ASK_CHECK,	/* all four */
	STEELYARD_ASK_SCAN,	/* well_formed and inert: no weights are read */
	STEELYARD_ASK_INSPECT,	/* like SCAN, and keeps tensors and metadata */
	STEELYARD_ASK_TRACE,	/* like SCAN, and keeps what unpickling would do */
	STEELYARD_ASK_VERIFY	/* authentic and intact: compares what was signed */
};

struct steelyard_check_options {
	size_t size;			/* sizeof(struct steelyard_check_options) */
	enum steelyard_ask ask;
	const char *const *paths;	/* "-": standard input */
	size_t n_paths;
	const char *const *exclude;	/* globs, on the path below the named one */
	size_t n_exclude;
	const char *loader;		/* NULL: "any" */
	const char *fail_on;		/* NULL: "high"; "none" or a severity */
	const char *baseline;		/* path of an earlier report, or NULL */
	const char *worker;		/* path of steelyard-worker, or NULL */
	unsigned jobs;			/* 0: as many as CPUs */
	bool allow_empty;
	bool follow_links;
	bool show_tensors;		/* keep tensors in the report */
	/* Bytes weighed so far and in all; from one thread at a time; may be NULL. */
	void (*progress)(void *user, uint64_t n_done, uint64_t n_total);
	void *progress_user;
	/*
	 * Names that count as allowed although they are on no list: "module.name",
	 * or "module.*" for all below a module.  Dangerous ones stay findings.
	 */
	const char *const *allow_global;
	size_t n_allow_global;
	bool show_opcodes;		/* ASK_TRACE: a step for each opcode */
	/*
	 * Path of a policy (docs/policy.md), or NULL; CHECK, SCAN, VERIFY.  With one,
	 * exclude, allow_global, baseline, allow_empty, ignore_paths and ignore_unsigned
	 * must not be given, keys only where it names no signers, loader and fail_on only
	 * where they are stricter: -1 else.
	 */
	const char *policy;
	/*
	 * ASK_CHECK, ASK_VERIFY: signature files (none: those that lie beside what is
	 * checked), files of public keys, files of root certificates in PEM.
	 */
	const char *const *signatures;
	size_t n_signatures;
	const char *const *keys;
	size_t n_keys;
	const char *const *certificate_chains;
	size_t n_certificate_chains;
	/*
	 * When certificates must be valid: "leaf-notbefore" (NULL), "now" or "timestamp",
	 * for which timestamp_chains are the root certificates, files of PEM, of the
	 * authorities (RFC 3161) to trust for the time.
	 */
	const char *certificate_time;
	const char *const *timestamp_chains;
	size_t n_timestamp_chains;
	/* Paths, named as the model is or relative to it, that nobody need have signed. */
	const char *const *ignore_paths;
	size_t n_ignore_paths;
	bool ignore_unsigned;		/* no file need have been signed */
	/*
	 * How the processes that read the files are confined.  NULL, "auto": by all
	 * that steelyard_sandbox lists as available; the report names what is not.
	 * "require": by everything, or nothing is examined.  "off": resource limits
	 * only.
	 */
	const char *sandbox;
	/* ASK_CHECK, ASK_INSPECT: digests of the tensors and of the model, too. */
	bool tensor_digests;
	bool tensor_stats;		/* ASK_CHECK: looks at the values of tensors */
};

struct steelyard_report;

/*
 * Checks.  0: *report holds the outcome, whatever it is (free it).
 * -1: usage (unknown loader, unreadable baseline ...), the sentence is in
 * steelyard_session_error and *report is NULL.  A path that does not exist is
 * an artifact that could not be read.
 */
int steelyard_check(struct steelyard_session *session,
		    const struct steelyard_check_options *options,
		    struct steelyard_report **report);
void steelyard_report_free(struct steelyard_report **report);

/* 0 to 3, see enum steelyard_exit. */
int steelyard_report_exit_code(const struct steelyard_report *report);
/* "clean", "flagged" or "undetermined". */
const char *steelyard_report_verdict(const struct steelyard_report *report);

#define STEELYARD_NO_NUMBER UINT64_MAX

/* One examined or listed file; strings live as long as the report. */
struct steelyard_artifact {
	const char *path;		/* bytes, NUL-terminated */
	const char *format;		/* "safetensors", ..., "unknown" */
	const char *summary;		/* one line for people; may be "" */
	const char *scope;		/* "examined", "listed", ... as in the report */
	const char *verdict;		/* "clean", "flagged", "undetermined", ... */
	uint64_t size;			/* bytes */
	uint64_t n_tensors;		/* in the file */
	size_t n_findings;		/* kept */
	uint64_t n_members;		/* of containers, at all depths (ASK_INSPECT) */
};

/* Texts are bytes of a given length, not NUL-terminated, not escaped. */
struct steelyard_tensor {
	const char *name, *dtype;
	size_t name_len, dtype_len;
	const uint64_t *shape;		/* rank values */
	unsigned rank;
	/* Bytes in the file, from the first to the last of its elements; offset is
	 * STEELYARD_NO_NUMBER where they do not lie there as they are. */
	uint64_t offset, length;
	/* With tensor_digests, see docs/formats/tensor-digests.md; 32 bytes, or NULL. */
	const uint8_t *raw_digest;	/* SHA-256 of the stored bytes */
	const uint8_t *data_digest;	/* of the same in canonical order */
	const uint8_t *tensor_digest;	/* of type, shape and data */
	bool is_derived;		/* by the process that decoded the bytes */
};

/* What the tensors of all files are together; digests of 32 bytes, or NULL. */
struct steelyard_model {
	uint64_t n_tensors;		/* names */
	const uint8_t *model_digest;
	const uint8_t *nameless_digest;
	const char *why;		/* why there are none, a sentence; or "" */
};

struct steelyard_meta {
	const char *key, *type, *value;
	size_t key_len, type_len, value_len;
};

/*
 * The i-th artifact (sorted by path), and the i-th tensor and metadata entry of
 * artifact `at` (in file order; kept by ASK_INSPECT or show_tensors only); false
 * beyond the last.
 */
bool steelyard_report_artifact(const struct steelyard_report *report, size_t i,
			       struct steelyard_artifact *artifact);
bool steelyard_report_tensor(const struct steelyard_report *report, size_t at,
			     size_t i, struct steelyard_tensor *tensor);
/* False: no tensor digests were asked for. */
bool steelyard_report_model(const struct steelyard_report *report,
			    struct steelyard_model *model);
bool steelyard_report_meta(const struct steelyard_report *report, size_t at,
			   size_t i, struct steelyard_meta *meta);

/* What a container holds; texts as in struct steelyard_tensor. */
struct steelyard_member {
	const char *name, *format, *codec;	/* "a/b.pkl", "pickle", "deflate" */
	size_t name_len, format_len, codec_len;
	uint64_t offset, length;	/* stored bytes in its container */
	uint64_t size;			/* decoded bytes; or STEELYARD_NO_NUMBER */
	uint64_t file_offset;		/* ..._NO_NUMBER: inside of something decoded */
	size_t n_containers;		/* on the way to it, below the file itself */
};

/*
 * The i-th member of artifact `at` (ASK_INSPECT; sorted by container and offset);
 * false beyond those kept (limit "members").
 */
bool steelyard_report_member(const struct steelyard_report *report, size_t at,
			     size_t i, struct steelyard_member *member);

/* The k-th container of that member, outermost first; *len is 0 beyond. */
const char *steelyard_report_member_container(const struct steelyard_report *report,
					      size_t at, size_t i, size_t k, size_t *len);

/* One step of what unpickling a file would do; texts as in struct steelyard_tensor. */
struct steelyard_step {
	/* "begin", "import", "call", "build", "store", "persistent", "odd", "opcode",
	 * "data", "end", "more"; docs/report.md says what each is. */
	const char *kind;
	/* "plain", "known", "allowed" (by allow_global), "unusual", "unknown" (on no
	 * list), "dangerous". */
	const char *level;
	const char *opcode;		/* "REDUCE"; may be "" */
	const char *text, *symbol;
	size_t text_len, symbol_len;
	uint64_t offset, length;	/* bytes, in the member; STEELYARD_NO_NUMBER: none */
	uint64_t inner_offset;		/* in data decoded at offset; or ..._NO_NUMBER */
	uint64_t value;			/* protocol, opcodes or steps; or ..._NO_NUMBER */
	unsigned depth;			/* pickles around the one that it is of */
	size_t n_members;		/* containers on the way to it */
};

/* The i-th step of artifact `at` in their order (ASK_TRACE); false beyond. */
bool steelyard_report_step(const struct steelyard_report *report, size_t at,
			   size_t i, struct steelyard_step *step);

/* The k-th member name of that step, outermost first; *len is 0 beyond. */
const char *steelyard_report_step_member(const struct steelyard_report *report,
					 size_t at, size_t i, size_t k, size_t *len);

/* Takes all bytes and returns 0, or anything else to stop. */
typedef int steelyard_write_fn(void *user, const void *data, size_t len);

/* Writes some content through write(to, ...): 0, or -1 when that was not possible. */
typedef int steelyard_content_fn(void *user, steelyard_write_fn *write, void *to);

/*
 * Writes a file in the folder where it will lie and names it when it is whole and on
 * the disk; links and devices are never replaced, regular files only on request.
 * `content` may be called twice.  0; -1: see steelyard_session_error, and what stood
 * there still does.
 */
int steelyard_file_write(struct steelyard_session *session, const char *path,
			 bool may_replace, steelyard_content_fn *content, void *user);

struct steelyard_write_options {
	size_t size;
	bool color;
	bool quiet;
	unsigned columns;	/* 0: do not wrap */
};

/* Writes the report in a format ("text", "json", "sarif", ...): 0, or -1. */
int steelyard_report_write(const struct steelyard_report *report,
			   const char *format,
			   const struct steelyard_write_options *options,
			   steelyard_write_fn *write, void *user);

/* Name of the i-th report format, with *title; NULL beyond the last. */
const char *steelyard_report_format(size_t i, const char **title);

/* Name of the i-th policy to begin with, and one sentence; NULL beyond the last. */
const char *steelyard_policy_preset(size_t i, const char **what);

/* Writes a preset as a policy: 0, or -1 (no such preset; a failed write). */
int steelyard_policy_preset_write(struct steelyard_session *session, const char *name,
				  steelyard_write_fn *write, void *user);

/* Writes the policy of a file in normal form: 0, or -1. */
int steelyard_policy_show(struct steelyard_session *session, const char *path,
			  steelyard_write_fn *write, void *user);

/*
 * Writes, line by line, what a policy would do; report NULL: to any model, else to
 * the model of that JSON report.  Returns the exit code that it would give (without a
 * report: 0, or 4 when it is not in force now), or -1.
 */
int steelyard_policy_test(struct steelyard_session *session, const char *path,
			  const char *report, steelyard_write_fn *write, void *user);

struct steelyard_diff_options {
	size_t size;
	const char *a, *b;		/* files or directories */
	const char *format;		/* "text" (NULL), "json", "markdown" */
	const char *worker;		/* path of steelyard-worker, or NULL */
	const char *sandbox;		/* as for a check */
	unsigned jobs;			/* 0: as many as CPUs */
	bool follow_links;
};

/*
 * Compares two models tensor by tensor, and what else may change what a loader does,
 * and writes how they differ.  0: the same; 1: they differ; 2: undetermined, since one
 * of them could not be examined to its end; -1: see steelyard_session_error.
 */
int steelyard_diff(struct steelyard_session *session,
		   const struct steelyard_diff_options *options,
		   steelyard_write_fn *write, void *user);

struct steelyard_hash_options {
	size_t size;
	const char *const *paths;	/* files, directories, "-" */
	size_t n_paths;
	const char *algorithms;		/* "sha256" (NULL) or a comma list */
	unsigned jobs;
	bool follow_links;
	void (*progress)(void *user, uint64_t n_done, uint64_t n_total);
	void *progress_user;
};

struct steelyard_digest {
	const char *path;		/* bytes, NUL-terminated */
	const char *algorithm;		/* "sha256" */
	const char *hex;		/* lower case; NULL: failed */
	const char *error;		/* NULL, or why ("Permission denied"), no path */
	uint64_t bytes;			/* hashed */
};

/*
 * Hashes and calls `each` per path and algorithm, sorted by path then in the
 * order asked; strings live during the call.  0: all hashed; 1: some failed;
 * -1: usage, see steelyard_session_error.
 */
int steelyard_hash(struct steelyard_session *session,
		   const struct steelyard_hash_options *options,
		   void (*each)(void *user, const struct steelyard_digest *digest),
		   void *user);

struct steelyard_list_options {
	size_t size;
	const char *path;		/* of the list; "-": standard input */
	const char *algorithm;		/* for untagged lines; NULL: by digest length */
	unsigned jobs;
	bool ignore_missing;
};

enum steelyard_list_state { STEELYARD_LIST_OK, STEELYARD_LIST_FAILED,
			    STEELYARD_LIST_UNREADABLE, STEELYARD_LIST_MISSING,
			    STEELYARD_LIST_MALFORMED };

struct steelyard_list_row {
	const char *path;		/* MALFORMED: NULL */
	enum steelyard_list_state state;
	/* UNREADABLE, MISSING: why, as strerror words it, without the path. */
	const char *error;
	uint64_t line;			/* of the list, from 1 */
};

struct steelyard_list_counts {
	uint64_t n_ok, n_failed, n_unreadable, n_missing, n_malformed_lines;
};

/* Checks a sha256sum-style list, in the list's order.  0, or -1: usage. */
int steelyard_check_list(struct steelyard_session *session,
			 const struct steelyard_list_options *options,
			 void (*each)(void *user, const struct steelyard_list_row *row),
			 void *user, struct steelyard_list_counts *counts);

/*
 * Keys.  A passphrase never stands on a command line: it comes from a file, from
 * a descriptor, or from whoever can ask a person.
 */
enum steelyard_passphrase_for {
	STEELYARD_PASSPHRASE_OPEN,	/* opens the key of that path */
	STEELYARD_PASSPHRASE_NEW,	/* will protect it */
	STEELYARD_PASSPHRASE_AGAIN	/* the same, to see whether it was meant */
};

/*
 * Puts a passphrase into buf, which is locked and will be wiped, and returns its
 * length in bytes; more than cap: it is too long; negative: there is none.
 */
typedef long steelyard_passphrase_fn(void *user, enum steelyard_passphrase_for what,
				     const char *path, void *buf, size_t cap);

/* At most one of the three; none: an encrypted key is refused. */
struct steelyard_passphrase {
	const char *file;		/* its first line is the passphrase */
	const int *fd;			/* the same, read to its end and left open */
	steelyard_passphrase_fn *ask;
	void *user;
};

struct steelyard_generate_options {
	size_t size;
	const char *path;		/* of the private key; must not exist */
	const char *public_path;	/* NULL: path and ".pub"; must not exist */
	const char *kind;		/* NULL: "ecdsa-p256", or "ed25519" for minisign */
	bool is_minisign;		/* minisign's files instead of PEM */
	bool is_unencrypted;		/* said aloud: no passphrase */
	struct steelyard_passphrase passphrase;
};

struct steelyard_key;

/*
 * Makes a key and writes both files, whole or not at all, never over another; the
 * private one is encrypted and for its owner only.  0: *key is the new key; -1:
 * see steelyard_session_error, and neither file is there.
 */
int steelyard_key_generate(struct steelyard_session *session,
			   const struct steelyard_generate_options *options,
			   struct steelyard_key **key);

/*
 * Reads the public half of a key file, private or public (PEM, minisign, signify,
 * cosign).  0: free *key with steelyard_key_free; -1: steelyard_session_error.
 */
int steelyard_key_read(struct steelyard_session *session, const char *path,
		       const struct steelyard_passphrase *passphrase,
		       struct steelyard_key **key);
void steelyard_key_free(struct steelyard_key **key);

struct steelyard_key_info {
	const char *kind;		/* "ecdsa-p256", "ed25519", "rsa" ... */
	const char *id;			/* hex: SHA-256 of the PEM text; the hint of OMS */
	const char *hint;		/* base64: SHA-256 of the DER; cosign's hint */
	const char *number;		/* as minisign prints it; NULL: the key has none */
	bool is_private;		/* the file holds the private key */
};

/* Strings live as long as the key. */
void steelyard_key_info(const struct steelyard_key *key, struct steelyard_key_info *info);

/*
 * Writes the public key as PEM or as minisign's file: 0, or -1 (only Ed25519 keys
 * are minisign's; or write failed).
 */
int steelyard_key_write(struct steelyard_session *session, const struct steelyard_key *key,
			bool is_minisign, steelyard_write_fn *write, void *user);

/* Name of the i-th kind of key that can be made; NULL beyond the last. */
const char *steelyard_key_kind(size_t i);

struct steelyard_sign_options {
	size_t size;
	const char *path;		/* of the model: a directory or a file */
	const char *key;		/* file of the private key; NULL: only for lists */
	struct steelyard_passphrase passphrase;
	const char *certificate;	/* PEM file; NULL: sign by key */
	const char *const *certificate_chain;	/* of its issuers */
	size_t n_certificate_chain;
	const char *const *formats;	/* "oms" (none), "minisign", "sha256sum" */
	size_t n_formats;
	/* One for each format, in that order; fewer: the usual name for the rest. */
	const char *const *signatures;
	size_t n_signatures;
	const char *algorithm;		/* of the OMS list; NULL: "sha256" */
	uint64_t shard_size;		/* bytes; 0: whole files */
	const char *const *ignore_paths;	/* in the model: left out */
	size_t n_ignore_paths;
	bool allow_symlinks;
	unsigned jobs;
	void (*progress)(void *user, uint64_t n_done, uint64_t n_total);
	void *progress_user;
	/*
	 * A file of digests of the last signing, or NULL: files that did not change since
	 * are not read again.  It is written anew; whoever can write it says what is signed.
	 */
	const char *cache;
};

/* A signature that was written; strings live during the call. */
struct steelyard_signed {
	const char *path, *format;
	const char *key_kind, *key_id;	/* NULL: no key was used */
	uint64_t n_files, n_bytes;
	uint64_t n_cached;		/* files whose digests are those of the cache */
};

/*
 * Weighs the model once and writes the signatures, each whole and durable or not at
 * all; what was there before stays until then.  Calls `each` for each written one.
 * 0, or -1: see steelyard_session_error.
 */
int steelyard_sign(struct steelyard_session *session,
		   const struct steelyard_sign_options *options,
		   void (*each)(void *user, const struct steelyard_signed *signature),
		   void *user);

struct steelyard_rule {
	const char *id, *severity, *effect, *title, *why, *fix;
};

/* The i-th rule, sorted by id; false beyond the last. */
bool steelyard_rule(size_t i, struct steelyard_rule *rule);

/*
 * Name of the i-th digest algorithm of -a, loader of --loader, limit of --limit,
 * format; NULL beyond.
 */
const char *steelyard_algorithm(size_t i);
const char *steelyard_loader(size_t i);
const char *steelyard_limit(size_t i, uint64_t *value, const char **unit,
			    const char **what);
const char *steelyard_format(size_t i, const char **title, bool *is_examined);

/*
 * Name of the i-th layer of the sandbox; NULL beyond.  *is_available: this build
 * and this kernel have it.  *version: of the kernel's interface; 0: it has none.
 */
const char *steelyard_sandbox(size_t i, bool *is_available, unsigned *version);

/*
 * Renders untrusted bytes for a terminal line into buf (always NUL-terminated,
 * cut at cap); returns buf.
 */
const char *steelyard_escape(const char *bytes, char *buf, size_t cap);
const char *steelyard_escape_bytes(const void *bytes, size_t len, char *buf,
				   size_t cap);

#ifdef __cplusplus
}
#endif

#endif
