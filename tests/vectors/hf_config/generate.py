#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the configuration vectors: <verdict>-<reason>.<name> beside this file.

What follows the first dot is the name under which the file is read.
"""
import json
import pathlib

HERE = pathlib.Path(__file__).parent
WALK = "{{ ''.__class__.__mro__ }}"
CHAT = "{% for m in messages %}{{ m['role'] + ': ' + m['content'] }}{% endfor %}"

CASES = {
    "accept-plain.config.json": {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8,
        "rope_scaling": None, "torch_dtype": "bfloat16", "quantization_config": {
            "quant_method": "gptq", "bits": 4, "modules_to_not_convert": ["lm_head"]}},
    "accept-infinity.generation_config.json": '{"max_time": Infinity, "x": -Infinity}',
    "accept-auto-map.config.json": {"auto_map": {"AutoModel": "modeling_x.XModel"}},
    "accept-auto-map-list.tokenizer_config.json": {
        "auto_map": {"AutoTokenizer": ["tok.T", None]}},
    "accept-auto-map-remote.config.json": {
        "auto_map": {"AutoModel": "someone/repo--modeling_x.XModel"}},
    "accept-tokenizer.tokenizer_config.json": {
        "tokenizer_class": "LlamaTokenizer", "chat_template": CHAT,
        "model_max_length": 1000000000000000019884624838656,
        "bos_token": {"content": "<s>"}, "eos_token": "</s>", "pad_token": None,
        "added_tokens_decoder": {"0": {"content": "<unk>"}, "9": {"content": "\n\t"}},
        "additional_special_tokens": ["<|im_start|>", "\u2581"]},
    "accept-template-list.tokenizer_config.json": {
        "chat_template": [{"name": "default", "template": CHAT},
                          {"name": "tool_use", "template": CHAT}]},
    "accept-template-file.chat_template.json": {"chat_template": CHAT},
    "accept-adapter.adapter_config.json": {
        "base_model_name_or_path": "someone/base", "peft_type": "LORA", "r": 8},
    "accept-modules.modules.json": [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}],
    "accept-pipeline.model_index.json": {
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30.0",
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "feature_extractor": [None, None], "requires_safety_checker": True,
        "unet": ["diffusers", "UNet2DConditionModel"],
        "text_encoder": ["transformers", "CLIPTextModel"]},
    "accept-custom-null.generation_config.json": {"custom_generate": None},
    "accept-trust-false.config.json": {"trust_remote_code": False},
    "warn-trust.config.json": {"trust_remote_code": True},
    "warn-trust-nested.config.json": {"model": {"trust_remote_code": "True"}},
    "warn-custom-generate.generation_config.json": {"custom_generate": "someone/repo"},
    "warn-target.config.json": {"model": {"_target_": "mylib.models.Net", "n": 1}},
    "warn-module.modules.json": [{"idx": 0, "type": "custom_st.Transformer"}],
    "warn-component.model_index.json": {"unet": ["my_pipeline", "MyUNet"]},
    "warn-component-null.model_index.json": {"unet": [None, "MyUNet"]},
    "warn-pipeline.model_index.json": {"_class_name": ["my_pipeline", "MyPipeline"]},
    "warn-custom-pipeline.config.json": {"custom_pipeline": "someone/repo"},
    "warn-base-url.adapter_config.json": {"base_model_name_or_path": "http://192.0.2.1/x"},
    "warn-token.tokenizer_config.json": {
        "added_tokens_decoder": {"7": {"content": "<x>\u001b[2J"}}},
    "warn-include.tokenizer_config.json": {"chat_template": "{% include 'x' %}"},
    "reject-template.tokenizer_config.json": {"chat_template": WALK},
    "reject-template-escaped.tokenizer_config.json":
        '{"chat_template": "{{ \'\'.\\u005f_class__ }}"}',
    "reject-template-list.tokenizer_config.json": {
        "chat_template": [{"name": "default", "template": CHAT},
                          {"name": "rag", "template": WALK}]},
    "reject-template-object.processor_config.json": {"chat_template": {"default": WALK}},
    "reject-template-plural.config.json": {"chat_templates": [CHAT, WALK]},
    "reject-template-other.tokenizer_config.json": {
        "chat_template": CHAT, "custom_chat_template": WALK},
    "reject-target.config.json": {"a": {"_target_": "os.system", "command": "echo"}},
    "reject-target-deep.config.json": {"a": [{"_target_": "mylib.util.run.system"}]},
    "reject-target-builtin.config.json": {"_target_": "builtins.eval"},
    "reject-jsonpickle.config.json": {"py/reduce": [{"py/type": "os.system"}]},
    "reject-duplicate.config.json": '{"model_type": "llama", "model_type": "gpt2"}',
    "reject-duplicate-nested.config.json": '{"a": [{"b": 1, "\\u0062": 2}]}',
    "reject-malformed.tokenizer_config.json": "{invalid json content",
    "reject-trailing-comma.config.json": '{"a": 1,}',
    "reject-comment.config.json": '{"a": 1 // one\n}',
    "reject-bom.config.json": "\ufeff{}",
    "reject-empty.config.json": "",
    "reject-list.config.json": "[]",
    "reject-two.config.json": "{}{}",
    "reject-bad-utf8.config.json": b'{"a": "\xff"}',
}


def main():
    for name, case in CASES.items():
        data = case
        if not isinstance(case, (str, bytes)):
            data = json.dumps(case, indent=2)
        if isinstance(data, str):
            data = data.encode()
        (HERE / name).write_bytes(data)


if __name__ == "__main__":
    main()
