#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the chat-template vectors beside this file: <verdict>-<reason>.jinja.

accept: the idioms of ordinary chat templates; nothing above info.
warn:   something a person should read; medium at most.
reject: a way to code; at least high.
"""
import pathlib

HERE = pathlib.Path(__file__).parent

ACCEPT = {
    "empty": "",
    "plain-text": "Hello, __class__ and {0.__class__} outside of any block.\n",
    "chatml": "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "
              "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
              "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "namespace-reverse": """{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if '</think>' in message.content %}
            {%- set reasoning_content = message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.last or (not loop.last and reasoning_content) %}
            {{- '<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
""",
    "tools": """{{- bos_token }}
{%- if custom_tools is defined %}{%- set tools = custom_tools %}{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}{%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}{%- set date_string = "26 Jul 2024" %}{%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}{%- set system_message = "" %}{%- endif %}
{%- if builtin_tools is defined %}
    {{- "Tools: " + builtin_tools | reject('equalto', 'code_interpreter') | join(", ") + "\\n\\n"}}
{%- endif %}
{{- '{"name": function name, "parameters": dictionary of argument name and its value}.' }}
{%- for t in tools %}{{- t | tojson(indent=4) }}{{- "\\n\\n" }}{%- endfor %}
{%- for message in messages %}
    {%- if 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {%- for arg_name, arg_val in tool_call.arguments | items %}
            {{- arg_name + '="' + arg_val + '"' }}{%- if not loop.last %}{{- ", " }}{%- endif %}
        {%- endfor %}
        {{- '"parameters": ' }}{{- tool_call.arguments | tojson }}{{- "}" }}
    {%- elif message.role == "tool" %}
        {{- '<|start_header_id|>' ~ 'ipython' ~ '<|end_header_id|>' }}
    {%- endif %}
{%- endfor %}
""",
    "alternating": """{%- set loop_messages = messages %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set roles = messages | map(attribute='role') | unique | list %}
{%- for message in loop_messages | rejectattr("role", "equalto", "tool") %}
    {%- if (message["role"] == "user") != (loop.index0 % 2 == 0) %}
        {{- raise_exception("roles must alternate") }}
    {%- endif %}
    {%- if not message.tool_call_id is defined or message.tool_call_id|length != 9 %}{%- endif %}
    {{- "[INST] " + message["content"] + "[/INST]" }}
{%- endfor %}
""",
    "macro": """{%- macro json_to_python_type(json_spec) %}
{%- set basic_type_map = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"} %}
{%- if basic_type_map[json_spec.type] is defined %}
    {{- basic_type_map[json_spec.type] }}
{%- elif json_spec.type is iterable and json_spec.type is not string %}
    {{- "Union[" }}{%- for t in json_spec.type %}{{- json_to_python_type({"type": t}) }}{%- endfor %}{{- "]" }}
{%- else %}{{- "Any" }}{%- endif %}
{%- endmacro %}
{{- json_to_python_type(tools[0].function.parameters) }}
{%- set first = joiner(', ') %}{%- for t in tools %}{{ first() }}{{ t.name }}{%- endfor %}
{%- set row = cycler('user', 'assistant') %}{{ row.next() }}
""",
    "multimodal": """{% for message in messages %}{% if message['content'] is string %}{{ message['content'] }}
{%- else %}{% for item in message['content'] %}{% if item['type'] == 'image' or 'image' in item %}
{{- '<|vision_start|><|image_pad|><|vision_end|>' }}{% elif 'text' in item %}{{ item['text'] }}{% endif %}
{%- endfor %}{% endif %}{% endfor %}{# a comment with {{ ''.__class__ }} #}
{% generation %}{{ message.content }}{% endgeneration %}
""",
    "raw": "{% raw %}{{ ''.__class__ }}{% endraw %}{{ bos_token }}"
           "{%- raw -%} {% include 'x' %} {%- endraw -%}",
    "code-in-prompt": """{{ "Write Python, for example:\\n```\\nclass A:\\n    def __init__(self):\\n"""
                      """        self._x = 1\\nif __name__ == \\"__main__\\":\\n    A()\\n```\\n" }}""",
    "dict-literal": "{% set d = {'a': {'b': {}}} %}{{ d['a']['b'] }}{{ {'x': [1, 2]}['x'][0] }}",
    "unicode": "{{ '\\u2581' + '<\uff5cUser\uff5c>' + message['content'] + '\\u00e9' }}",
    "format": "{{ '%s: %d'|format(message.role, loop.index) }}{{ '{} {}'.format(a, b) }}"
              "{{ '{0.name}'.format(tool) }}",
    "choices": "{{ 'ABCD'[loop.index0] }}{{ messages[loop.index0 - 1].content }}"
               "{{ names[message.role ] }}{{ 'x' * 3 }}",
    "loop-controls": "{% for m in messages %}{% if m.hidden %}{% continue %}{% endif %}"
                     "{% if loop.last %}{% break %}{% endif %}{{ loop.previtem.role }}{% endfor %}",
}

WARN = {
    "import": "{% import 'os' as os %}",
    "include": "{% include '/etc/passwd' %}",
    "extends": "{%- extends \"base\" -%}",
    "from": "{% from 'macros' import x %}",
    "private-attribute": "{{ messages._data }}",
    "attr-filter": "{{ message|attr('role') }}",
    "module": "{{ os.name }}",
    "subscript-tilde": "{{ message[a ~ b] }}",
    "subscript-reversed": "{{ message['elor'|reverse] }}",
    "subscript-sliced": "{{ message['elor'[::-1]] }}",
    "empty-base": "{{ ''[name] }}",
    "escape": "{{ '\\x72ole' }}",
    "escape-octal": "{{ m['r\\157le'] }}",
    "global": "{{ cycler.reset }}",
    "self": "{{ self['x'] }}",
    "request": "{{ request.application }}",
    "eval": "{{ eval('1') }}",
    "unclosed": "{{ unclosed_bracket",
    "unclosed-string": "{{ 'abc }} {{ x }}",
    "unclosed-comment": "{# never ends {{ x }}",
    "unclosed-raw": "{% raw %}{{ x }}",
    "bracket": "{{ (a] }}",
    "field": "{{ '{0._x}'.format(m) }}",
}

REJECT = {
    "globals": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "subclasses": "{% for c in [].__class__.__base__.__subclasses__() %}{% endfor %}",
    "subscript": "{{ ''['__class__'] }}",
    "subscript-spaces": "{{ ''  [  \"__class__\"  ] }}",
    "attr-filter": "{{ ''|attr('__class__')|attr('__mro__') }}",
    "attr-computed": "{{ ''|attr(name) }}",
    "attr-formatted": "{{ ''|attr('%sclass%s' % (a, a)) }}",
    "attr-replaced": "{{ ''|attr('..class..'|replace('.', '_')) }}",
    "attr-replaced-method": "{{ ''|attr('XXclassXX'.replace('X', '_')) }}",
    "context": "{{ self._TemplateReference__context }}",
    "popen": "{{ x.popen('id') }}",
    "attr-joined": "{{ ''|attr(['__cl', 'ass__']|join) }}",
    "attr-nbsp": "{{ ''|\u00a0attr(name) }}",
    "map-attribute": "{{ [x]|map(attribute='__class__')|list }}",
    "map-attr": "{{ [x]|map('attr', name)|list }}",
    "hex": "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "octal": "{{ ''['\\137\\137class\\137\\137'] }}",
    "named": "{{ ''['\\N{LOW LINE}_class__'] }}",
    "continued-line": "{{ ''['__cla\\\nss__'] }}",
    "continued-line-cr": "{{ ''['__cla\\\rss__'] }}",
    "continued-line-cr-lf": "{{ ''['__cla\\\r\nss__'] }}",
    "plus": "{{ ''['__cla'+'ss__'] }}",
    "tilde": "{{ ''['__cla'~'ss__'] }}",
    "adjacent": "{{ ''['__cla' 'ss__'] }}",
    "repeated": "{{ ''['_' * 2 ~ 'class' ~ '_' * 2] }}",
    "variables": "{% set a='__cla' %}{% set b='ss__' %}{{ ''[a~b] }}",
    "reversed": "{{ ''['__ssalc__'|reverse] }}",
    "sliced": "{{ ''['__ssalc__'[::-1]] }}",
    "lowered": "{{ ''['__CLASS__'|lower] }}",
    "dict-keys": "{{ dict(__cla=1, ss__=2)|join }}",
    "percent-c": "{{ ''['%c%cclass%c%c'|format(95, 95, 95, 95)] }}",
    "percent-operator": "{{ ''['%c%cclass' % (95, 95)] }}",
    "format-field": "{{ '{0.__class__}'.format(messages) }}",
    "format-map": "{{ '{x.__init__.__globals__}'.format_map(d) }}",
    "getattribute": "{{ [].__getattribute__('__class__') }}",
    "getattr": "{{ getattr('', '__class__') }}",
    "name": "{{ __builtins__['eval']('1') }}",
    "template-reference": "{{ self._TemplateReference__context }}{{ x.__dict__ }}",
    "set-block": "{% set x = namespace.__init__.__globals__ %}{{ x }}",
    "frame": "{{ g.gi_frame.f_globals }}",
    "after-comment": "{# x #}{{ ''.__class__ }}",
    "after-raw": "{% raw %}x{% endraw %}{{ ''.__class__ }}",
    "fake-raw": "{% raw x %}{{ ''.__class__ }}",
    "in-braces": "{{ {'a': {'b': ''.__class__}} }}",
    "in-test": "{% if x is sameas ''.__class__ %}{% endif %}",
    "integer": "{{ 1.__class__ }}",
    "after-unclosed-string": "{{ 'abc }} {{ ''.__class__ }} {{ x.__globals__ ",
    "trim-marks": "{%- if ''.__class__ -%}{%- endif -%}",
    "percent-s": "{{ ''['%s%s'|format('__cla', 'ss__')] }}",
    "unicode-escape": "{{ ''['\\u005f\\u005fclass\\U0000005f_'] }}",
    "macro": "{% macro m(x) %}{{ x.__init__ }}{% endmacro %}",
    "filter-block": "{% filter replace(''.__class__, 'x') %}y{% endfilter %}",
    "loop-target": "{% for c in x.mro() %}{{ c.__dict__ }}{% endfor %}",
    "ternary": "{{ x if y else ''.__class__ }}",
    "slice": "{{ ''[''.__class__:] }}",
    "trimmed-name": "{{ ''['__class__ '|trim] }}",
}


def main():
    for verdict, cases in (("accept", ACCEPT), ("warn", WARN), ("reject", REJECT)):
        for reason, text in cases.items():
            path = HERE / f"{verdict}-{reason}.jinja"
            path.write_bytes(text.encode())


if __name__ == "__main__":
    main()
