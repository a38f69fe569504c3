/* SPDX-License-Identifier: Apache-2.0 */
/* steelyard.h: sessions and the lists that help texts are made from. */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "formats/format.h"
#include "verifier/base/attr.h"
#include "verifier/base/text.h"
#include "verifier/engine/cage.h"
#include "verifier/engine/loader.h"
#include "verifier/engine/new_file.h"
#include "verifier/engine/session.h"
#include "verifier/report/writer.h"

/*
 * Taken from the one context-free place: there is no session yet.  OpenSSL is told
 * first, before anything makes it begin, to read no configuration file: one can
 * name modules to load.
 */
struct steelyard_session *steelyard_session_new(void)
{
	struct steelyard_session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	sy_context_init(&session->ctx);
	atomic_init(&session->is_cancelled, false);
	session->ctx.cancelled = &session->is_cancelled;
	return session;
}

void steelyard_session_free(struct steelyard_session **session)
{
	free(*session);
	*session = NULL;
}

static void pass_message(void *user, enum sy_message_level level, const char *text)
{
	const struct steelyard_session *session = user;

	session->message(session->message_user, (enum steelyard_level)level, text);
}

void steelyard_session_messages(struct steelyard_session *session,
				steelyard_message_fn *fn, void *user)
{
	session->message = fn;
	session->message_user = user;
	session->ctx.message = fn ? pass_message : NULL;
	session->ctx.message_user = session;
}

void steelyard_session_cancel(struct steelyard_session *session)
{
	atomic_store_explicit(&session->is_cancelled, true, memory_order_relaxed);
}

int steelyard_session_limit(struct steelyard_session *session, const char *name,
			    const char *value)
{
	enum sy_status status;

	sy_error_clear(&session->ctx);
	status = sy_limits_set(&session->ctx.limits, name, value);
	if (status == SY_NOT_FOUND)
		sy_fail(&session->ctx, status, "there is no limit '%s'", name);
	else if (status != SY_OK)
		sy_fail(&session->ctx, status,
			"limit %s takes a whole number above 0, not '%s'", name,
			value);
	return status == SY_OK ? 0 : -1;
}

const char *steelyard_session_error(const struct steelyard_session *session)
{
	return session->ctx.error.text;
}

const char *steelyard_session_reason(const struct steelyard_session *session)
{
	return sy_error_reason(&session->ctx.error);
}

bool steelyard_session_is_misused(const struct steelyard_session *session)
{
	switch (session->ctx.error.status) {
	case SY_LIMIT:
	case SY_IO:
	case SY_NO_MEMORY:
	case SY_CANCELLED:
	case SY_CHANGED:
	case SY_WORKER:
		return false;
	case SY_OK:
	case SY_FORMAT:
	case SY_UNSUPPORTED:
	case SY_NOT_FOUND:
	case SY_USAGE:
	case SY_N_STATUS:
		break;
	}
	return true;
}

enum sy_status sy_adapter_put(void *user, struct sy_span bytes)
{
	const struct sy_adapter *adapter = user;

	return adapter->write(adapter->user, bytes.data, bytes.len) == 0 ? SY_OK : SY_IO;
}

void sy_session_begin(struct steelyard_session *session)
{
	sy_error_clear(&session->ctx);
}

struct content {
	steelyard_content_fn *write;
	void *user;
};

static int pass_content(void *user, struct sy_new_file_sink *sink)
{
	const struct content *content = user;

	return content->write(content->user, sy_new_file_put, sink);
}

int steelyard_file_write(struct steelyard_session *session, const char *path,
			 bool may_replace, steelyard_content_fn *write, void *user)
{
	struct content content = { write, user };
	enum sy_status status;

	sy_session_begin(session);
	status = sy_new_file_fill(&session->ctx, path, may_replace ? SY_NEW_FILE_REPLACING :
				  SY_NEW_FILE_PUBLIC, pass_content, &content);
	return status == SY_OK ? 0 : -1;
}

bool sy_take_options(struct steelyard_session *session, void *known,
		     size_t known_size, const void *given, size_t given_size)
{
	if (given_size < sizeof(size_t) || given_size > known_size) {
		sy_fail(&session->ctx, SY_USAGE,
			"option struct of %zu bytes, this library knows %zu",
			given_size, known_size);
		return false;
	}
	memset(known, 0, known_size);
	memcpy(known, given, given_size);
	return true;
}

const char *steelyard_version(void)
{
	return STEELYARD_VERSION;
}

const char *steelyard_report_format(size_t i, const char **title)
{
	for (size_t at = 0; sy_writers[at]; at++) {
		if (at != i)
			continue;
		*title = sy_writers[at]->title;
		return sy_writers[at]->name;
	}
	return NULL;
}

const char *steelyard_algorithm(size_t i)
{
	return i < SY_N_ALGORITHMS ? sy_algorithm_name((enum sy_algorithm)i) : NULL;
}

const char *steelyard_loader(size_t i)
{
	for (size_t at = 0; sy_loaders[at]; at++) {
		if (at == i)
			return sy_loaders[at]->name;
	}
	return NULL;
}

const char *steelyard_limit(size_t i, uint64_t *value, const char **unit,
			    const char **what)
{
	static const struct {
		const char *name;
		uint64_t value;
		const char *unit, *what;
	} limits[] = {
#define LIMIT(field, option, default_value, its_unit, meaning) \
		{ option, default_value, its_unit, meaning },
#include "verifier/base/limits.def"
#undef LIMIT
	};

	if (i >= SY_N_ELEMS(limits))
		return NULL;
	*value = limits[i].value;
	*unit = limits[i].unit;
	*what = limits[i].what;
	return limits[i].name;
}

const char *steelyard_format(size_t i, const char **title, bool *is_examined)
{
	for (size_t at = 0; sy_formats[at]; at++) {
		if (at != i)
			continue;
		*title = sy_formats[at]->title;
		*is_examined = sy_formats[at]->inspect != NULL;
		return sy_formats[at]->name;
	}
	return NULL;
}

const char *steelyard_sandbox(size_t i, bool *is_available, unsigned *version)
{
	static const struct {
		const char *name;
		enum sy_cage_layer layer;
	} layers[] = { { "landlock", SY_CAGE_LANDLOCK }, { "seccomp", SY_CAGE_SECCOMP } };

	if (i >= SY_N_ELEMS(layers))
		return NULL;
	*is_available = sy_cage_available() & layers[i].layer;
	*version = layers[i].layer == SY_CAGE_LANDLOCK ? (unsigned)sy_cage_landlock_abi() : 0;
	return layers[i].name;
}

static const char *effect_name(enum sy_effect effect)
{
	switch (effect) {
	case SY_EFFECT_NONE: return "";
	case SY_EFFECT_FORMED_NO: return "well_formed: no";
	case SY_EFFECT_FORMED_UNDETERMINED: return "well_formed: undetermined";
	case SY_EFFECT_INERT_NO: return "inert: no";
	case SY_EFFECT_INERT_UNDETERMINED: return "inert: undetermined";
	case SY_EFFECT_INERT_CONDITIONAL: return "inert: conditional";
	case SY_EFFECT_UNREAD: return "well_formed and inert: undetermined";
	case SY_EFFECT_INTACT_NO: return "intact: no";
	case SY_EFFECT_INTACT_UNDETERMINED: return "intact: undetermined";
	case SY_EFFECT_AUTHENTIC_NO: return "authentic: no";
	case SY_EFFECT_AUTHENTIC_UNDETERMINED: return "authentic: undetermined";
	case SY_EFFECT_REFUSED: return "exit status 1, whatever --fail-on says";
	}
	return "";
}

bool steelyard_rule(size_t i, struct steelyard_rule *rule)
{
	const struct sy_rule_info *info;

	if (i >= SY_N_RULES)
		return false;
	info = sy_rule_info((unsigned)i);
	*rule = (struct steelyard_rule){
		.id = info->id, .severity = sy_severity_name(info->severity),
		.effect = effect_name(info->effect), .title = info->title,
		.why = info->why, .fix = info->fix,
	};
	return true;
}

/* A sink of fixed size: what does not fit is dropped. */
struct fixed {
	char *buf;
	size_t len, cap;
};

static enum sy_status write_fixed(void *user, struct sy_span bytes)
{
	struct fixed *fixed = user;
	size_t room = fixed->cap - fixed->len;
	size_t len = bytes.len < room ? bytes.len : room;

	if (len > 0)
		memcpy(fixed->buf + fixed->len, bytes.data, len);
	fixed->len += len;
	return SY_OK;
}

const char *steelyard_escape_bytes(const void *bytes, size_t len, char *buf,
				   size_t cap)
{
	struct fixed fixed = { .buf = buf, .cap = cap - 1 };
	struct sy_out out;

	sy_out_init(&out, write_fixed, &fixed);
	sy_escape_terminal(&out, sy_span_of(bytes, len));
	if (sy_out_flush(&out) != SY_OK)
		fixed.len = 0;
	/* Cut text must stay valid: back to the start of the last character. */
	while (fixed.len == fixed.cap && fixed.len > 0 &&
	       ((uint8_t)buf[fixed.len - 1] & 0x80))
		fixed.len--;
	buf[fixed.len] = 0;
	return buf;
}

const char *steelyard_escape(const char *bytes, char *buf, size_t cap)
{
	return steelyard_escape_bytes(bytes, strlen(bytes), buf, cap);
}
