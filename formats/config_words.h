/* SPDX-License-Identifier: Apache-2.0 */
/* Names that appear in configurations, and what they stand for. */
#ifndef SY_FORMATS_CONFIG_WORDS_H
#define SY_FORMATS_CONFIG_WORDS_H

#include "verifier/base/span.h"

/* A dotted name that does harm when it is called. */
bool sy_config_is_dangerous(struct sy_span target);

/* A library that pipelines take components from. */
bool sy_config_is_pipeline_library(struct sy_span library);

/* A key whose value a library imports and calls. */
bool sy_config_is_target_key(struct sy_span key);

/* A key by which a decoder rebuilds Python objects. */
bool sy_config_is_object_key(struct sy_span key);

#endif
