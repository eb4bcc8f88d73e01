"""How DSPy on CPython reads odd answers, and the public names of ``dspy``.

    python readings.py answers < ROWS > READINGS
    python readings.py names
    python readings.py calls FOLDER

``ROWS`` is a JSON list of ``[signature, adapter, answer]``. Of each row the list ``READINGS`` has the outputs as
``shown`` writes them, or ``refused``. ``calls`` does what the table of calls in docs/compatibility.md is about.
"""

import datetime
import enum
import inspect
import json
import logging
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage

ADAPTERS = {
    "json": dspy.JSONAdapter(),
    "chat": dspy.ChatAdapter(use_json_adapter_fallback=False),
    "xml": dspy.XMLAdapter(use_json_adapter_fallback=False),
}


TYPES = {"Decimal": Decimal, "date": datetime.date, "datetime": datetime.datetime}


class Answering:
    """An engine that has one answer."""

    supports_response_schema = True
    supported_params = frozenset({"response_format"})

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def complete(self, request: Request) -> Response:
        return Response(
            id=None,
            model=request.model,
            message=Message.assistant([TextPart(text=self.answer)]),
            finish_reason="stop",
            usage=Usage(input_tokens=1, output_tokens=1),
        )


def reading(signature: str, adapter: str, answer: str) -> str:
    program = dspy.Predict(dspy.Signature(signature, custom_types=TYPES))
    try:
        outputs = asked(program, adapter, answer)
    except dspy.AdapterParseError:
        return "refused"
    return ", ".join(shown(outputs[name]) for name in program.signature.output_fields)


def shown(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{shown(key)}: {shown(item)}" for key, item in value.items()) + "}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def names() -> dict[str, str]:
    """Return what a name of ``dspy`` is, for those that are no modules and no underscored ones."""
    return {
        name: "module" if inspect.ismodule(value) else "class" if inspect.isclass(value) else "value"
        for name, value in ((name, getattr(dspy, name)) for name in dir(dspy) if not name.startswith("_"))
    }


class Grade(enum.Enum):
    GOOD = 1
    BAD = 2


def calls(folder: Path) -> dict[str, Any]:
    """Return what each call gave: the name of an exception, or the fact that the table states."""
    predict = dspy.Predict("price -> cost")
    predict.save(folder / "lost.json")
    before = (folder / "lost.json").stat().st_size
    predict.demos = [{"price": Decimal("1.10")}]
    other = dspy.Predict("question -> answer")
    dspy.Predict("price -> cost").save(folder / "other.json")
    other.load(folder / "other.json")
    (folder / "plain.json").write_text(json.dumps(other.dump_state()), encoding="utf-8")
    step = '{"next_thought": "", "next_tool_name": "ad", "next_tool_args": {}}'
    arguments = '{"next_thought": "", "next_tool_name": "len", "next_tool_args": [1]}'
    grade = dspy.Predict(dspy.Signature("question -> x: Grade", custom_types={"Grade": Grade}))
    agent = dspy.ReAct("question -> answer", tools=[len])
    with dspy.track_usage() as outer:
        asked(other, "json", '{"answer": "a"}')
        with dspy.track_usage() as inner:
            asked(other, "json", '{"answer": "a"}')
    return {
        "unknown tool": raised(lambda: asked(agent, "json", step)),
        "arguments that are no object": raised(lambda: asked(agent, "json", arguments)),
        "saving": raised(lambda: predict.save(folder / "lost.json")),
        "bytes": [before > 0, (folder / "lost.json").stat().st_size],
        "description": other.signature.fields["question"].json_schema_extra["desc"],
        "no version": raised(lambda: other.load(folder / "plain.json")),
        "value of an enum": raised(lambda: asked(grade, "chat", "[[ ## x ## ]]\n1")),
        "name of an enum": asked(grade, "chat", "[[ ## x ## ]]\nGOOD").x.name,
        "usage": [usage.get_total_tokens()["test/answering"]["prompt_tokens"] for usage in (outer, inner)],
    }


def asked(program: dspy.Module, adapter: str, answer: str) -> Any:
    lm = dspy.LM("test/answering", engine=Answering(answer), cache=False)
    with dspy.context(lm=lm, adapter=ADAPTERS[adapter]):
        return program(question="?")


def raised(call: Callable[[], object]) -> str:
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "nothing"


if __name__ == "__main__":
    logging.disable()
    if sys.argv[1] == "names":
        print(json.dumps(names()))
    elif sys.argv[1] == "calls":
        print(json.dumps(calls(Path(sys.argv[2]))))
    else:
        print(json.dumps([reading(*row) for row in json.load(sys.stdin)], ensure_ascii=False))
