/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies to begin with, sorted by name.  They name no signer: nobody is trusted
 * until somebody says whom.
 */
#include "verifier/engine/policy.h"

#define SCHEMA "\"schema\": \"" SY_POLICY_SCHEMA "\", "

const struct sy_policy_preset sy_policy_presets[] = {
	{ "default", "what check does without a policy, as a policy",
	  "{" SCHEMA "\"name\": \"default\", \"require\": [\"well_formed\", \"inert\"], "
	  "\"fail_on\": \"high\", \"remote_code\": \"conditional\"}" },
	{ "permissive", "fails only on what can run code and on what is critical",
	  "{" SCHEMA "\"name\": \"permissive\", \"require\": [\"inert\"], "
	  "\"fail_on\": \"critical\", \"remote_code\": \"conditional\"}" },
	{ "strict", "signed models in formats without code, and nothing to forgive",
	  "{" SCHEMA "\"name\": \"strict\", \"require\": [\"authentic\", \"intact\", "
	  "\"well_formed\", \"inert\"], \"fail_on\": \"medium\", \"remote_code\": \"refuse\", "
	  "\"formats\": [\"gguf\", \"safetensors\"]}" },
	{ 0 }
};
