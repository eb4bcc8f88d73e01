"""Compiled states: what an optimizer made of a module, as DSPy dumps and loads it."""

from __future__ import annotations

from typing import Any

import dspy

from terrarium.bridge import SpecError

#: Lists whose items are the optimizer's affair.
_EXAMPLES = ("demos", "traces", "train")


def load(module: dspy.Module, state: Any) -> None:
    """Load a state into a module.

    DSPy takes what it finds there and leaves the rest to the first call, so the state is compared with the module's own
    before. Raises SpecError with the place inside a state that does not fit.
    """
    own = module.dump_state()
    if isinstance(state, dict) and "metadata" not in own:  # what module.save() writes beside the state
        state = {key: value for key, value in state.items() if key != "metadata"}
    _check(state, own, "state")
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
