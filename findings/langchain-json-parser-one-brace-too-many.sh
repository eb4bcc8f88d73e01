#!/usr/bin/env bash
# langchain-core 1.7.2: JsonOutputParser returns None for an object with one closing brace too many.
#
# Guess: {"a": 1}} is refused as an OutputParserException, since the parser refuses a text without JSON.
# Seen: None, with no error; with an unescaped quote inside a text the object comes back cut off at it, and an array
# whose end is missing is closed by the parser.
#
# It matters to whoever calls a chain from another language: None and a shorter object arrive as a result, so that the
# caller's own check of the JSON never sees the text that was wrong. Check the raw answer before the parser does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check langchain-core==1.7.2
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

from langchain_core.exceptions import OutputParserException
from langchain_core.output_parsers import JsonOutputParser

parser = JsonOutputParser()


def read(text):
    try:
        return parser.parse(text)
    except OutputParserException:
        return "refused"


print(f"langchain-core {version('langchain-core')}")
seen = {text: read(text) for text in ('{"a": 1}}', '{"a": "it is 5" tall", "b": 2}', "[1, 2", "no JSON")}
for text, value in seen.items():
    print(f"{text:32} -> {value!r}")
assert list(seen.values()) == [None, {"a": "it is 5"}, [1, 2], "refused"], "changed: this finding is out of date"
PYTHON
