#!/usr/bin/env bash
# DSPy 3.4.1: dspy.majority counts the texts -5 and 5, 1.5 and 15, C++ and C as one answer, and returns a minority.
#
# Guess: the answer that most completions have wins, with case and blanks evened out at most.
# Seen: completions are compared after default_normalize, which drops all punctuation, so signs, decimal points and
# operators too. Of "-5", "5", "7", "7" the result is -5, which one completion has and 7 has two of. A last field that
# is a number, whose sign would count, raises a TypeError instead.
#
# It matters to whoever takes the majority of several answers to be surer of sums, versions or names of languages, by
# dspy.Ensemble, too. Pass normalize=str.strip, or count the values themselves.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dspy==3.4.1
cd "$folder"
HOME=$folder "$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import dspy


def majority(answers, **options):
    return dspy.majority([dspy.Prediction(answer=each) for each in answers], **options).answer


votes = [["-5", "5", "7", "7"], ["1.5", "15", "3", "3"], ["C++", "C", "Java", "Java"]]
seen = [majority(answers) for answers in votes]
stripped = [majority(answers, normalize=str.strip) for answers in votes]
try:
    numbers = majority([4, 4, 5])
except TypeError as error:
    numbers = type(error).__name__
print(f"DSPy {version('dspy')}: {seen}, with normalize=str.strip {stripped}, of numbers {numbers}")
assert seen == ["-5", "1.5", "C++"], "changed: this finding is out of date"
assert stripped == ["7", "3", "Java"], "changed: this finding is out of date"
assert numbers == "TypeError", "changed: this finding is out of date"
PYTHON
