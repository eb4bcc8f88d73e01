#!/usr/bin/env bash
# DSPy 3.4.1: JSONAdapter turns an answer that is not a text into Python's text for it, where the field is a str.
#
# Guess: an answer of another JSON type is refused, as "n": "x" is for an int, or stays JSON's text.
# Seen: null becomes "None", true becomes "True", ["a"] becomes "['a']", with single quotes, which no JSON parser
# reads. No error is raised.
#
# It matters to whoever reads the field in Java: a missing answer arrives as the four letters None, and a list or an
# object as a text that Jackson cannot parse. Declare such fields as list[str], dict or Optional, or check the raw
# answer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dspy==3.4.1
HOME=$folder "$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import dspy

signature = dspy.Signature("question -> answer: str")
answers = ["null", "true", "5", '["a"]', '{"a": 1}']
seen = [dspy.JSONAdapter().parse(signature, f'{{"answer": {answer}}}')["answer"] for answer in answers]
print(f"DSPy {version('dspy')}")
for answer, text in zip(answers, seen, strict=True):
    print(f"{answer:10} -> {text!r}")
assert seen == ["None", "True", "5", "['a']", "{'a': 1}"], "changed: this finding is out of date"
PYTHON
