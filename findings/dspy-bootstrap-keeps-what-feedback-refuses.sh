#!/usr/bin/env bash
# DSPy 3.4.1: a metric that explains its score lets BootstrapFewShot keep every wrong answer as a demonstration.
#
# Guess: dspy.Prediction(score=0.0, feedback=...), which GEPA asks of a metric and Evaluate counts as 0, refuses an
# answer in bootstrapping, too, as the number 0.0 does.
# Seen: without metric_threshold, bootstrapping keeps what the result is true for. A Prediction is true by the number
# of its fields, whatever its score. The same metric that returns the number alone leaves no demonstration.
#
# It matters to whoever writes one metric for several optimizers: with MIPROv2 or BootstrapFewShot the prompt then
# teaches the model its own mistakes, and nothing says so. Return the number there, or set metric_threshold.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dspy==3.4.1
cd "$folder"
HOME=$folder "$folder/venv/bin/python" - <<'PYTHON' 2>/dev/null
from importlib.metadata import version

import dspy
from dspy.utils import DummyLM


def number(example, prediction, trace=None):
    return float(example.answer == prediction.answer)


def explained(example, prediction, trace=None):
    return dspy.Prediction(score=number(example, prediction), feedback=f"It is {example.answer}.")


train = [dspy.Example(question=f"{n} + {n}?", answer=str(2 * n)).with_inputs("question") for n in range(1, 5)]
seen = {}
for metric in (number, explained):
    dspy.configure(lm=DummyLM([{"answer": "wrong"}] * 40))
    program = dspy.Predict("question -> answer")
    score = dspy.Evaluate(devset=train, metric=metric, display_progress=False)(program).score
    optimizer = dspy.BootstrapFewShot(metric=metric, max_bootstrapped_demos=4, max_labeled_demos=0)
    demos = optimizer.compile(program, trainset=train).demos
    seen[metric.__name__] = (score, [demo.answer for demo in demos])
print(f"DSPy {version('dspy')}: (score in percent, demonstrations) {seen}")
expected = {"number": (0.0, []), "explained": (0.0, ["wrong"] * 4)}
assert seen == expected, "changed: this finding is out of date"
PYTHON
