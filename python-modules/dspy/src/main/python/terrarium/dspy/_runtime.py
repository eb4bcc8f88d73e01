"""What runs once DSPy is imported: language models, adapters and programs."""

from __future__ import annotations

import datetime
import decimal
import enum
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import dspy
import pydantic
import pydantic_core
from dspy.adapters.utils import annotation_allows_none
from dspy.clients.cache import Cache
from dspy.utils.constants import IS_TYPE_UNDEFINED

from terrarium.bridge import ArgumentError, SpecError, times, tools
from terrarium.bridge.exchanges import Exchange

from . import _adapters, _cache_use, _kept, _options, _react, _signatures, _state, _times
from ._fields import FieldWatch
from ._model import HostEngine, HostModel, Known, recording
from ._schema import output_schema
from ._signatures import is_text, shadowing_allowed, signature_of

logger = logging.getLogger(__name__)

REACT = "react"
KINDS = ("predict", "chain_of_thought", REACT)

_CACHED_ANSWERS = 1000
_PLAIN = (decimal.Decimal, datetime.date, datetime.time, datetime.timedelta)
_MODULES: dict[str, Callable[..., dspy.Module]] = {
    "predict": dspy.Predict,
    "chain_of_thought": dspy.ChainOfThought,
}


class Program:
    """A DSPy module made from a spec, with what it takes to check inputs and to read outputs."""

    def __init__(self, spec: dict[str, Any]) -> None:
        """Build the module.

        Raises SpecError with the place inside the spec.
        """
        if not isinstance(spec, dict):
            raise SpecError("spec", f"must be a dict, not {type(spec).__name__}")
        kind = spec.get("kind")
        known = ("kind", "signature", "options", *(("tools",) if kind == REACT else ()))
        for key in spec.keys() - set(known):
            raise SpecError("spec", f"unknown key {key!r}. Known keys: {', '.join(known)}")
        if kind not in KINDS:
            raise SpecError("spec.kind", f"must be one of {', '.join(KINDS)}, got {kind!r}")
        self.options = _options.checked(spec.get("options"), "spec.options")
        signature = signature_of(spec.get("signature"), "spec.signature")
        if kind == "chain_of_thought" and "reasoning" in signature.input_fields:
            raise SpecError("spec.signature", "a chain of thought writes 'reasoning' itself; name that input otherwise")
        # The type language knows local times only; a string signature gets what the model wrote.
        self.local_times = not isinstance(spec["signature"], str)
        self.inputs = {name: reader_of(field) for name, field in signature.input_fields.items()}
        self.optional = {
            name for name, field in signature.input_fields.items() if annotation_allows_none(field.annotation)
        }
        self.tools: list[tools.Definition] = []
        if kind == REACT:
            _react.check(signature, "spec.signature")
            self.tools = tools.definitions(spec.get("tools"), reserved=(_react.FINISH,))
        with shadowing_allowed():
            self.module = _react.module_of(signature, self.tools) if self.tools else _MODULES[kind](signature)
        outputs = self.module.predictors()[-1].signature.output_fields  # of dspy.ReAct, the one that ends it
        self.outputs = list(outputs)
        self.texts = [name for name, field in outputs.items() if is_text(field.annotation)]

    def load_state(self, state: Any) -> None:
        """Bring the module, which was just built, into a state that :meth:`dump_state` returned.

        Raises SpecError with the place inside a state that does not fit.
        """
        _state.load(self.module, state)

    def dump_state(self) -> dict[str, Any]:
        """Return the module's state as plain data."""
        state: dict[str, Any] = self.module.dump_state()
        return state

    def arguments(self, command: str, inputs: Any) -> dict[str, Any]:
        """Return the inputs as the types of the signature.

        Raises ArgumentError that names wrong and right input names, or the place of a wrong value.
        """
        if not isinstance(inputs, dict):
            raise ArgumentError(command, f"inputs must be a dict, not {type(inputs).__name__}", accepted=self.inputs)
        missing = [name for name in self.inputs if name not in inputs and name not in self.optional]
        unknown = [str(name) for name in inputs if name not in self.inputs]
        if missing or unknown:
            raise ArgumentError.of_names(command, missing=missing, unknown=unknown, accepted=self.inputs, what="input")
        arguments: dict[str, Any] = {}
        for name, read in self.inputs.items():
            try:
                arguments[name] = read(inputs.get(name))
            except pydantic.ValidationError as error:
                raise ArgumentError(command, _validation_message(name, error), accepted=self.inputs) from error
        return arguments

    def plain(self, prediction: dspy.Prediction) -> dict[str, Any]:
        """Return the outputs of a prediction as plain data."""
        return {name: plain(prediction[name], self.local_times) for name in self.outputs}

    def steps(self, prediction: dspy.Prediction) -> list[dict[str, Any]]:
        """Return the steps that led to a prediction, as plain data; without tools there are none."""
        if not self.tools:
            return []
        steps: list[dict[str, Any]] = plain(_react.steps_of(prediction.trajectory), local_times=False)
        return steps


class Run(NamedTuple):
    """What a call of a program gave: the outputs, what went to the language model and back, and the steps to them."""

    outputs: dict[str, Any]
    exchanges: list[Exchange]
    steps: list[dict[str, Any]]


class Runtime:
    """DSPy set up for one context: no response cache, nothing on disk, the host's models.

    Thread-safe. DSPy's global settings are left alone; every call has its own.
    """

    def __init__(self) -> None:
        """Turn DSPy's caches off, before the first of them is made."""
        dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
        _times.install()
        _kept.install()
        _adapters.install()
        _cache_use.install()
        self._caching = False
        self._adapters: dict[str, dspy.Adapter] = {}
        self._models: dict[tuple[str | None, bool], dspy.LM] = {}

    def run(
        self,
        program: Program,
        arguments: dict[str, Any],
        options: dict[str, Any],
        cache: bool,
        emit: Callable[[object], object] | None = None,
        known: Known | None = None,
        **more: Any,
    ) -> Run:
        """Call a program.

        ``emit`` gets the pieces of the outputs, as ``DspyBridge.stream`` says, while the language model writes. Only
        what ``known`` does not answer goes to the language model. ``more`` are further arguments of the module.
        """
        generation = {name: options[name] for name in _options.GENERATION if name in options}
        watch = None if emit is None else FieldWatch(program.outputs, program.texts, emit)
        with (
            recording(watch, known) as exchanges,
            dspy.settings.context(
                lm=self._model(options.get("model"), cache),
                adapter=self.adapter(options["adapter"]),
                disable_history=True,
                trace=None,
            ),
        ):
            prediction = program.module(**arguments, config=generation, **more)
        if exchanges and exchanges[-1].response.get("finish_reason") == "length":
            logger.warning("a text was cut off at the limit of tokens, max_tokens=%s", options.get("max_tokens"))
        outputs = program.plain(prediction)
        if watch is not None and (changed := watch.complete(outputs)):
            raise dspy.AdapterParseError(
                options["adapter"],
                program.module.predictors()[0].signature,
                exchanges[-1].response["text"],
                f"Field {changed} was streamed otherwise than the answer could be read in the end.",
            )
        return Run(outputs, exchanges, program.steps(prediction))

    def lm(self, options: dict[str, Any], cache: bool) -> dspy.LM:
        """Return a language model of its own that generates by options, for code that calls modules without any."""
        generation = {name: options[name] for name in _options.GENERATION if name in options}
        return self._model(options.get("model"), cache).copy(**generation)

    def settings(self, options: dict[str, Any]) -> Any:
        """Return a context in which modules are called that have no call of their own."""
        return dspy.settings.context(adapter=self.adapter(options["adapter"]), disable_history=True, trace=None)

    def close(self) -> None:
        """Drop what all programs share."""
        _cache_use.remove()
        _adapters.remove()
        _kept.remove()
        _times.remove()
        _signatures.forget()
        output_schema.cache_clear()

    def adapter(self, name: str) -> dspy.Adapter:
        """Return the adapter of that name, which all programs share."""
        adapter = self._adapters.get(name)
        if adapter is None:
            adapter = self._adapters[name] = _adapters.adapter_of(name)
        return adapter

    def _model(self, name: str | None, cache: bool) -> dspy.LM:
        if cache and not self._caching:
            dspy.cache = _WholeAnswers(False, True, None, memory_max_entries=_CACHED_ANSWERS)
            self._caching = True
        model = self._models.get((name, cache))
        if model is None:
            # The name that DSPy sees is one that no provider's rules apply to; it tells cached answers apart.
            seen = "terrarium/default" if name is None else f"terrarium/named/{name}"
            model = HostModel(seen, engine=HostEngine(name), num_retries=0)
            model._cache_responses = cache  # the host's cache is the host's matter
            self._models[name, cache] = model
        return model


class _WholeAnswers(Cache):
    """DSPy's cache of answers, without those that were cut off: they would no longer be known as such."""

    def put(self, request: dict[str, Any], value: Any, *args: Any, **kwargs: Any) -> None:
        """Keep what is no answer that was cut off."""
        responses = value.get("responses", ()) if isinstance(value, dict) else ()
        if not any(response.get("finish_reason") == "length" for response in responses):
            super().put(request, value, *args, **kwargs)


def reader_of(field: Any) -> Callable[[Any], Any]:
    """Return what turns an input into its declared type; one without a type is left as it is."""
    if field.json_schema_extra.get(IS_TYPE_UNDEFINED):
        return _unchanged
    return times.reader(pydantic.TypeAdapter(field.annotation))


def _unchanged(value: Any) -> Any:
    return value


def _validation_message(name: str, error: pydantic.ValidationError) -> str:
    faults = []
    for fault in error.errors(include_url=False):
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"])
        faults.append(f"input {name + path!r}: {fault['msg']}, got {fault['input']!r}")
    return "; ".join(faults)


def plain(value: Any, local_times: bool = False) -> Any:
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, pydantic.BaseModel):
        return {name: plain(getattr(value, name), local_times) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {str(key): plain(item, local_times) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, local_times) for item in value]
    if isinstance(value, enum.Enum):
        return plain(value.value, local_times)
    if isinstance(value, datetime.datetime) and local_times:
        return value.replace(tzinfo=None)
    if isinstance(value, _PLAIN):
        return value
    return pydantic_core.to_jsonable_python(value)
