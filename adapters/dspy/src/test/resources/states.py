"""Programs of DSPy on CPython, whose states and prompts a test compares with those of Terrarium.

    python states.py save|load FOLDER

``save`` writes PROGRAM.json, a state, and ``load`` reads it; both then run each program and write what DSPy sent to
the language model: PROGRAM-ADAPTER.json.
"""

import datetime
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Optional

import dspy
import pydantic
from dspy.lm15 import Message, Request, Response, TextPart, Usage


class Person(pydantic.BaseModel):
    name: str
    age: int | None = None


class Verdict(dspy.Signature):
    """Judge the text."""

    text: str = dspy.InputField(desc="what to judge")
    limit: Decimal = dspy.InputField()
    day: datetime.date = dspy.InputField()
    author: Person = dspy.InputField()
    mood: Literal["GOOD", "BAD"] = dspy.OutputField()
    tags: list[str] = dspy.OutputField(desc="two words")
    scores: dict[str, float] = dspy.OutputField()
    note: Optional[str] = dspy.OutputField()  # noqa: UP045 - the form that prompts name


class Found(dspy.Signature):
    """Answer the question."""

    question: str = dspy.InputField()
    price: Decimal = dspy.OutputField()


def offer(product: str) -> str:
    """Return the offer of a product."""
    return f"{product}: 2.50"


VERDICT = {"mood": "BAD", "tags": ["dull", "long"], "scores": {"wit": 0.5}, "note": None}
GIVEN = {
    "text": "Rain «again»\n\n“and” again.",
    "limit": Decimal("1.10"),
    "day": datetime.date(2026, 12, 1),
    "author": Person(name="Zoë", age=None),
}
DEMOS = [
    {
        "text": "It’s\nfun \\ \"so\" 😀",
        "limit": "12.50",
        "day": "2024-02-29",
        "author": {"name": "Ann", "age": 7},
        "mood": "GOOD",
        "tags": ["a", "«b»"],
        "scores": {"wit": 1e16, "length": 1},
        "note": "None",
    },
    {"augmented": True, "text": "unfinished", "limit": "1", "mood": "GOOD"},
]
STEPS = [
    {"next_thought": "Look.", "next_tool_name": "offer", "next_tool_args": {"product": "tea"}},
    {"next_thought": "Done.", "next_tool_name": "finish", "next_tool_args": {}},
    {"reasoning": "Found.", "price": 2.5},
]


class Scripted:
    """An engine that answers by a script."""

    def __init__(self, answers: list[str]) -> None:
        self.answers = iter(answers)
        self.requests: list[list[str]] = []

    def complete(self, request: Request) -> Response:
        texts = ["".join(part.text for part in message.parts) for message in request.messages]
        self.requests.append([str(request.system), *texts])
        return Response(
            id=None,
            model=request.model,
            message=Message.assistant([TextPart(text=next(self.answers))]),
            finish_reason="stop",
            usage=Usage(input_tokens=1, output_tokens=1),
        )


def programs() -> dict[str, tuple[dspy.Module, dict[str, Any], list[dict[str, Any]]]]:
    """Return each program with its inputs and the outputs that the language model writes."""
    return {
        "predict": (dspy.Predict(Verdict), GIVEN, [VERDICT]),
        "chain-of-thought": (dspy.ChainOfThought(Verdict), GIVEN, [{"reasoning": "So.", **VERDICT}]),
        "react": (dspy.ReAct(Found, tools=[offer]), {"question": "What is tea?"}, STEPS),
    }


def change(name: str, module: dspy.Module) -> None:
    """Do to a module what an optimizer does."""
    for index, predictor in enumerate(module.predictors()):
        predictor.signature = predictor.signature.with_instructions(f"{predictor.signature.instructions}\nNº {index}.")
        for field in ("tags", "price"):
            if field in predictor.signature.output_fields:
                predictor.signature = predictor.signature.with_updated_fields(field, desc="a “better” one")
        if name != "react":
            predictor.demos = DEMOS
    if name == "react":
        module.react.demos = [{"question": "q", "trajectory": "", **STEPS[0]}]
        module.extract.predict.demos = [{"question": "q", "trajectory": "t", "reasoning": "r", "price": "1.10"}]


def main(command: str, folder: Path) -> None:
    for name, (module, inputs, outputs) in programs().items():
        if command == "save":
            change(name, module)
            module.save(folder / f"{name}.json")
        else:
            module.load(folder / f"{name}.json")
        for adapter in (dspy.JSONAdapter(), dspy.ChatAdapter()):
            written = json.dumps if isinstance(adapter, dspy.JSONAdapter) else sections
            engine = Scripted([written(each) for each in outputs])
            with dspy.context(lm=dspy.LM("test/scripted", engine=engine, cache=False), adapter=adapter):
                module(**inputs)
            kind = type(adapter).__name__.removesuffix("Adapter").lower()
            (folder / f"{name}-{kind}.json").write_text(json.dumps(engine.requests), encoding="utf-8")


def sections(outputs: dict[str, Any]) -> str:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in outputs.items()}
    return "".join(f"[[ ## {name} ## ]]\n{text}\n\n" for name, text in texts.items()) + "[[ ## completed ## ]]"


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
