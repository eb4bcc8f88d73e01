#!/usr/bin/env bash
# pydantic 2.14.3: a dict whose keys are members of an Enum of integers is written as JSON that pydantic refuses to read.
#
# Guess: what dump_json writes validate_json reads, as for dict[int, int], whose keys are texts in JSON as well.
# Seen: dict[int, int] comes back; dict[Level, int] is written {"1":2} and refused, because the key "1" is not the
# integer 1. Keys of an Enum of texts come back. None as a key, written "None", and tuples, written "1,2", are refused
# too.
#
# It matters to whoever stores a model's JSON in Java, or sends it back to Python: the same text is valid on the way
# out and invalid on the way in. Give such an Enum texts as values, or send a list of pairs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pydantic==2.14.3
"$folder/venv/bin/python" - <<'PYTHON'
from enum import Enum

import pydantic
from pydantic import TypeAdapter, ValidationError


class Level(Enum):
    LOW = 1


class Word(Enum):
    LOW = "low"


def back(kind, value):
    adapter = TypeAdapter(dict[kind, int])
    text = adapter.dump_json({value: 2})
    try:
        return text.decode(), adapter.validate_json(text) == {value: 2}
    except ValidationError:
        return text.decode(), "refused"


print(f"pydantic {pydantic.VERSION}")
cases = [(int, 1), (Word, Word.LOW), (Level, Level.LOW), (None, None), (tuple[int, int], (1, 2))]
seen = [back(*case) for case in cases]
for (kind, _), (text, result) in zip(cases, seen, strict=True):
    print(f"{kind!s:20} {text:12} {result}")
assert [result for _, result in seen] == [True, True, "refused", "refused", "refused"], "changed: out of date"
PYTHON
