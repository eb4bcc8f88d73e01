"""Compiled states: what an optimizer made of a module, as DSPy dumps, loads and saves it."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Mapping
from typing import Any

import dspy
from dspy.adapters.utils import serialize_for_json
from dspy.utils.saving import get_dependency_versions

import orjson
from terrarium.bridge import SpecError

logger = logging.getLogger(__name__)

#: Lists whose items are the optimizer's affair.
_EXAMPLES = ("demos", "traces", "train")

#: What DSPy writes where a field has no description.
_NO_DESCRIPTION = re.compile(r"\$\{(\w+)\}")
_INTEGERS = range(-(2**63), 2**64)


def load(module: dspy.Module, state: Any) -> None:
    """Load a state into a module.

    DSPy takes what it finds there and leaves the rest to the first call, so the state is compared with the module's own
    before. Raises SpecError with the place inside a state that does not fit.
    """
    own = module.dump_state()
    if isinstance(state, dict) and "metadata" not in own:  # what module.save() writes beside the state
        state = {key: value for key, value in state.items() if key != "metadata"}
    _check(state, own, "state")
    for name, predictor in module.named_parameters():
        if isinstance(predictor, dspy.Predict):
            at = ("state", state) if name == "self" else (f"state.{name}", state[name])
            _check_order(at[1]["signature"]["fields"], predictor.signature, f"{at[0]}.signature.fields")
    try:
        module.load_state(state)
    except Exception as error:  # what DSPy itself makes of it
        raise SpecError("state", f"DSPy refuses it: {type(error).__name__}: {error}") from error


def _check(state: Any, own: Any, path: str) -> None:
    """Compare with the module's own state: the same keys, as many fields, values of the same types."""
    if isinstance(own, dict):
        _check_dict(state, own, path)
    elif isinstance(own, list):
        _check_fields(state, own, path)
    elif isinstance(own, str) and not isinstance(state, str):
        raise SpecError(path, f"must be a text, got {state!r}")
    elif own is None and state is not None:  # a language model
        raise SpecError(path, "must be None: programs ask the host's language models; name one in the spec's options")


def _check_dict(state: Any, own: dict[str, Any], path: str) -> None:
    if not isinstance(state, dict):
        raise SpecError(path, f"must be a dict, not {type(state).__name__}")
    for key in state:
        if key not in own:
            raise SpecError(path, f"unknown key {key!r}. Known keys: {', '.join(own)}")
    for key, value in own.items():
        if key not in state:
            raise SpecError(path, f"{key!r} is missing")
        if key in _EXAMPLES:
            _check_examples(state[key], f"{path}.{key}")
        else:
            _check(state[key], value, f"{path}.{key}")


def _check_examples(examples: Any, path: str) -> None:
    if not isinstance(examples, list):
        raise SpecError(path, f"must be a list, not {type(examples).__name__}")
    for index, example in enumerate(examples):
        if not isinstance(example, dict):
            raise SpecError(f"{path}[{index}]", f"must be a dict of the signature's fields, got {example!r}")


def _check_fields(fields: Any, own: list[Any], path: str) -> None:
    if not isinstance(fields, list) or len(fields) != len(own):
        raise SpecError(path, f"must be a list of the signature's {len(own)} fields, got {fields!r}")
    for index, (field, its) in enumerate(zip(fields, own, strict=True)):
        _check(field, its, f"{path}[{index}]")


def _check_order(fields: list[Any], signature: type[dspy.Signature], path: str) -> None:
    """Refuse fields of another signature: DSPy would hand their descriptions over by their places in the list."""
    own = signature.dump_state()["fields"]
    prefixes, own_prefixes = ([field["prefix"] for field in each] for each in (fields, own))
    rearranged = prefixes != own_prefixes and sorted(prefixes) == sorted(own_prefixes)
    for index, (name, field, its) in enumerate(zip(signature.fields, fields, own, strict=True)):
        other = _NO_DESCRIPTION.fullmatch(field["description"])
        named_otherwise = other and other[1] != name and field["description"] != its["description"]
        if named_otherwise or (rearranged and field["prefix"] != its["prefix"]):
            raise SpecError(
                f"{path}[{index}]",
                f"is of another signature: this one's fields are {', '.join(signature.fields)}, in this order;"
                f" got {field!r} for {name!r}",
            )


def written(module: dspy.Module) -> str:
    """Return the text of the file that ``module.save("state.json")`` of DSPy writes.

    A value that has no form in JSON is written as prompts show it, such as a decimal. Raises SpecError with the place
    inside the state for a value that Python's DSPy could not read as the same.
    """
    state: dict[str, Any] = _plain(module.dump_state(), "state")
    if "metadata" in state:
        raise SpecError("state", "a part of the program is called 'metadata', which is DSPy's name for the versions")
    state["metadata"] = {"dependency_versions": get_dependency_versions()}
    text: bytes = orjson.dumps(state, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return text.decode()


def read(text: str) -> dict[str, Any]:
    """Return the state of a file's text, and log a warning where another version of DSPy wrote it.

    Raises SpecError for a text that ``module.load("state.json")`` of DSPy would not read.
    """
    try:
        state = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SpecError("state", f"is no JSON document, or not a whole one: {error}") from error
    if not isinstance(state, dict):
        raise SpecError("state", f"must be an object, as module.save() of DSPy writes it, not {type(state).__name__}")
    metadata = state.pop("metadata", None)
    versions = metadata.get("dependency_versions") if isinstance(metadata, dict) else None
    if not isinstance(versions, dict) or not isinstance(versions.get("dspy"), str):
        raise SpecError(
            "state.metadata.dependency_versions.dspy", "is missing: module.save() of DSPy writes its version there"
        )
    if versions["dspy"] != dspy.__version__:
        logger.warning(
            "A state was saved with dspy==%s and is loaded by dspy==%s, whose prompts may differ",
            versions["dspy"],
            dspy.__version__,
        )
    return state


def _plain(value: Any, path: str) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, dspy.Example):
        value = value.toDict()
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, str):
        return _checked(value, path)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if value not in _INTEGERS:
            raise SpecError(path, f"{value} has more than 64 bits, and DSPy would read it as a float")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise SpecError(path, f"{value} has no form in JSON")
        return value
    shown = serialize_for_json(value)
    if type(shown) is type(value):
        raise SpecError(path, f"{type(value).__name__} has no form in JSON")
    return _plain(shown, path)


def _checked(text: str, path: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SpecError(path, "has half a pair of surrogates, which has no form in JSON") from error
    return text
