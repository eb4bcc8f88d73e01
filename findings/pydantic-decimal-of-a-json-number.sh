#!/usr/bin/env bash
# pydantic 2.14.3 reads a JSON number into a Decimal by way of a double.
#
# Guess: TypeAdapter(Decimal).validate_json keeps the digits of 1234567890123456.78, since a Decimal can hold them and
# the parser has the text.
# Seen: Decimal('1234567890123456.8'); the same number as a JSON string, and a Decimal that json.loads made of it with
# parse_float=Decimal, keep all digits.
#
# It matters to whoever sends a BigDecimal from Java to Python: Jackson writes it as a JSON number with all of its
# digits, and the amount that a pydantic model then holds is another one. Write it as a string, or read the text with
# parse_float=Decimal first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pydantic==2.14.3
"$folder/venv/bin/python" - <<'PYTHON'
import json
from decimal import Decimal

from pydantic import TypeAdapter, VERSION

number = "1234567890123456.78"
adapter = TypeAdapter(Decimal)
of_number = adapter.validate_json(number)
of_string = adapter.validate_json(f'"{number}"')
of_object = adapter.validate_python(json.loads(number, parse_float=Decimal))
print(f"pydantic {VERSION}")
print(f"JSON number: {of_number!r}; JSON string: {of_string!r}; json.loads with parse_float: {of_object!r}")
assert of_number == Decimal("1234567890123456.8"), "the digits are kept now: this finding is out of date"
assert of_string == of_object == Decimal(number)
PYTHON
