#!/usr/bin/env bash
# DSPy 3.4.1: a streamed field ends with DSPy's own mark `[[ ## completed ## ]]` when the model's pieces are small.
#
# Guess: the chunks of a StreamListener, joined, are the field's text, however the language model cuts its answer.
# Seen: with pieces of words, the chunks of ChatAdapter's answer are its text. With each word, blank and punctuation
# mark a piece of its own, as models with small tokens send them, parts of the marks around the field come along.
#
# It matters to whoever shows a streamed answer to people, or stores what was streamed: compare it with the field of the
# prediction at the end.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dspy==3.4.1
cd "$folder"
HOME=$folder "$folder/venv/bin/python" - <<'PYTHON'
import dataclasses
import re
from importlib.metadata import version

import dspy
from dspy.lm15 import Message, Response, TextPart, Usage, response_to_events

ANSWER = "[[ ## answer ## ]]\nIn Assam.\n\n[[ ## completed ## ]]"


class Engine:
    """A language model that gives one answer, in pieces."""

    def __init__(self, pieces):
        self.pieces = pieces

    def complete(self, request):
        return Response(
            id=None,
            model=request.model,
            message=Message.assistant([TextPart(text=ANSWER)]),
            finish_reason="stop",
            usage=Usage(input_tokens=1, output_tokens=1),
        )

    def stream(self, request):
        for event in response_to_events(self.complete(request)):
            if text := getattr(getattr(event, "delta", None), "text", None):
                for piece in re.findall(self.pieces, text):
                    yield dataclasses.replace(event, delta=dataclasses.replace(event.delta, text=piece))
            else:
                yield event


def streamed(pieces):
    lm = dspy.LM("test/scripted", engine=Engine(pieces), cache=False)
    listener = dspy.streaming.StreamListener(signature_field_name="answer")
    with dspy.context(lm=lm, adapter=dspy.ChatAdapter()):
        stream = dspy.streamify(
            dspy.Predict("question -> answer"), stream_listeners=[listener], async_streaming=False
        )
        text, field = "", None
        for chunk in stream(question="Where does tea grow?"):
            if isinstance(chunk, dspy.streaming.StreamResponse):
                text += chunk.chunk
            elif isinstance(chunk, dspy.Prediction):
                field = chunk.answer
    return text, field


words, marks = streamed(r"\s*\S+"), streamed(r"\w+|\W")
print(f"DSPy {version('dspy')}, pieces of words: {words[0]!r}, and the field is {words[1]!r}")
print(f"DSPy {version('dspy')}, small pieces: {marks[0]!r}, and the field is {marks[1]!r}")
assert words == ("In Assam.", "In Assam."), "changed: this finding is out of date"
assert marks == ("In Assam.\n\n[[ ## completed ## ]]", "In Assam."), "changed: this finding is out of date"
PYTHON
