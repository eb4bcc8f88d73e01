"""What runs once DSPy is imported: language models, adapters and programs."""

from __future__ import annotations

import copy
import logging
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import dspy
import pydantic
from dspy.adapters.utils import annotation_allows_none
from dspy.clients.cache import Cache
from dspy.utils.constants import IS_TYPE_UNDEFINED

from terrarium.bridge import ArgumentError, BridgeError, SpecError, spans, times
from terrarium.bridge.exchanges import Exchange
from terrarium.bridge.types import reader_of_natives

from . import (
    _adapters,
    _cache_use,
    _kept,
    _kinds,
    _log,
    _native,
    _options,
    _signatures,
    _state,
    _type_adapters,
)
from ._fields import FieldWatch, PredictorWatch
from ._interpreter import HostInterpreter
from ._model import HostEngine, Known, recording
from ._plain import plain_value
from ._schema import output_schema
from ._signatures import DECLARED, is_optional_text, is_text, signature_of

logger = logging.getLogger(__name__)

_CACHED_ANSWERS = 1000


class OutputError(BridgeError):
    """A module did not return the outputs that its program declares."""


class Program:
    """A DSPy module made from a spec, with what it takes to check inputs and to read outputs."""

    def __init__(self, spec: dict[str, Any]) -> None:
        """Build the module.

        Raises SpecError with the place inside the spec.
        """
        made = _kinds.made(spec, _within)
        of = made.of
        self.options: dict[str, Any] = {
            **(of.options if of else {}),
            **_options.checked(spec.get("options"), "spec.options"),
        }
        self.module: dspy.Module = made.module
        self.tools = made.tools
        self.parts = made.parts
        self.configured = made.configured
        self.steps_of = made.steps_of
        self.writes_code = made.writes_code
        # The type language knows local times only; a string signature gets what the model wrote.
        self.local_times: bool = of.local_times if of else not isinstance(spec["signature"], str)
        self.signature: type[dspy.Signature] = of.signature if of else signature_of(spec["signature"])
        fields = self.signature.input_fields
        self.inputs = made.inputs or {name: reader_of(field) for name, field in fields.items()}
        self.optional = {name for name, field in fields.items() if annotation_allows_none(field.annotation)}
        # Of dspy.ReAct, the last predictor is the one that ends it.
        self.outputs: dict[str, Any] = made.outputs or dict(self.module.predictors()[-1].signature.output_fields)
        self.texts = [name for name, field in self.outputs.items() if is_text(field.annotation)]
        self.optional_texts = [name for name, field in self.outputs.items() if is_optional_text(field.annotation)]

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
            except _kinds.AttemptError as error:
                raise ArgumentError(command, f"input {name!r}: {error}", accepted=self.inputs) from error
        return arguments

    def plain(self, prediction: Any) -> dict[str, Any]:
        """Return the outputs of a prediction as plain data; raises OutputError when one of them is missing."""
        try:
            return {name: plain_value(prediction[name], self.local_times) for name in self.outputs}
        except (KeyError, TypeError):
            self._check(prediction)
            raise

    def _check(self, prediction: Any) -> None:
        module = type(self.module).__name__
        if not isinstance(prediction, dspy.Example):
            raise OutputError(f"{module} must return a dspy.Prediction, it returned {prediction!r}") from None
        missing = ", ".join(repr(name) for name in self.outputs if name not in prediction)
        if missing:
            found = ", ".join(prediction.keys()) or "nothing"
            raise OutputError(f"{module} returned no {missing}; it returned {found}") from None

    def steps(self, prediction: dspy.Prediction) -> list[dict[str, Any]]:
        """Return the steps that led to a prediction, as plain data; only some kinds have any."""
        if self.steps_of is None:
            return []
        steps: list[dict[str, Any]] = plain_value(self.steps_of(prediction.trajectory), local_times=False)
        return steps


def _within(spec: Any, path: str) -> Program:
    """Return a program that another one is made of; its spec has that place."""
    try:
        return Program(spec)
    except SpecError as error:
        message = str(error).removeprefix(f"{error.path}: ")
        raise SpecError(path + error.path.removeprefix("spec"), message) from error


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
        _type_adapters.install()
        _kept.install()
        _adapters.install()
        _cache_use.install()
        _log.install()
        self._caching = False
        self._adapters: dict[tuple[str, str | None, bool], dspy.Adapter] = {}
        self._models: dict[tuple[str | None, bool], dspy.LM] = {}

    def run(
        self,
        program: Program,
        arguments: dict[str, Any],
        options: dict[str, Any],
        cache: bool,
        emit: Callable[[object], object] | None = None,
        known: Known | None = None,
        trace: bool = False,
        status: Any = None,
        **more: Any,
    ) -> Run:
        """Call a program.

        ``emit`` gets the pieces of the outputs, as ``DspyBridge.stream`` says, while the language model writes, and the
        messages that ``status`` asks for. Only what ``known`` does not answer goes to the language model. With
        ``trace``, the exchanges have the names of the predictors that asked. ``more`` are further arguments of the
        module.
        """
        watch = None if emit is None else _watch(program, emit)
        # Of its own, since dspy.BestOfN and dspy.Refine count failures in themselves.
        module = program.module if program.configured else copy.copy(program.module)
        callbacks = _callbacks(module, status, emit) if status or spans.detail != spans.OFF else []
        with recording(watch, known, _asker(module) if trace else None) as exchanges:
            prediction = self.predict(program, module, arguments, options, cache, callbacks, **more)
        if exchanges and exchanges[-1].response.get("finish_reason") == "length":
            logger.warning("a text was cut off at the limit of tokens, max_tokens=%s", options.get("max_tokens"))
        outputs = program.plain(prediction)
        if isinstance(watch, FieldWatch) and (changed := watch.complete(outputs)):
            raise dspy.AdapterParseError(
                options["adapter"],
                program.module.predictors()[0].signature,
                exchanges[-1].response["text"],
                f"Field {changed} was streamed otherwise than the answer could be read in the end.",
            )
        return Run(outputs, exchanges, program.steps(prediction))

    def predict(
        self,
        program: Program,
        module: dspy.Module,
        arguments: dict[str, Any],
        options: dict[str, Any],
        cache: bool,
        callbacks: list[Any],
        **more: Any,
    ) -> Any:
        """Call a module of the program's kind with options of the language model, and return what it returns."""
        generation = _generation(options)
        model = self._model(options.get("model"), cache)
        adapter = self.adapter(options["adapter"], options.get("extraction_model"), cache)
        if program.configured:
            with _settings(adapter, callbacks, lm=model, trace=None):
                return module(**arguments, config=generation, **more)
        # What a module calls that is not dspy.Predict takes no config; some modules of DSPy's write to the trace.
        model = model.copy(**generation)
        with _settings(adapter, callbacks, lm=model, trace=[]):
            return module(**arguments, **more)

    def predict_within(
        self, program: Program, module: dspy.Module, arguments: dict[str, Any], options: dict[str, Any], cache: bool
    ) -> Any:
        """Call a predictor of a module that runs, under the settings of the moment but for what the options say."""
        generation = _generation(options)
        settings: dict[str, Any] = {}
        if "adapter" in options:
            settings["adapter"] = self.adapter(options["adapter"], options.get("extraction_model"), cache)
        if "model" in options:
            settings["lm"] = self._model(options["model"], cache)
        if not program.configured:
            settings["lm"] = settings.get("lm", dspy.settings.lm).copy(**generation)
        with dspy.settings.context(**settings):
            return module(**arguments, **({"config": generation} if program.configured else {}))

    def lm(self, options: dict[str, Any], cache: bool) -> dspy.LM:
        """Return a language model of its own that generates by options, for code that calls modules without any."""
        return self._model(options.get("model"), cache).copy(**_generation(options))

    def settings(self, program: Program, options: dict[str, Any], cache: bool) -> Any:
        """Return a context in which modules made of the program's are called, which have no call of their own."""
        callbacks = _callbacks(program.module) if spans.detail != spans.OFF else []
        return _settings(
            self.adapter(options["adapter"], options.get("extraction_model"), cache), callbacks, trace=None
        )

    def close(self) -> None:
        """Drop what all programs share."""
        _log.remove()
        _cache_use.remove()
        _adapters.remove()
        _kept.remove()
        _type_adapters.remove()
        _signatures.forget()
        for name in ("_nearest", "_user_code"):  # what few programs need
            module = sys.modules.get(f"{__package__}.{name}")
            if module is not None:
                module.forget()
        output_schema.cache_clear()

    def adapter(self, name: str, extraction_model: str | None = None, cache: bool = False) -> dspy.Adapter:
        """Return the adapter of that name, which all programs share, and which may extract outputs by a model."""
        key = (name, extraction_model, cache) if name == "two_step" else (name, None, False)
        adapter = self._adapters.get(key)
        if adapter is None:
            adapter = self._adapters[key] = _adapters.adapter_of(name, self._model(extraction_model, cache))
        return adapter

    def _model(self, name: str | None, cache: bool) -> dspy.LM:
        if cache and not self._caching:
            dspy.cache = _WholeAnswers(False, True, None, memory_max_entries=_CACHED_ANSWERS)
            self._caching = True
        model = self._models.get((name, cache))
        if model is None:
            # The name that DSPy sees is one that no provider's rules apply to; it tells cached answers apart.
            seen = "terrarium/default" if name is None else f"terrarium/named/{name}"
            model = dspy.LM(seen, engine=HostEngine(name), num_retries=0)
            model._cache_responses = cache  # the host's cache is the host's matter
            self._models[name, cache] = model
        return model


def _settings(adapter: dspy.Adapter, callbacks: list[Any], **more: Any) -> Any:
    if callbacks:  # beside those that code of users has configured
        more["callbacks"] = [*dspy.settings.callbacks, *callbacks]
    return dspy.settings.context(adapter=adapter, disable_history=True, interpreter_factory=HostInterpreter, **more)


def _generation(options: dict[str, Any]) -> dict[str, Any]:
    return {name: options[name] for name in _options.GENERATION if name in options}


def _asker(module: dspy.Module) -> Callable[[], str]:
    from ._names import Names

    return Names(module).of_asker


def _callbacks(module: dspy.Module, *status: Any) -> list[Any]:
    from ._watch import callbacks_of  # which few calls need

    return list(callbacks_of(module, *status))


def _watch(program: Program, emit: Callable[[object], object]) -> FieldWatch | PredictorWatch:
    if program.configured and not program.steps_of:
        (name, _), *_ = program.module.named_predictors()
        return FieldWatch(list(program.outputs), program.texts, emit, program.optional_texts, name)
    return PredictorWatch(program.module, program.texts, emit)


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
    validated = times.reader(pydantic.TypeAdapter(field.annotation))
    spec = field.json_schema_extra.get(DECLARED)
    native = None if spec is None else reader_of_natives(spec, _native.read)
    return validated if native is None else lambda value: validated(native(value))


def _unchanged(value: Any) -> Any:
    return value


def _validation_message(name: str, error: pydantic.ValidationError) -> str:
    faults = []
    for fault in error.errors(include_url=False):
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"])
        faults.append(f"input {name + path!r}: {fault['msg']}, got {fault['input']!r}")
    return "; ".join(faults)
