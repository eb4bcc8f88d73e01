"""Frozen programs: plans by which the host asks the language model and reads its answer without Python.

A plan is made of what DSPy itself prints for marks in place of the inputs, and refused where the host's rules for
inserting values and for reading answers would not be DSPy's own.
"""

from __future__ import annotations

import datetime
import json
import random
import re
import secrets
import types
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin

import dspy
import pydantic

from terrarium.bridge import ArgumentError

from . import _signatures
from ._adapters import HostChatAdapter, SchemaJsonAdapter
from ._runtime import Program, Runtime

#: The version whose rules the host knows.
KNOWN = "3.4.1"

#: How many random runs show that a plan is exact.
PROOFS = 12

_SIMPLE: dict[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    datetime.date: "date",
    datetime.datetime: "datetime",
}

#: The forms of answers; the chat adapter is the base of the others.
_FORMS = {dspy.XMLAdapter: "xml", dspy.JSONAdapter: "json", dspy.ChatAdapter: "chat"}

_ARGUMENTS = dict[str, Any]

#: What texts are made of: all that may be escaped, stripped, split at or taken for something else.
_PIECES = (
    *("a", "Zoë", "日本", "😀", " ", "\n", "\r\n", "\t", "\x0b", "\x1c", "\x85", "\u2028", "\xa0", "\x7f", "\x01"),
    *('"', "'", "\\", "\\n", "{", "}", "[", "]", ",", ":", "«", "»", "<", "&", "0", "-1.5", "true", "None", "null"),
    *("[[ ## answer ## ]]", "[[ ## ", " ## ]]", "```json"),
)
_NUMBERS = (0.0, -0.0, 1.0, -2.5, 0.1, 1e15, 1e16, 123456789012345680.0, 1e-4, 1e-5, 1.7976931348623157e308, 3e-300)


def plan(
    runtime: Runtime, program: Program, options: dict[str, Any], cache: bool, proofs: int = PROOFS
) -> dict[str, Any]:
    """Return a program's plan, with as many proofs; see ``DspyBridge.freeze_program``.

    Raises ArgumentError with the name of what cannot be frozen exactly.
    """
    adapter = runtime.adapter(options["adapter"])
    check(program, adapter, cache)
    module = program.module
    if type(module) not in (dspy.Predict, dspy.ChainOfThought):
        raise refused(f"the module {type(module).__name__}")
    predictor: dspy.Predict = module.predictors()[0]
    check_predictor(predictor)
    signature = predictor.signature
    if list(program.inputs) != list(signature.input_fields):
        raise refused(f"the inputs {', '.join(program.inputs)}, which are not those of the predictor")
    inputs, outputs = fields_of(signature)
    values = Values()

    def run(arguments: dict[str, Any]) -> tuple[dict[str, Any], str, dict[str, Any] | None]:
        answer = answer_of(adapter, signature, {each["name"]: values.of(each["type"]) for each in outputs})
        asked: list[dict[str, Any]] = []

        def known(request: dict[str, Any]) -> dict[str, Any]:
            asked.append(request)
            return {"text": answer}

        try:
            read = runtime.run(program, arguments, options, cache, known=known).outputs
        except dspy.AdapterParseError:
            read = None
        return asked[0], answer, read if len(asked) == 1 else None

    marks = marks_of(inputs)
    with dspy.context(warn_on_type_mismatch=False):
        request, _, _ = run(marks)
    shown = []
    for _ in range(proofs):
        given = {each["name"]: values.of(each["type"]) for each in inputs}
        asked, answer, read = run(program.arguments("freeze_program", given))
        if _rest(asked) != _rest(request):
            raise refused("the adapter, since what it asks for depends on the inputs")
        shown.append({"inputs": given, "messages": asked["messages"], "answer": answer, "outputs": read})
    return {"kind": "predict", **plan_of(adapter, signature, request, marks), "proofs": shown}


def plan_of(
    adapter: Any, signature: Any, request: dict[str, Any], marks: dict[str, str], asker: str | None = None
) -> dict[str, Any]:
    """Return the plan of a predictor, of its request for marks in place of its inputs."""
    inputs, outputs = fields_of(signature)
    form = next(name for adapter_type, name in _FORMS.items() if isinstance(adapter, adapter_type))
    plan: dict[str, Any] = {
        "dspy": dspy.__version__,
        "form": form,
        "request": {
            **request,
            "messages": [_skeleton(message, list(marks.values())) for message in request["messages"]],
        },
        "inputs": inputs,
        "outputs": outputs,
        "asker": asker,
    }
    if form == "xml":
        plan["schemas"] = {
            name: pydantic.TypeAdapter(field.annotation).json_schema(by_alias=False)
            for name, field in signature.output_fields.items()
        }
    return plan


def fields_of(signature: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the inputs and the outputs of a signature as a plan has them."""
    inputs = [_field(name, field, "input") for name, field in signature.input_fields.items()]
    return inputs, [_field(name, field, "output") for name, field in signature.output_fields.items()]


def marks_of(inputs: list[dict[str, Any]]) -> dict[str, str]:
    """Return a mark for each input."""
    return {each["name"]: f"<terrarium-{secrets.token_hex(8)}-{index}>" for index, each in enumerate(inputs)}


def refused(what: str) -> ArgumentError:
    """Return the error that names what cannot be frozen."""
    return ArgumentError("freeze_program", f"cannot be frozen exactly: {what}. Call the program as it is.")


def check(program: Program, adapter: Any, cache: bool) -> None:
    """Raise ArgumentError for settings under which no plan is exact."""
    if dspy.__version__ != KNOWN:
        raise refused(f"DSPy {dspy.__version__}, since the rules that are known are those of {KNOWN}")
    if type(adapter) not in (SchemaJsonAdapter, HostChatAdapter) and type(adapter).__name__ != "HostXmlAdapter":
        raise refused(f"the adapter {type(adapter).__name__}")
    called = (dspy.settings, *(module for _, module in program.module.named_sub_modules()), adapter)
    callbacks = [callback for each in called for callback in getattr(each, "callbacks", None) or ()]
    if any(not getattr(callback, "of_terrarium", False) for callback in callbacks):
        raise refused("callbacks")
    if cache:
        raise refused("cache, since answers that are kept are kept in Python")


def check_predictor(predictor: dspy.Predict, config: tuple[str, ...] = ()) -> None:
    """Raise ArgumentError for what a predictor has of its own, beyond the ``config`` that is known."""
    if predictor.config.keys() - set(config) or predictor.fields or predictor.lm:
        raise refused("what the predictor has of its own (config, fields or lm)")
    if "prediction" in predictor.signature.input_fields:
        raise refused("input 'prediction', which DSPy may take for an option")


def _field(name: str, field: Any, what: str) -> dict[str, Any]:
    if not field.is_required():
        raise refused(f"{what} {name!r}, since it has a default")
    return {"name": name, "type": _type(field.annotation, f"{what} {name!r}")}


def _type(annotation: Any, path: str) -> dict[str, Any]:
    """Return an annotation in the type language."""
    if annotation in _SIMPLE:
        return {"type": _SIMPLE[annotation]}
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal and all(type(value) is str for value in arguments):
        return {"type": "enum", "values": list(arguments)}
    if origin is list and arguments:
        return {"type": "list", "items": _type(arguments[0], path)}
    if annotation == _ARGUMENTS:  # such as those of a tool
        return {"type": "map", "values": {"type": "any"}}
    if origin is dict and arguments and arguments[0] is str:
        return {"type": "map", "values": _type(arguments[1], path)}
    if origin in (Union, types.UnionType) and len(arguments) == 2 and type(None) in arguments:
        return {"type": "optional", "of": _type(next(each for each in arguments if each is not type(None)), path)}
    if isinstance(annotation, type) and annotation.__module__ == _signatures.__name__:
        return {"type": "record", "fields": _fields(annotation, path)}
    name = annotation.__name__ if origin is None and isinstance(annotation, type) else str(annotation)
    raise refused(f"{path}, since it is of the type {name}")


def _fields(model: type[pydantic.BaseModel], path: str) -> list[dict[str, Any]]:
    """Return the fields of a model that the type language made: no aliases, no validators, no default but None."""
    fields = []
    for name, field in model.model_fields.items():
        of_field = _type(field.annotation, f"{path}, field {name!r}")
        if of_field["type"] != "optional" and not field.is_required():
            raise refused(f"{path}, field {name!r}, since it has a default")
        fields.append({"name": name, "type": of_field})
    return fields


def _skeleton(message: dict[str, str], marks: list[str]) -> dict[str, Any]:
    pattern = "(" + "|".join(map(re.escape, marks)) + ")"
    parts = re.split(pattern, message["content"]) if marks else [message["content"]]
    return {"role": message["role"], "content": [marks.index(part) if part in marks else part for part in parts]}


def _rest(request: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name != "messages"}


def answer_of(adapter: Any, signature: Any, outputs: dict[str, Any]) -> str:
    """Return an answer as a language model writes it that keeps to the adapter's form."""
    if isinstance(adapter, dspy.JSONAdapter):
        return json.dumps(outputs, ensure_ascii=False, default=lambda value: value.isoformat())
    text: str = adapter.format_assistant_message_content(signature, outputs)
    return text


class Values:
    """Random values of types; the same in every run."""

    def __init__(self) -> None:
        self.random = random.Random(7)  # noqa: S311 - no secrets
        self._makers: dict[str, Callable[[dict[str, Any]], Any]] = {
            "string": lambda _: self.text(),
            "integer": lambda _: self.random.choice((0, -1, 7, self.random.randint(-(2**63), 2**63 - 1))),
            "number": lambda _: self.random.choice((*_NUMBERS, self.random.uniform(-1, 1), self.random.gauss(0, 1e6))),
            "boolean": lambda _: self.random.random() < 0.5,
            "date": lambda _: self._time().date(),
            "datetime": lambda _: self._time(),
            "any": lambda _: self.plain(),
            "enum": lambda spec: self.random.choice(spec["values"]),
            "list": lambda spec: [self.of(spec["items"]) for _ in range(self.random.randint(0, 3))],
            "map": lambda spec: {self.text(): self.of(spec["values"]) for _ in range(self.random.randint(0, 3))},
            "optional": lambda spec: self.random.choice((None, self.of(spec["of"]))),
            "record": lambda spec: {field["name"]: self.of(field["type"]) for field in spec["fields"]},
        }

    def of(self, spec: dict[str, Any]) -> Any:
        """Return a value of a type."""
        return self._makers[spec["type"]](spec)

    def plain(self) -> Any:
        """Return a value of any type that JSON has."""
        kind = self.random.choice(("string", "integer", "number", "boolean", "none", "list", "map"))
        nested = {"type": "string"}
        specs = {"list": {"items": nested}, "map": {"values": nested}}
        return None if kind == "none" else self.of({"type": kind, **specs.get(kind, {})})

    def _time(self) -> datetime.datetime:
        micros = self.random.choice((0, 1, 120_000, 999_999))
        return datetime.datetime.min + datetime.timedelta(
            days=self.random.randrange(3_652_059), seconds=self.random.randrange(86_400), microseconds=micros
        )

    def text(self) -> str:
        """Return a text of up to six pieces."""
        return "".join(self.random.choices(_PIECES, k=self.random.randint(0, 6)))
