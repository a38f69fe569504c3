/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the sentences of steps.  They say what stands there, and judge nothing. */
#include "formats/pickle/step_text.h"

#define ARGUMENT_MAX 100	/* bytes of an opcode's argument that are shown */

/* The argument as it stands there: enough to read on, never all of it. */
void sy_step_add_argument(const struct sy_argument *arg, uint8_t opcode, struct sy_text *text)
{
	switch ((enum sy_pickle_arg)sy_opcodes[opcode].arg) {
	case SY_ARG_INVALID:
	case SY_ARG_NONE:
	case SY_ARG_F8:
		return;
	case SY_ARG_U1:
	case SY_ARG_U2:
	case SY_ARG_I4:
	case SY_ARG_U4:
	case SY_ARG_U8:
	case SY_ARG_FRAME:
		sy_text_addf(text, "%lld", (long long)arg->n);
		return;
	case SY_ARG_LINE:
	case SY_ARG_LINES:
	case SY_ARG_TEXT1:
	case SY_ARG_TEXT4:
	case SY_ARG_TEXT8:
		if (arg->bytes.data)
			sy_text_name(text, sy_span_slice(arg->bytes, 0, ARGUMENT_MAX));
		if (arg->bytes.len > ARGUMENT_MAX || arg->is_outside)
			sy_text_add(text, "...");
		if (sy_opcodes[opcode].arg == SY_ARG_LINES) {
			sy_text_add(text, " ");
			sy_text_name(text, sy_span_slice(arg->second, 0, ARGUMENT_MAX));
		}
		return;
	case SY_ARG_BYTES1:
	case SY_ARG_BYTES4:
	case SY_ARG_BYTES8:
	case SY_ARG_LONG4:
		sy_text_bytes(text, arg->n);
		return;
	}
}

void sy_step_add_reason(const struct sy_global *global, struct sy_text *text)
{
	if (global && global->info.class == SY_GLOBAL_DANGEROUS)
		sy_text_addf(text, " (%s: %s)", sy_danger_name(global->info.danger),
			     global->info.reason);
}

/* What the callee is, as part of the sentence. */
static void add_callee(struct sy_pickle *m, const struct sy_pickle_call *call,
		       const struct sy_global *global, struct sy_text *text)
{
	if (global && sy_value_kind(call->callee) == SY_VALUE_CALL)
		sy_pickle_render(m, sy_value_global(sy_value_index(call->callee), false),
				 SY_STEP_RENDER_MAX, text);
	else
		sy_pickle_render(m, call->callee, SY_STEP_RENDER_MAX, text);
}

/* name(arguments), as Python writes it; false: it is not as plain as that. */
static bool add_plain_call(struct sy_pickle *m, const struct sy_pickle_call *call,
			   struct sy_text *text)
{
	if (sy_value_kind(call->callee) != SY_VALUE_GLOBAL ||
	    sy_value_kind(call->args) != SY_VALUE_TUPLE)
		return false;
	sy_pickle_render(m, sy_value_call(sy_value_index(call->callee),
					  sy_value_at(call->args)), SY_STEP_RENDER_MAX, text);
	if (call->how == SY_HOW_NEW && call->extra) {
		sy_text_add(text, " with keywords ");
		sy_pickle_render(m, call->extra, SY_STEP_RENDER_MAX, text);
	}
	if (call->how == SY_HOW_INDIRECT)
		sy_text_add(text, ", through another call");
	return true;
}

void sy_step_add_call(struct sy_pickle *m, const struct sy_pickle_call *call,
		      const struct sy_global *global, struct sy_text *text)
{
	bool is_result = sy_value_kind(call->callee) == SY_VALUE_CALL;

	switch (call->how) {
	case SY_HOW_REDUCE:
	case SY_HOW_OBJECT:
	case SY_HOW_INDIRECT:
		sy_text_add(text, is_result ? "calls what it got from " : "calls ");
		break;
	case SY_HOW_NEW:
		sy_text_add(text, is_result ? "creates an instance of what it got from "
					    : "creates a ");
		break;
	case SY_HOW_BUILD:
		sy_text_add(text, is_result ? "sets the state of a " : "sets the state of ");
		break;
	case SY_HOW_ITEMS:
		sy_text_add(text, is_result ? "adds items to a " : "adds items to ");
		break;
	}
	if (call->how <= SY_HOW_OBJECT || call->how == SY_HOW_INDIRECT) {
		if (add_plain_call(m, call, text))
			return;
	}
	add_callee(m, call, global, text);
	if (call->how == SY_HOW_BUILD || call->how == SY_HOW_ITEMS || is_result)
		sy_text_add(text, call->how <= SY_HOW_OBJECT ? ", with " : ": ");
	sy_pickle_render(m, call->how == SY_HOW_BUILD ? call->extra : call->args,
			 SY_STEP_RENDER_MAX, text);
}

void sy_step_add_oddity(struct sy_pickle *m, enum sy_pickle_oddity oddity, uint64_t len,
			uint64_t value, struct sy_text *text)
{
	switch (oddity) {
	case SY_ODD_NAME:
		sy_text_add(text, "imports a name that cannot be known before loading: ");
		break;
	case SY_ODD_EXTENSION:
		sy_text_add(text, "creates what the loading program registered as ");
		break;
	case SY_ODD_BUFFER:
		sy_text_add(text, "takes a buffer that is not in the file");
		return;
	case SY_ODD_FRAME:
		sy_text_add(text, "does not keep to its frame");
		return;
	case SY_ODD_BARE:
		sy_text_add(text, "stores a function where other code can call it: ");
		break;
	case SY_ODD_NESTED:
		sy_text_count(text, len);
		sy_text_add(text, " bytes of data begin like a pickle");
		return;
	case SY_ODD_NUMBER:
		sy_text_add(text, "converts a number of ");
		sy_text_bytes(text, len);
		return;
	case SY_ODD_STRING:
		sy_text_add(text, "text whose meaning depends on the loading program: ");
		break;
	}
	sy_pickle_render(m, value, SY_STEP_RENDER_MAX, text);
}
