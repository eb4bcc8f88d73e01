"""Examples, as DSPy's optimizers and metrics take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dspy

from terrarium.bridge import ArgumentError

from ._runtime import reader_of

if TYPE_CHECKING:
    from ._runtime import Program


def examples_of(program: Program, rows: list[Any], part: str, command: str = "optimize") -> list[dspy.Example]:
    """Return examples of ``{"inputs": {...}, "expected": {...}}`` in the types of the signature.

    Raises ArgumentError with the number of the example and the field.
    """
    examples = []
    readers = {name: reader_of(field) for name, field in program.outputs.items()}
    for number, row in enumerate(rows):
        at = f"{part}[{number}]"
        try:
            inputs = program.arguments(at, row["inputs"])
        except ArgumentError as error:
            raise ArgumentError(command, f"example {error}") from error
        expected = row["expected"]
        missing = [name for name in program.outputs if name not in expected and name != "reasoning"]
        unknown = [name for name in expected if name not in program.outputs]
        if missing or unknown:
            names = ArgumentError.of_names(
                at, missing=missing, unknown=unknown, accepted=program.outputs, what="expected output"
            )
            raise ArgumentError(command, f"example {names}")
        outputs = {name: _read(readers, name, value, at, command) for name, value in expected.items()}
        examples.append(dspy.Example(**inputs, **outputs).with_inputs(*inputs))
    return examples


def _read(readers: dict[str, Callable[[Any], Any]], name: str, value: Any, at: str, command: str) -> Any:
    try:
        return readers[name](value) if name in readers else value
    except ValueError as error:
        raise ArgumentError(command, f"example {at}: expected output {name!r}: {error}") from error
