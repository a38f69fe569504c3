/* SPDX-License-Identifier: Apache-2.0 */
/* Where something is, in SARIF: files as addresses, bytes, members of containers. */
#include "verifier/report/sarif.h"

#include "verifier/base/text.h"

#define EXACT_MAX ((UINT64_C(1) << 53) - 1)	/* what readers keep exactly */

static const char *const levels[SY_N_SEVERITIES] = {
	[SY_INFO] = "note",
	[SY_LOW] = "note",
	[SY_MEDIUM] = "warning",
	[SY_HIGH] = "error",
	[SY_CRITICAL] = "error",
};

/* RFC 3986: everything but unreserved characters and the slash in percent. */
static bool is_plain(uint8_t c)
{
	uint8_t lower = sy_ascii_lower(c);

	return sy_is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '-' ||
	       c == '.' || c == '_' || c == '~' || c == '/';
}

static void put_uri_bytes(struct sy_out *out, struct sy_span path)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < path.len; i++) {
		uint8_t c = path.data[i];
		char escaped[3] = { '%', hex[c >> 4], hex[c & 15] };

		if (is_plain(c))
			sy_out_bytes(out, &c, 1);
		else
			sy_out_bytes(out, escaped, sizeof(escaped));
	}
}

/* Collected first: the JSON writer takes a string in one piece. */
static void put_uri(struct sy_sarif *s, struct sy_span path)
{
	struct sy_buffer uri;
	struct sy_out out;

	sy_buffer_init(&uri, s->report->ctx);
	sy_out_init(&out, sy_buffer_write, &uri);
	if (sy_span_starts(path, "/"))
		sy_out_str(&out, "file://");
	put_uri_bytes(&out, path.len > 0 ? path : sy_span_str("-"));

	enum sy_status status = sy_out_flush(&out);

	sy_jsonw_kstring(&s->w, "uri", sy_span_of(uri.data, uri.len));
	if (s->out->status == SY_OK)
		s->out->status = status;
	sy_buffer_free(&uri);
}

const char *sy_sarif_level(enum sy_severity severity)
{
	return levels[severity];
}

void sy_sarif_open(struct sy_sarif *s, const char *key)
{
	sy_jsonw_key(&s->w, key);
	sy_jsonw_object(&s->w);
}

void sy_sarif_close(struct sy_sarif *s)
{
	sy_jsonw_object_end(&s->w);
}

void sy_sarif_message(struct sy_sarif *s, const char *key, struct sy_span text)
{
	sy_sarif_open(s, key);
	sy_jsonw_kstring(&s->w, "text", text);
	sy_sarif_close(s);
}

void sy_sarif_exact(struct sy_sarif *s, const char *key, uint64_t n)
{
	if (n <= EXACT_MAX)
		sy_jsonw_ku64(&s->w, key, n);
}

void sy_sarif_file(struct sy_sarif *s, const char *key,
				  struct sy_span path)
{
	sy_sarif_open(s, key);
	put_uri(s, path);
	sy_sarif_close(s);
}

void sy_sarif_region(struct sy_sarif *s, const struct sy_finding *f)
{
	sy_sarif_open(s, "region");
	sy_jsonw_ku64(&s->w, "startLine", 1);
	sy_jsonw_ku64(&s->w, "startColumn", 1);
	sy_jsonw_ku64(&s->w, "endLine", 1);
	sy_jsonw_ku64(&s->w, "endColumn", 2);
	if (f->off <= EXACT_MAX) {
		sy_jsonw_ku64(&s->w, "byteOffset", f->off);
		sy_sarif_exact(s, "byteLength", f->len);
	}
	sy_sarif_close(s);
}

/* "file!member!member@offset", readable, for what lies inside containers. */
void sy_sarif_logical(struct sy_sarif *s, const struct sy_artifact *a,
			const struct sy_finding *f)
{
	struct sy_text name;

	if (f->n_members == 0)
		return;
	sy_text_init(&name);
	sy_text_add_span(&name, a->path);
	for (size_t i = 0; i < f->n_members; i++) {
		sy_text_add(&name, "!");
		sy_text_add_span(&name, f->members[i]);
	}
	sy_jsonw_key(&s->w, "logicalLocations");
	sy_jsonw_array(&s->w);
	sy_jsonw_object(&s->w);
	sy_jsonw_kstring(&s->w, "fullyQualifiedName", sy_text_span(&name));
	sy_jsonw_kstr(&s->w, "kind", "member");
	sy_jsonw_object_end(&s->w);
	sy_jsonw_array_end(&s->w);
}
