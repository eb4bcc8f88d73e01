#!/usr/bin/env bash
# DSPy 3.4.1: module.save("state.json") empties the file first, so a save that fails loses the state that was saved.
#
# Guess: a save that raises leaves the earlier file as it was, or writes nothing.
# Seen: the file has 0 bytes afterwards. A demonstration with a Decimal is enough, although DSPy put it there itself
# (an answer of a Decimal field that BootstrapFewShot kept): orjson has no form for it, and the file is open already.
#
# It matters to whoever saves a better program over the good one in a loop or a job: the good one is gone. Save to a
# new file and rename it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dspy==3.4.1
cd "$folder"
HOME=$folder "$folder/venv/bin/python" - <<'PYTHON'
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import dspy

program = dspy.Predict("product -> price")
state = Path("state.json")
program.save(state)
before = state.stat().st_size
program.demos = [dspy.Example(product="tea", price=Decimal("2.50"))]
try:
    program.save(state)
except RuntimeError as error:
    print(error)
print(f"DSPy {version('dspy')}: {before} bytes before, {state.stat().st_size} after")
assert before > 0 and state.stat().st_size == 0, "changed: this finding is out of date"
PYTHON
