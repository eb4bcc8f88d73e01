#!/usr/bin/env bash
# DSPy 3.4.1: the state of another signature loads without an error, and its descriptions go to the wrong fields.
#
# Guess: module.load() refuses a state whose fields are not those of the module, or passes over the unknown ones.
# Seen: a state has no names of fields. load_state pairs its list with the signature's fields by position and stops at
# the shorter list. After a field was added in front of the others, each description is the one of its neighbour.
#
# It matters to whoever changes a signature after it was optimized: the prompt then describes fields by other fields'
# texts, and nothing says so. Compare the number of fields, and the names in the prefixes, before loading.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dspy==3.4.1
cd "$folder"
HOME=$folder "$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import dspy


class Before(dspy.Signature):
    text: str = dspy.InputField(desc="a customer's letter")
    answer: str = dspy.OutputField(desc="one word")


class After(dspy.Signature):
    day: str = dspy.InputField(desc="the day of the letter")
    text: str = dspy.InputField(desc="a customer's letter")
    answer: str = dspy.OutputField(desc="one word")


dspy.Predict(Before).save("state.json")
program = dspy.Predict(After)
program.load("state.json")
seen = {name: field.json_schema_extra["desc"] for name, field in program.signature.fields.items()}
print(f"DSPy {version('dspy')}: {seen}")
expected = {"day": "a customer's letter", "text": "one word", "answer": "one word"}
assert seen == expected, "changed: this finding is out of date"
PYTHON
