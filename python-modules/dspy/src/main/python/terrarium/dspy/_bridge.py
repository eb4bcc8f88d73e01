"""The commands of DSPy."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, ClassVar

from terrarium.bridge import ProgramBridge, Pushed, exchanges, handler, imports
from terrarium.bridge.options import SharedDefaults
from terrarium.bridge.tools import given as given_tools

from . import _options

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._runtime import Program, Runtime


class DspyBridge(ProgramBridge["Program"]):
    """Programs of DSPy, made from specs, on the host's language models.

    Thread-safe. The language model is the host's ``model.generate``; with the ``json`` adapter its
    answer has to conform to the JSON schema of the outputs. DSPy writes nothing to disk.
    """

    framework: ClassVar[str] = "dspy"

    def __init__(self) -> None:
        """Build the table of commands; DSPy is imported with the first command that needs it."""
        super().__init__()
        self._runtime: Runtime | None = None
        self._defaults = SharedDefaults("dspy", adapter="json", cache=False)

    @handler(loads=False)
    def configure(
        self,
        model: str | None = None,
        adapter: str = "json",
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
        cache: bool = False,
    ) -> dict[str, Any]:
        """Set the defaults of all programs, in every context; what is not given is unset again.

        ``model`` names one of the host's language models, None its default one. ``adapter`` is
        ``json`` (answers keep to a schema), ``chat`` or ``auto`` (chat, then JSON when the answer
        cannot be read). ``cache`` keeps up to 1000 answers in memory and gives the same answer to the
        same question. Returns the defaults. Raises SpecError for a value out of range.
        """
        options = {
            "model": model,
            "adapter": adapter,
            "temperature": temperature,
            "max_tokens": max_tokens,
            "seed": seed,
        }
        defaults = {"adapter": "json", **_options.checked(options, "configure"), "cache": cache}
        self._defaults.set(defaults)
        return {**options, **defaults}

    @handler
    def create_program(self, spec: dict[str, Any], program: str | None = None) -> dict[str, str]:
        """Build a program, store its spec with the host, and return ``{"program": id}``.

        ``spec`` is ``{"kind": "predict"|"chain_of_thought"|"react", "signature": S, "options": {...}}``. S is
        DSPy's short form (``"question -> answer: int"``) or ``{"name", "instructions", "inputs":
        [field...], "outputs": [field...]}`` with fields ``{"name", "type", "description"}``, their
        types in the type language of :mod:`terrarium.bridge.types`. Options, each optional: ``model``,
        ``adapter``, ``temperature`` (0 to 2), ``max_tokens``, ``seed``, ``stop`` (list of texts).
        A program of the kind ``react`` is run by :meth:`act`. It has ``tools`` too, a list of ``{"name",
        "description", "parameters"}``, all of them texts, the parameters a JSON schema.
        The id is ``program``, or comes from the spec's content. Programs of equal signatures share one.

        Raises SpecError with the place inside the spec.
        """
        return super().create_program(spec, program)

    @handler
    def set_program_state(self, program: str, state: dict[str, Any] | None) -> dict[str, str]:
        """Give a program what an optimizer made of its module, in all contexts, and return ``{"program": id}``.

        ``state`` is what ``module.dump_state()`` of DSPy returns for a module of the program's kind and signature, and
        what ``get_program_state`` returns: demonstrations, instructions, prefixes and descriptions of fields. None
        takes it away again. The language model stays the host's.

        Raises UnknownProgramError, and SpecError with the place inside a state that does not fit.
        """
        return super().set_program_state(program, state)

    @handler
    def export_program_state(self, program: str) -> dict[str, str]:
        """Return ``{"text": ...}``, the file that ``module.save("state.json")`` of DSPy writes for a program's module.

        Raises UnknownProgramError, and SpecError with the place inside a state that the file cannot hold.
        """
        from ._state import written

        return {"text": written(self._programs.get(program).module)}

    @handler
    def import_program_state(self, program: str, text: str) -> dict[str, str]:
        """Give a program the state of a file that ``module.save("state.json")`` of DSPy wrote, in all contexts.

        Returns ``{"program": id}``. A file of another version of DSPy is read, with a warning in the log. Raises
        UnknownProgramError, and SpecError with the place inside a text that is no such file or does not fit.
        """
        from ._state import read

        return super().set_program_state(program, read(text))

    @handler(idempotent=True)
    def call(
        self,
        program: str,
        inputs: dict[str, Any],
        options: dict[str, Any] | None = None,
        trace: bool = False,
    ) -> dict[str, Any]:
        """Run a program on inputs by name and return ``{"outputs": {...}}``.

        The outputs are plain data of the declared types: records are dicts; dates, datetimes and
        decimals are Python's own. A chain of thought has ``reasoning`` among them. ``options`` go
        before the program's own, and those before the defaults of :meth:`configure`.

        With ``trace`` the result also has, all of the last request to the language model:
        ``messages`` (list of ``{"role", "content"}`` as DSPy sent them), ``response`` (the text that
        came back), ``finish_reason`` and ``model``; and, of all requests together, ``usage``:
        ``calls``, ``prompt_tokens``, ``completion_tokens`` and ``seconds``. An answer from the cache
        sends nothing: no messages, and None. ``requests`` has the same of each request, in order, and
        ``asker``, the name of the predictor that made it.

        Of an answer that was cut off by the limit of tokens, ``finish_reason`` is ``length`` only where the last output
        is a text that is not whole, as the chat adapter may read it.

        Raises UnknownProgramError, ArgumentError for inputs that do not fit,
        ``dspy.LMUnexpectedError`` with what the host's model raised among its causes,
        ``dspy.AdapterParseError`` when the answer cannot be read, and TruncatedAnswerError, which is one, when that is
        so because it was cut off.
        """
        return self._run("call", self._without_tools("call", program), inputs, options, trace)

    @handler
    def act(
        self,
        program: str,
        inputs: dict[str, Any],
        tools: dict[str, Any],
        max_steps: int = 20,
        options: dict[str, Any] | None = None,
        trace: bool = False,
    ) -> dict[str, Any]:
        """Run ``dspy.ReAct``, a program of the kind ``react``, and return ``{"outputs": {...}, "steps": [...]}``.

        ``tools`` are the functions of its tools by name, as :mod:`terrarium.bridge.tools` says; each is called by the
        language model's choice, at most ``max_steps`` times in all. Then the outputs are made of what is there.
        ``steps`` are dicts of ``thought``, ``tool``, ``arguments`` and ``observation``; the last one's tool is
        ``finish`` when the language model ended by itself. The rest is as :meth:`call` says.

        Raises what ``call`` raises, and what a tool raises that ends the call.
        """
        built = self._with_tools(program, max_steps, other="call")
        with given_tools("act", built.tools, tools):
            return self._run("act", built, inputs, options, trace, max_iters=max_steps)

    @handler(idempotent=True)
    def predict(
        self,
        signature: str | dict[str, Any],
        inputs: dict[str, Any],
        options: dict[str, Any] | None = None,
        trace: bool = False,
    ) -> dict[str, Any]:
        """Run ``dspy.Predict`` of a signature once; as :meth:`call`, without a program's id."""
        program = self._programs.of({"kind": "predict", "signature": signature})
        return self._run("predict", program, inputs, options, trace)

    @handler(idempotent=True)
    def stream(
        self,
        program: str,
        inputs: dict[str, Any],
        options: dict[str, Any] | None = None,
        trace: bool = False,
    ) -> Pushed:
        """Run a program as :meth:`call` does, and push its outputs while the language model writes.

        First come dicts ``{"field": name, "text": piece}``: the pieces of the outputs whose types are texts. The last
        dict is what ``call`` returns. A text's pieces join to the output. There may be no pieces of any output, as for
        an answer from the cache. With ``auto``, an answer is not asked for again when pieces of it were pushed. Raises
        what ``call`` raises, also after some pieces.
        """
        built = self._without_tools("stream", program)
        return Pushed(lambda emit: emit(self._run("stream", built, inputs, options, trace, emit)))

    @handler
    def freeze_program(self, program: str) -> dict[str, Any]:
        """Return a plan by which the host runs a program as :meth:`call` does, without Python.

        ``request`` is what the language model is asked, but that each message's ``content`` is a list of texts and of
        the numbers of the inputs whose values stand between them. ``json`` tells which adapter reads the answer: the
        JSON adapter, or the chat adapter. ``inputs`` and ``outputs`` are lists of ``{"name", "type"}``, with types of
        the type language. ``proofs`` are runs of DSPy itself on random values, by which the host checks what it makes
        of the plan: ``inputs``, the ``messages`` of the first request, the ``answer`` to it, and ``outputs``, None
        when DSPy could not read the answer.

        Raises UnknownProgramError, and ArgumentError with the name of what cannot be frozen exactly.
        """
        from ._freeze import plan

        built = self._programs.get(program)
        merged, cache = self._options_of(built, None)
        return plan(self._loaded_runtime(), built, merged, cache)

    @handler(idempotent=True)
    def continue_program(
        self, program: str, inputs: dict[str, Any], request: dict[str, Any], answer: dict[str, Any]
    ) -> dict[str, Any]:
        """Run a program as :meth:`call` does, where the language model has answered its first request already.

        ``request`` and ``answer`` are as ``model.generate`` takes and returns them. Should the program make another
        request than that by now, the language model is asked again. Returns and raises what ``call`` does.
        """
        answers = iter([answer])

        def known(asked: dict[str, Any]) -> dict[str, Any] | None:
            first = next(answers, None)
            return first if asked == request else None

        built = self._without_tools("continue_program", program)
        return self._run("continue_program", built, inputs, None, False, known=known)

    def _run(
        self,
        command: str,
        program: Program,
        inputs: Any,
        options: Any,
        trace: bool,
        emit: Callable[[object], object] | None = None,
        known: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        arguments = program.arguments(command, inputs)
        merged, cache = self._options_of(program, options)
        run = self._loaded_runtime().run(program, arguments, merged, cache, emit, known, trace, **more)
        result: dict[str, Any] = {"outputs": run.outputs}
        if program.tools:
            result["steps"] = run.steps
        if trace:
            result.update(exchanges.last(run.exchanges), usage=exchanges.usage(run.exchanges))
            result["requests"] = exchanges.each(run.exchanges)
        return result

    def _options_of(self, program: Program, options: Any) -> tuple[dict[str, Any], bool]:
        """Return the options of a call, and whether answers are cached."""
        merged = {**self._defaults.get(), **program.options, **_options.checked(options)}
        return merged, merged.pop("cache")

    def _build(self, spec: dict[str, Any]) -> Program:
        from ._runtime import Program

        return Program(spec)

    def _load_state(self, program: Program, state: dict[str, Any]) -> None:
        program.load_state(state)

    def _dump_state(self, program: Program) -> dict[str, Any]:
        return program.dump_state()

    def _loaded_runtime(self) -> Runtime:
        if self._runtime is None:
            raise RuntimeError("DSPy is not loaded")
        return self._runtime

    def _load_framework(self) -> None:
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # looking for plugins costs a scan of all packages
        # DSPy imports urllib3, which finds Java's TLS where it expects OpenSSL; no request goes that way.
        warnings.filterwarnings("ignore", message="urllib3 v2 only supports OpenSSL")
        imports.defer_in("dspy")
        from ._runtime import Runtime

        self._runtime = Runtime()

    def _cleanup_framework(self) -> None:
        self._loaded_runtime().close()
        self._runtime = None
        super()._cleanup_framework()
