/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What loading the two imports, and what else it does that is not known to be plain
 * data.  Where that cannot be seen whole, the files must be the same, byte for byte.
 */
#include <stdlib.h>
#include <string.h>

#include "verifier/engine/collect.h"
#include "verifier/engine/diff.h"

bool sy_diff_is_odd(const struct sy_artifact *a)
{
	bool is_odd = a->n_steps >= SY_FLOW_STEPS_MAX;

	for (size_t i = 0; i < a->n_steps; i++)
		is_odd |= a->steps[i].class > SY_STEP_KNOWN ||
			  a->steps[i].kind == SY_STEP_MORE;
	if (a->n_steps == 0)
		return false;
	for (const struct sy_finding *f = a->findings; f; f = f->next)
		is_odd |= f->severity >= SY_MEDIUM || f->rule == SY_RULE_TORCH_SCRIPT_FOUND;
	return is_odd;
}

static bool is_import(const struct sy_step *step)
{
	return step->kind == SY_STEP_IMPORT;
}

static enum sy_status add_steps(struct sy_diff *diff, const struct sy_artifact *a, bool is_in_b)
{
	for (size_t i = 0; i < a->n_steps; i++) {
		const struct sy_step *step = &a->steps[i];
		enum sy_status status;

		if (step->kind == SY_STEP_MORE ||
		    (!is_import(step) && step->class <= SY_STEP_KNOWN))
			continue;
		status = sy_grow(diff->a->ctx, &diff->loads, &diff->cap_loads,
				 diff->n_loads + 1, sizeof(*diff->loads));
		if (status != SY_OK)
			return status;
		diff->loads[diff->n_loads++] = (struct sy_load_row){
			.kind = step->kind, .class = step->class, .is_in_b = is_in_b,
			.text = is_import(step) ? step->symbol : step->text,
		};
	}
	return SY_OK;
}

static enum sy_status add_report(struct sy_diff *diff, const struct sy_report *report,
				 bool is_in_b)
{
	enum sy_status status = SY_OK;

	for (size_t i = 0; i < report->n_artifacts && status == SY_OK; i++)
		status = add_steps(diff, &report->artifacts[i], is_in_b);
	return status;
}

static int compare_texts(const struct sy_load_row *x, const struct sy_load_row *y)
{
	int order = (int)x->kind - (int)y->kind;

	return order ? order : sy_span_compare(x->text, y->text);
}

static int compare_rows(const void *a, const void *b)
{
	const struct sy_load_row *x = a, *y = b;
	int order = compare_texts(x, y);

	return order ? order : (int)x->is_in_b - (int)y->is_in_b;
}

/* Each once; not those that both have. */
static void keep_different(struct sy_diff *diff)
{
	size_t n = 0;

	if (diff->n_loads == 0)
		return;
	qsort(diff->loads, diff->n_loads, sizeof(*diff->loads), compare_rows);
	for (size_t i = 0; i < diff->n_loads;) {
		size_t end = i + 1;

		while (end < diff->n_loads &&
		       !compare_texts(&diff->loads[i], &diff->loads[end]))
			end++;
		if (diff->loads[i].is_in_b == diff->loads[end - 1].is_in_b)
			diff->loads[n++] = diff->loads[i];
		i = end;
	}
	diff->n_loads = n;
}

static bool has_twin(const struct sy_report *report, const struct sy_artifact *a)
{
	const struct sy_digest *digest = a->digests[SY_SHA256];

	for (size_t i = 0; digest && i < report->n_artifacts; i++) {
		const struct sy_digest *other = report->artifacts[i].digests[SY_SHA256];

		if (other && sy_digest_equal(other, digest))
			return true;
	}
	return false;
}

/* Pickles hold anything, and so do archives; these formats do not. */
static bool has_rest(const struct sy_artifact *a)
{
	static const char *const bare[] = { "gguf", "npy", "safetensors" };

	for (size_t i = 0; i < SY_N_ELEMS(bare); i++) {
		if (sy_span_is(a->format, bare[i]))
			return false;
	}
	return a->n_steps > 0 || a->n_kept_tensors > 0;
}

static void look_for_odd(struct sy_diff *diff, const struct sy_report *report,
			 const struct sy_report *other)
{
	for (size_t i = 0; i < report->n_artifacts; i++) {
		const struct sy_artifact *a = &report->artifacts[i];

		if (!has_rest(a) || has_twin(other, a))
			continue;
		diff->has_rest = true;
		if (!sy_diff_is_odd(a) || diff->why_loads.len > 0)
			continue;
		sy_text_name(&diff->why_loads, a->path);
		sy_text_add(&diff->why_loads, " does more than hold tensors, and is not in the "
			    "other model");
	}
}

enum sy_status sy_diff_loading(struct sy_diff *diff)
{
	enum sy_status status = add_report(diff, diff->a, false);

	sy_text_init(&diff->why_loads);
	if (status == SY_OK)
		status = add_report(diff, diff->b, true);
	if (status != SY_OK)
		return status;
	keep_different(diff);
	look_for_odd(diff, diff->a, diff->b);
	look_for_odd(diff, diff->b, diff->a);
	return SY_OK;
}

/* --- signers ---------------------------------------------------------------------- */

static int compare_signers(const void *a, const void *b)
{
	const struct sy_signature_row *x = a, *y = b;
	int order = sy_span_compare(x->kind, y->kind);

	if (!order)
		order = sy_span_compare(x->signer, y->signer);
	return order ? order : sy_span_compare(x->algorithm, y->algorithm);
}

/* Copies, for a finished report is not sorted again. */
static struct sy_signature_row *sorted(struct sy_context *ctx, const struct sy_report *report)
{
	size_t n = report->n_signatures;
	struct sy_signature_row *rows = sy_alloc_array(ctx, n + 1, sizeof(*rows));

	if (rows && n > 0) {
		memcpy(rows, report->signatures, n * sizeof(*rows));
		qsort(rows, n, sizeof(*rows), compare_signers);
	}
	return rows;
}

static bool has_unread(const struct sy_report *report)
{
	for (size_t i = 0; i < report->n_signatures; i++) {
		if (sy_span_is(report->signatures[i].reason, "signature-unreadable"))
			return true;
	}
	return false;
}

enum sy_status sy_diff_signers(struct sy_diff *diff)
{
	struct sy_context *ctx = diff->a->ctx;
	struct sy_signature_row *a = sorted(ctx, diff->a), *b = sorted(ctx, diff->b);
	enum sy_status status = a && b ? SY_OK : sy_memory_status(ctx);

	diff->is_signer_unknown = has_unread(diff->a) || has_unread(diff->b);
	diff->is_same_signers = diff->a->n_signatures == diff->b->n_signatures;
	for (size_t i = 0; status == SY_OK && diff->is_same_signers &&
			   i < diff->a->n_signatures; i++)
		diff->is_same_signers = compare_signers(&a[i], &b[i]) == 0;
	sy_release(ctx, a);
	sy_release(ctx, b);
	return status;
}
