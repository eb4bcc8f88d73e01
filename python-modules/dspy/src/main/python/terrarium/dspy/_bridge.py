"""The commands of DSPy."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, ClassVar

from terrarium.bridge import ArgumentError, ProgramBridge, Pushed, exchanges, handler, imports
from terrarium.bridge.options import SharedDefaults
from terrarium.bridge.tools import given as given_tools

from . import _options

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._model import Known
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
        extraction_model: str | None = None,
    ) -> dict[str, Any]:
        """Set the defaults of all programs, in every context; what is not given is unset again.

        ``model`` names one of the host's language models, None its default one. ``adapter`` is one of these:

        - ``json``: answers keep to a schema
        - ``chat``: answers in sections, unconstrained
        - ``auto``: chat, then JSON when the answer cannot be read
        - ``xml``: answers in XML, unconstrained
        - ``baml``: as ``json``, with a shorter description of records in the prompt
        - ``two_step``: an answer in any form, of which ``extraction_model``, by default the default model, extracts the
          outputs as with ``auto``

        ``cache`` keeps up to 1000 answers in memory and gives the same answer to the
        same question. Returns the defaults. Raises SpecError for a value out of range.
        """
        options = {
            "model": model,
            "adapter": adapter,
            "temperature": temperature,
            "max_tokens": max_tokens,
            "seed": seed,
            "extraction_model": extraction_model,
        }
        defaults = {"adapter": "json", **_options.checked(options, "configure"), "cache": cache}
        self._defaults.set(defaults)
        return {**options, **defaults}

    @handler
    def create_program(self, spec: dict[str, Any], program: str | None = None) -> dict[str, str]:
        """Build a program, store its spec with the host, and return ``{"program": id}``.

        ``spec`` is ``{"kind": K, "signature": S, "options": {...}}``. S is DSPy's short form (``"question -> answer:
        int"``) or ``{"name", "instructions", "inputs": [field...], "outputs": [field...]}`` with fields ``{"name",
        "type", "description"}``, their types in the type language of :mod:`terrarium.bridge.types`. Options, each
        optional: ``model``, ``adapter``, ``temperature`` (0 to 2), ``max_tokens``, ``seed``, ``stop`` (list of texts).

        K is ``predict``, ``chain_of_thought``, or one of these, which have further keys:

        - ``react``, run by :meth:`act`: ``tools``, a list of ``{"name", "description", "parameters"}``, all of them
          texts, the parameters a JSON schema.
        - ``rlm``, run by :meth:`explore`: ``tools`` of the same form, ``max_iters``, how many pieces of code the
          language model writes at most (20 without), and ``max_llm_calls``, how many questions of the code are answered
          (50 without).
        - ``module``, a ``dspy.Module`` of the user's: ``source`` (``{"name", "files": {path: text}}``, the file
          ``NAME.py`` or the files of the package ``NAME``), ``class``, and ``arguments`` of its constructor by name.
          Whoever makes such a program runs code here.
        - ``composed``, run by :meth:`act`: ``predictors``, specs by name.
        - ``multi_chain_comparison``: ``attempts``, how many. Its inputs are ``inputs``, those of the signature, and
          ``attempts``, a list of dicts of ``reasoning`` and ``outputs``.
        - ``knn_few_shot``, ``dspy.KNNFewShot``: ``of`` and ``state`` as below; ``k``; ``train``, examples of ``inputs``
          and ``expected``; ``bootstrap``, parameters of ``dspy.BootstrapFewShot``; ``vectorizer``, the name of an
          embedding model; and ``metric``: None, a function in Python as :meth:`score_prediction` takes it, or
          ``@metric``, with which :meth:`act` runs the program.
        - ``ensemble``, ``dspy.Ensemble``: ``programs``, a list of ``{"of", "state"}``; ``size``, how many of them run,
          all if None; and ``reduce``, None for the majority, or ``@reduce``, with which :meth:`act` runs the program.
        - ``best_of_n`` and ``refine``, run by :meth:`act`: ``of``, the spec of another program, in place of a
          signature, and ``state``, its state or None; ``n``; ``threshold``; and for ``refine`` also ``reward``, which
          says in words what is rewarded.

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
        predictor: str | None = None,
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

        ``predictor`` names a predictor of a program of the kind ``composed``, which is run by itself, in its present
        state.

        Of an answer that was cut off by the limit of tokens, ``finish_reason`` is ``length`` only where the last output
        is a text that is not whole, as the chat adapter may read it.

        Raises UnknownProgramError, ArgumentError for inputs that do not fit,
        ``dspy.LMUnexpectedError`` with what the host's model raised among its causes,
        ``dspy.AdapterParseError`` when the answer cannot be read, and TruncatedAnswerError, which is one, when that is
        so because it was cut off.
        """
        return self._run("call", self._runnable("call", program, predictor), inputs, options, trace)

    @handler
    def act(
        self,
        program: str,
        inputs: dict[str, Any],
        tools: dict[str, Any],
        max_steps: int = 20,
        options: dict[str, Any] | None = None,
        trace: bool = False,
        answered: Known | None = None,
    ) -> dict[str, Any]:
        """Run a program that calls functions of the caller's, and return ``{"outputs": {...}}``.

        ``tools`` are these functions by name. Those of a program of the kind ``react`` are its tools, as
        :mod:`terrarium.bridge.tools` says; each is called by the language model's choice, at most ``max_steps`` times
        in all. Then the outputs are made of what is there. ``steps`` in the result are dicts of ``thought``, ``tool``,
        ``arguments`` and ``observation``; the last one's tool is ``finish`` when the language model ended by itself.

        ``best_of_n`` and ``refine`` call ``@reward(inputs, outputs)``, which returns a number, beside the functions of
        the program within; ``knn_few_shot`` may call ``@metric(inputs, expected, outputs)``, which does as well, and
        ``ensemble`` ``@reduce(list)`` of outputs, which returns outputs. ``composed`` calls ``@forward(inputs, run)``,
        which returns the outputs, and may call :meth:`call_predictor` with that run. The rest is as :meth:`call` says.

        ``answered`` is a function of the caller's that gets each request to the language model, and returns the answer
        if there is one already, or None.

        Raises what ``call`` raises, and what a tool raises that ends the call.
        """
        built, steps = self._acting(program, max_steps)
        with given_tools("act", built.tools, tools):
            return self._run("act", built, inputs, options, trace, known=answered, **steps)

    @handler
    def call_predictor(self, run: int, predictor: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run a predictor of the module whose ``@forward`` was called with that run, and return ``{"outputs": {...}}``.

        It runs in its present state in that very module, under DSPy's settings of the moment. Raises what :meth:`call`
        raises, and ArgumentError outside of that call.
        """
        from ._host_module import of_run

        part, module = of_run(run, predictor)
        arguments = part.arguments("call_predictor", inputs)
        cache = self._defaults.get()["cache"]
        prediction = self._loaded_runtime().predict_within(part, module, arguments, part.options, cache)
        return {"outputs": part.plain(prediction)}

    @handler
    def explore(
        self,
        program: str,
        inputs: dict[str, Any],
        tools: dict[str, Any],
        options: dict[str, Any] | None = None,
        trace: bool = False,
    ) -> dict[str, Any]:
        """Run ``dspy.RLM``, a program of the kind ``rlm``, and return ``{"outputs": {...}, "steps": [...]}``.

        The language model writes code that looks at the inputs. The code runs in a code context of the host, as
        :mod:`terrarium.bridge.host` says, and may call ``tools``, the functions of the program's tools by name.
        ``steps`` are dicts of ``reasoning``, ``code`` and ``output``. The rest is as :meth:`call` says.

        Raises what ``call`` raises, what a tool raises that ends the call, and what the host raises for code that runs
        too long.
        """
        built = self._programs.get(program)
        if not built.writes_code:
            raise ArgumentError(
                "explore", f"the program {program!r} is not of the kind 'rlm'; run it by 'call' or 'act'"
            )
        with given_tools("explore", built.tools, tools):
            return self._run("explore", built, inputs, options, trace)

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
        predictor: str | None = None,
        status: Any = None,
    ) -> Pushed:
        """Run a program as :meth:`call` does, and push its outputs while the language model writes.

        First come dicts of ``predictor``, ``field``, ``text`` and ``last``: the pieces of the outputs whose types are
        texts, with the name of the predictor that writes them, and whether a piece is the text's last, which may be
        empty. The last dict is what ``call`` returns. A text's pieces join to the output. There may be no pieces of any
        output, as for an answer from the cache. Of the kind ``module``, those texts have pieces that exactly one
        predictor writes, as it writes them; the module may return others. With ``auto``, an answer is not asked for
        again when pieces of it were pushed. Raises what ``call`` raises, also after some pieces.

        With ``status`` there are also dicts ``{"status": message}``, when modules, tools and requests to the language
        model start and end. It is True for the messages of DSPy; ``{"source", "class"}`` for a class of Python code
        that extends ``dspy.streaming.StatusMessageProvider``; or a function, which takes ``tool_start``, ``tool_end``,
        ``module_start`` or such, a name, and the inputs or outputs, and returns a text or None.
        """
        built = self._runnable("stream", program, predictor)
        if built.writes_code:
            raise ArgumentError("stream", f"the program {program!r} writes code, not outputs; run it by 'explore'")
        return Pushed(lambda emit: emit(self._run("stream", built, inputs, options, trace, emit, status=status)))

    @handler
    def stream_act(
        self,
        program: str,
        inputs: dict[str, Any],
        tools: dict[str, Any],
        max_steps: int = 20,
        options: dict[str, Any] | None = None,
        trace: bool = False,
        status: Any = None,
    ) -> Pushed:
        """Run a program as :meth:`act` does, and push what :meth:`stream` does: last, what ``act`` returns."""
        built, steps = self._acting(program, max_steps)

        def run(emit: Callable[[object], object]) -> None:
            with given_tools("stream_act", built.tools, tools):
                emit(self._run("stream_act", built, inputs, options, trace, emit, status=status, **steps))

        return Pushed(run)

    @handler(idempotent=True)
    def nearest(
        self, examples: list[dict[str, Any]], inputs: dict[str, Any], k: int, model: str | None = None
    ) -> list[int]:
        """Return the indices of the ``k`` examples that are nearest to inputs, the nearest first: ``dspy.KNN``.

        ``examples`` are inputs by name. Vectors are made by the host's embedding model of that name. Raises
        ArgumentError where there is no numpy, which DSPy needs for it.
        """
        from ._nearest import nearest

        return nearest(examples, inputs, k, model)

    @handler
    def freeze_program(self, program: str, predictor: str | None = None) -> dict[str, Any]:
        """Return a plan by which the host runs a program, or a predictor of it, as :meth:`call` does, without Python.

        A program of the kind ``predict`` or ``chain_of_thought`` has the ``kind`` ``predict``. ``request`` is what the
        language model is asked, but that each message's ``content`` is a list of texts and of the numbers of the inputs
        whose values stand between them. ``form`` names the adapter that reads the answer: ``json``, ``chat`` or
        ``xml``, which has ``schemas``, JSON schemas of the outputs. ``inputs`` and ``outputs`` are lists of ``{"name",
        "type"}``, with types of the type language. ``proofs`` are runs of DSPy itself on random values, by which the
        host checks what it makes of the plan: ``inputs``, the ``messages`` of the first request, the ``answer`` to it,
        and ``outputs``, None when DSPy could not read the answer.

        The programs of other kinds have plans of their predictors: ``react`` and ``extract``, and ``tools`` with the
        JSON schemas of the parameters by name, for ``react``; ``plan`` for the others. What ``refine`` has beyond ``n``
        and ``threshold`` is in :func:`terrarium.dspy._freeze_flows.flow`. Their ``proofs`` have ``inputs``, ``events``,
        which are the requests with their ``asker`` and ``answer`` and the calls of functions with ``arguments`` and
        ``result``, in order, ``outputs`` and ``steps``.

        Raises UnknownProgramError, and ArgumentError with the name of what cannot be frozen exactly.
        """
        from ._freeze_flows import flow

        built = self._programs.get(program) if predictor is None else self._part("freeze_program", program, predictor)
        merged, cache = self._options_of(built, None)
        return flow(self._loaded_runtime(), built, merged, cache)

    @handler(idempotent=True)
    def continue_program(
        self,
        program: str,
        inputs: dict[str, Any],
        request: dict[str, Any],
        answer: dict[str, Any],
        predictor: str | None = None,
    ) -> dict[str, Any]:
        """Run a program as :meth:`call` does, where the language model has answered its first request already.

        ``request`` and ``answer`` are as ``model.generate`` takes and returns them. Should the program make another
        request than that by now, the language model is asked again. Returns and raises what ``call`` does.
        """
        built = self._runnable("continue_program", program, predictor)
        return self._run("continue_program", built, inputs, None, False, known=_answering(request, answer))

    @handler
    def run_candidate(
        self,
        program: str,
        state: dict[str, Any],
        inputs: dict[str, Any],
        tools: dict[str, Any] | None = None,
        request: dict[str, Any] | None = None,
        answer: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Run a program as it would be in another state, which is not stored; the result is that of :meth:`call`.

        It has ``usage``, too. ``tools`` are functions by name, for a program that :meth:`act` or :meth:`explore` runs.
        With ``request`` and ``answer`` the run goes on as :meth:`continue_program` does. Raises what ``call`` raises,
        and SpecError for a state that does not fit.
        """
        built = self._programs.candidate(program, state)
        with given_tools("run_candidate", built.tools, tools or {}):
            return self._run("run_candidate", built, inputs, None, True, known=_answering(request, answer))

    @handler
    def trace_candidate(
        self,
        program: str,
        state: dict[str, Any],
        inputs: dict[str, Any],
        lm: dict[str, Any],
        functions: dict[str, Any],
        tools: dict[str, Any] | None = None,
        request: dict[str, Any] | None = None,
        answer: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Run a program in another state, as an optimizer does, and return the ``steps`` to its outputs.

        A step has the name of a ``predictor``, its ``inputs`` and its ``outputs``. ``last`` tells that the outputs of
        the program are those of the last step; else they are ``outputs``. ``lm`` is the ``model``'s name and the
        ``kwargs`` of a ``dspy.LM``; ``functions`` are ``recall`` and ``remember`` of :meth:`optimize`. The rest is as
        :meth:`run_candidate` says. Raises what that raises, and ArgumentError for a run that is no plain data.
        """
        from . import _optimize, _traces

        built = self._programs.candidate(program, state)
        merged, cache = self._options_of(built, None)
        runtime = self._loaded_runtime()
        arguments = built.arguments("trace_candidate", inputs)
        known = _optimize.answering(functions, _answering(request, answer))
        model = runtime.lm({"model": lm["model"]}, cache).copy(**lm["kwargs"])
        with given_tools("trace_candidate", built.tools, tools or {}), runtime.settings(built, merged, cache):
            return _traces.traced(built, arguments, model, known)

    @handler
    def freeze_candidate(self, program: str, state: dict[str, Any], proofs: int) -> dict[str, Any]:
        """Return a plan as :meth:`freeze_program` does, of a program in another state, with that number of proofs."""
        from ._freeze import plan

        built = self._programs.candidate(program, state)
        merged, cache = self._options_of(built, None)
        return plan(self._loaded_runtime(), built, merged, cache, proofs)

    @handler(idempotent=True)
    def score_prediction(
        self, metric: dict[str, Any], inputs: dict[str, Any], expected: dict[str, Any], outputs: dict[str, Any]
    ) -> dict[str, Any]:
        """Score outputs by a metric in Python, and return ``{"score": float, "feedback": str | None}``.

        ``metric`` is a function in a file: its ``file``, ``source`` and ``function``, all of them texts. It is called
        as DSPy calls metrics: with a ``dspy.Example``, a ``dspy.Prediction`` and None for a trace. Raises ArgumentError
        for a file without that function, and for a metric that fails or returns no score.
        """
        import dspy

        from ._metrics import call, load

        example = dspy.Example(**inputs, **expected).with_inputs(*inputs)
        name = f"{metric['file']}:{metric['function']}"
        score = call(load(metric), name, example, dspy.Prediction(**outputs), None, None, None)
        return {"score": score.value, "feedback": score.feedback}

    @handler
    def optimize(
        self,
        program: str,
        optimizer: dict[str, Any],
        examples: dict[str, Any],
        functions: dict[str, Any],
        tools: dict[str, Any] | None = None,
        metric: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Run an optimizer of DSPy on a program, and return the ``state`` that it found and its ``hash``.

        The state is not stored. ``optimizer`` is ``{"kind", "parameters"}`` with parameters of DSPy's names;
        ``examples`` is ``{"train", "validation"}``, lists of ``{"inputs", "expected"}``, the latter may be empty.
        ``functions`` are those of the host: ``begin(run)`` with hashes of what the run depends on, which returns the
        number of ``contexts``; ``evaluate(hash, state, numbers, max_errors, failure_score)``, which runs and scores
        examples by their numbers, and returns ``results`` (``outputs`` and ``score`` of each), ``failed`` and the last
        ``error``; ``trace(states, runs)``, which makes runs ahead, and returns for each what :meth:`trace_candidate`
        does, or ``outputs`` and their ``order``, or None; ``score(number, outputs, steps, predictor)``; ``recall(key)``
        and ``remember(key, answer)``, which keep the language model's answers. What one of them raises ends the run.
        ``tools`` are as :meth:`run_candidate` takes them. ``metric`` is a function in Python, as
        :meth:`score_prediction` takes it, where the host has none to score with.

        Raises UnknownProgramError, and ArgumentError for an optimizer or parameters that there are not, examples that
        do not fit, and packages that are not there.
        """
        from . import _examples, _metrics, _optimize

        kind, parameters = optimizer["kind"], dict(optimizer["parameters"])
        _optimize.checked(kind, parameters)
        built = self._programs.get(program)
        train = _examples.examples_of(built, examples["train"], "train")
        validation = _examples.examples_of(built, examples["validation"], "validation")
        merged, cache = self._options_of(built, None)
        runtime = self._loaded_runtime()
        optimization = _optimize.Optimization(
            built,
            runtime.lm(merged, cache),
            _optimize.split(kind, parameters, train, validation),
            _optimize.Functions(functions),
            None if metric is None else _metrics.load(metric),
        )
        with given_tools("optimize", built.tools, tools or {}), runtime.settings(built, merged, cache):
            return _optimize.run(optimization, kind, parameters, lambda name: runtime.lm({"model": name}, cache))

    def _run(
        self,
        command: str,
        program: Program,
        inputs: Any,
        options: Any,
        trace: bool,
        emit: Callable[[object], object] | None = None,
        known: Known | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        arguments = program.arguments(command, inputs)
        merged, cache = self._options_of(program, options)
        run = self._loaded_runtime().run(program, arguments, merged, cache, emit, known, trace, **more)
        result: dict[str, Any] = {"outputs": run.outputs}
        if program.steps_of:
            result["steps"] = run.steps
        if trace:
            result.update(exchanges.last(run.exchanges), usage=exchanges.usage(run.exchanges))
            result["requests"] = exchanges.each(run.exchanges)
        return result

    def _acting(self, program: str, max_steps: int) -> tuple[Program, dict[str, Any]]:
        """Return a program that calls functions of the caller's, and what its module takes beside the inputs."""
        built = self._with_tools(program, max_steps, other="call")
        if built.writes_code:
            raise ArgumentError("act", f"the program {program!r} writes code; run it by 'explore'")
        return built, {"max_iters": max_steps} if built.steps_of else {}

    def _runnable(self, command: str, program: str, predictor: str | None) -> Program:
        """Return a program, or a predictor of it, that calls no functions of the host's caller."""
        return self._without_tools(command, program) if predictor is None else self._part(command, program, predictor)

    def _part(self, command: str, program: str, predictor: str) -> Program:
        from ._host_module import part_of

        return part_of(self._programs.get(program).parts, predictor, command)

    def _options_of(self, program: Program, options: Any) -> tuple[dict[str, Any], bool]:
        """Return the options of a call, and whether answers are cached."""
        merged = {**self._defaults.get(), **program.options, **_options.checked(options)}
        return merged, merged.pop("cache")

    def _check(self, spec: dict[str, Any]) -> None:
        if isinstance(spec, dict) and spec.get("kind") == "module":
            from terrarium.bridge import user_code

            user_code.package_of(spec.get("source"))

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


def _answering(request: dict[str, Any] | None, answer: dict[str, Any] | None) -> Known:
    """Return what answers the first request that is made, if it is that one."""
    answers = iter([answer])

    def known(asked: dict[str, Any]) -> dict[str, Any] | None:
        first = next(answers, None)
        return first if asked == request else None

    return known
