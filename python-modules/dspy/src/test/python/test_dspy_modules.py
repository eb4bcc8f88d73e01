"""Composed programs: modules of users, of the host, and those of DSPy that choose. Any Python runs these functions."""

import importlib.util
import json
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from terrarium.bridge import ArgumentError, HostCallError, SpecError, host
from terrarium.bridge.errors import MissingPackageError
from terrarium.dspy import DspyBridge, _user_code
from test_dspy_bridge import STRING, FakeHost, raised
from test_dspy_bridge import hosted as hosted_alone

HOP = '''
import dspy


class Hop(dspy.Module):
    """Asks for a query, and then for the answer."""

    def __init__(self, hops: int = 1, passages: dict | None = None):
        super().__init__()
        self.hops = hops
        self.passages = passages or {}
        self.query = dspy.Predict("question, notes -> query")
        self.answer = dspy.ChainOfThought("question, notes -> answer")

    def forward(self, question):
        notes = []
        for _ in range(self.hops):
            query = self.query(question=question, notes=notes).query
            notes.append(self.passages[query])
        found = self.answer(question=question, notes=notes)
        return dspy.Prediction(answer=found.answer, notes=notes)


class Silent(dspy.Module):
    def forward(self, question):
        return dspy.Prediction(reply=question)


class Rude(dspy.Module):
    def forward(self, question):
        return "no"


def plain():
    return dspy.ChainOfThought("question -> answer")
'''
SIGNATURE = {
    "inputs": [{"name": "question", "type": STRING}],
    "outputs": [
        {"name": "answer", "type": STRING},
        {"name": "notes", "type": {"type": "list", "items": STRING}},
    ],
}
ANSWER = {**SIGNATURE, "outputs": SIGNATURE["outputs"][:1]}
PASSAGES = {"tea": "Tea grows in Assam.", "Assam": "Assam is in India."}


@contextmanager
def hosted(*answers: Any) -> Iterator[FakeHost]:
    """As there, and what was loaded of users' code is dropped in the end."""
    with hosted_alone(*answers) as fake:
        try:
            yield fake
        finally:
            _user_code.forget()


def source(text: str = HOP, name: str = "hop") -> dict[str, Any]:
    return {"name": name, "files": {f"{name}.py": text}}


def spec(cls: str = "Hop", signature: Any = SIGNATURE, text: str = HOP, **more: Any) -> dict[str, Any]:
    return {"kind": "module", "signature": signature, "source": source(text), "class": cls, **more}


def with_source(code: Any) -> dict[str, Any]:
    return {**spec(), "source": code}


TWO_HOPS = spec(arguments={"hops": 2, "passages": PASSAGES})
ANSWERS = ('{"query": "tea"}', '{"query": "Assam"}', '{"reasoning": "Both.", "answer": "India"}')


def created(bridge: DspyBridge, of: dict[str, Any]) -> str:
    program: str = bridge.dispatch("create_program", {"spec": of})["program"]
    return program


def call(bridge: DspyBridge, program: str, **more: Any) -> Any:
    return bridge.dispatch("call", {"program": program, "inputs": {"question": "Where?"}, **more})


def test_a_users_class_is_a_program() -> None:
    with hosted(*ANSWERS) as fake:
        bridge = DspyBridge()
        result = call(bridge, created(bridge, TWO_HOPS), trace=True, options={"temperature": 0.5})
    assert result["outputs"] == {"answer": "India", "notes": list(PASSAGES.values())}
    assert result["usage"]["calls"] == 3
    assert [request["temperature"] for request in fake.requests] == [0.5] * 3
    assert "Tea grows in Assam." in fake.requests[2]["messages"][-1]["content"]


def test_each_context_builds_it_of_the_registry() -> None:
    with hosted(*ANSWERS, *ANSWERS):
        first, second = DspyBridge(), DspyBridge()
        program = created(first, TWO_HOPS)
        first.cleanup_framework()
        assert call(second, program)["outputs"]["answer"] == "India"
        assert call(first, program)["outputs"]["answer"] == "India"


def test_a_package_imports_its_own_modules() -> None:
    files = {
        "rag/__init__.py": "from .modules import Rag\n",
        "rag/modules.py": "import dspy\nfrom .words import shout\n\n\nclass Rag(dspy.Module):\n"
        "    def forward(self, question):\n        return dspy.Prediction(answer=shout(question))\n",
        "rag/words.py": "def shout(text):\n    return text.upper()\n",
    }
    of = {"kind": "module", "signature": ANSWER, "source": {"name": "rag", "files": files}, "class": "Rag"}
    quiet = {**files, "rag/words.py": "def shout(text):\n    return text.lower()\n"}
    with hosted():
        bridge = DspyBridge()
        loud = created(bridge, of)
        other = created(bridge, {**of, "source": {"name": "rag", "files": quiet}})
        assert [call(bridge, each)["outputs"]["answer"] for each in (loud, other, loud)] == [
            "WHERE?",
            "where?",
            "WHERE?",
        ]


def test_what_is_wrong_with_the_users_code_has_its_line() -> None:
    with hosted():
        bridge = DspyBridge()
        for faulty, part in (
            (spec(text="import dspy\nclass Hop(:\n"), "spec.source: hop.py, line 2: SyntaxError"),
            (spec(text="import dspy\n\nunknown\n"), "spec.source: importing it failed at hop.py, line 3: NameError"),
            (
                spec("Hopp"),
                "spec.class: hop.py has no class 'Hopp'; did you mean 'Hop'? Its modules: Hop, Silent, Rude",
            ),
            (spec("dspy"), "spec.class: hop.py has no class 'dspy'"),
            (spec(arguments={"hop": 1}), "spec.class: Hop(hop) failed at hop.py: TypeError"),
            (spec("str"), "spec.class"),
            (spec(arguments=[1]), "spec.arguments"),
            ({**spec(), "source": {"name": "hop", "files": {"other.py": ""}}}, "the one file hop.py"),
            (
                {**spec(), "source": {"name": "hop", "files": {"hop/__init__.py": "", "x.py": ""}}},
                "the one file hop.py",
            ),
            ({**spec(), "source": {"name": "1", "files": {}}}, "spec.source.name"),
            ({**spec(), "source": "hop.py"}, "spec.source"),
        ):
            error = raised(SpecError, lambda faulty=faulty: created(bridge, faulty))  # type: ignore[misc]
            assert part in str(error), error
        error = raised(SpecError, lambda: bridge.dispatch("define_program", {"spec": spec(text="class")}))
        assert "hop.py, line 1" in str(error)


def test_missing_outputs_are_named() -> None:
    with hosted():
        bridge = DspyBridge()
        for cls, message in (
            ("Silent", "Silent returned no 'answer', 'notes'; it returned reply"),
            ("Rude", "Rude must return a dspy.Prediction, it returned 'no'"),
        ):
            program = created(bridge, spec(cls))
            error = raised(Exception, lambda program=program: call(bridge, program))  # type: ignore[misc]
            assert (type(error).__name__, str(error)) == ("OutputError", message)


def test_one_state_of_all_predictors() -> None:
    demo = {"question": "Who?", "notes": ["x"], "query": "who"}
    with hosted(*ANSWERS) as fake:
        bridge = DspyBridge()
        program = created(bridge, TWO_HOPS)
        state = bridge.dispatch("get_program_state", {"program": program})
        assert list(state) == ["query", "answer.predict"]
        state["query"]["demos"] = [demo]
        bridge.dispatch("set_program_state", {"program": program, "state": state})
        call(DspyBridge(), program)
    assert "Who?" in str(fake.requests[0]["messages"])
    assert "Who?" not in str(fake.requests[2]["messages"])


def test_the_pieces_of_a_stream_are_of_the_one_predictor_that_writes_the_output() -> None:
    with hosted(*ANSWERS):
        bridge = DspyBridge()
        program = created(bridge, TWO_HOPS)
        pieces: list[Any] = []
        bridge.dispatch("stream", {"program": program, "inputs": {"question": "Where?"}}).run(pieces.append)
    assert "".join(piece["text"] for piece in pieces[:-1]) == "India"
    assert {piece["field"] for piece in pieces[:-1]} == {"answer"}
    assert pieces[-1]["outputs"]["answer"] == "India"


def test_code_cannot_be_frozen_but_a_plain_predictor_can() -> None:
    with hosted():
        bridge = DspyBridge()
        program = created(bridge, TWO_HOPS)
        error = raised(ArgumentError, lambda: bridge.dispatch("freeze_program", {"program": program}))
        assert "the module Hop" in str(error)
        plan = bridge.dispatch("freeze_program", {"program": created(bridge, spec("plain", ANSWER))})
    assert [each["name"] for each in plan["outputs"]] == ["reasoning", "answer"]


COMPOSED = {
    "kind": "composed",
    "signature": ANSWER,
    "predictors": {
        "query": {"kind": "predict", "signature": "question -> query", "options": {"temperature": 0.25}},
        "answer": {"kind": "chain_of_thought", "signature": "question, note -> answer"},
    },
}


def forward(bridge: DspyBridge, failing: bool = False) -> Callable[[dict[str, Any], int], dict[str, Any]]:
    """The host's function, as Java has it: it calls back in the same thread."""

    def run(inputs: dict[str, Any], number: int) -> dict[str, Any]:
        def predictor(name: str, **given: Any) -> Any:
            return bridge.dispatch("call_predictor", {"run": number, "predictor": name, "inputs": given})["outputs"]

        query = predictor("query", question=inputs["question"])["query"]
        if failing:
            raise HostCallError("@forward", RuntimeError("java.lang.IllegalStateException: no notes"))
        found: str = predictor("answer", question=inputs["question"], note=PASSAGES[query])["answer"]
        return {"answer": found}

    return run


def test_forward_of_the_host_calls_the_modules_own_predictors() -> None:
    with hosted('{"query": "tea"}', '{"reasoning": "", "answer": "India"}') as fake:
        bridge = DspyBridge()
        program = created(bridge, COMPOSED)
        result = bridge.dispatch(
            "act",
            {
                "program": program,
                "inputs": {"question": "Where?"},
                "tools": {"@forward": forward(bridge)},
                "trace": True,
            },
        )
        state = bridge.dispatch("get_program_state", {"program": program})
    assert result["outputs"] == {"answer": "India"}
    assert "steps" not in result
    assert result["usage"]["calls"] == 2
    assert [request["temperature"] for request in fake.requests] == [0.25, None]
    assert list(state) == ["query", "answer.predict"]


def test_a_copy_of_the_module_calls_its_own_predictors() -> None:
    import dspy

    with hosted('{"query": "tea"}', '{"reasoning": "", "answer": "India"}') as fake:
        bridge = DspyBridge()
        built = bridge._programs.get(created(bridge, COMPOSED))
        copied = built.module.reset_copy()
        copied.query.demos = [dspy.Example(question="Who?", query="who")]
        runtime = bridge._loaded_runtime()
        from terrarium.bridge.tools import given

        with (
            given("compile", built.tools, {"@forward": forward(bridge)}),
            dspy.context(lm=runtime._model(None, False), adapter=runtime.adapter("json"), trace=[]),
        ):
            prediction = copied(question="Where?")
            trace = dspy.settings.trace
    assert prediction.answer == "India"
    assert [predictor for predictor, _, _ in trace] == copied.predictors()
    assert "Who?" in str(fake.requests[0]["messages"])


def test_predictors_can_be_called_by_themselves_and_inside_of_forward_only() -> None:
    with hosted('{"query": "tea"}') as fake:
        bridge = DspyBridge()
        program = created(bridge, COMPOSED)
        result = call(bridge, program, predictor="query")
        assert result["outputs"] == {"query": "tea"}
        assert fake.requests[0]["temperature"] == 0.25
        error = raised(ArgumentError, lambda: call(bridge, program, predictor="qery"))
        assert "did you mean 'query'?" in str(error)
        error = raised(ArgumentError, lambda: call(bridge, program))
        assert "run it by 'act'" in str(error)
        arguments = {"run": 1, "predictor": "query", "inputs": {"question": ""}}
        error = raised(ArgumentError, lambda: bridge.dispatch("call_predictor", arguments))
        assert "by its 'forward' only" in str(error)
        plan = bridge.dispatch("freeze_program", {"program": program, "predictor": "answer"})
    assert [each["name"] for each in plan["inputs"]] == ["question", "note"]


def test_what_forward_raises_is_the_callers() -> None:
    with hosted('{"query": "tea"}'):
        bridge = DspyBridge()
        program = created(bridge, COMPOSED)
        arguments = {"program": program, "inputs": {"question": ""}, "tools": {"@forward": forward(bridge, True)}}
        error = raised(HostCallError, lambda: bridge.dispatch("act", arguments))
    assert error.reason == "no notes"


def test_predictors_that_a_module_cannot_have_are_refused() -> None:
    ask = {"kind": "predict", "signature": "q -> a"}
    with hosted():
        bridge = DspyBridge()
        for predictors, part in (
            ({}, "spec.predictors: must be a dict"),
            ({"forward": ask}, "spec.predictors.forward: a module has the name"),
            ({"_x": ask}, "spec.predictors: a predictor's name"),
            ({"x": {**ask, "signature": "q"}}, "spec.predictors.x.signature"),
            ({"x": {**ask, "kind": "y"}}, "spec.predictors.x.kind"),
            ({"x": COMPOSED}, "spec.predictors.x: a predictor calls no functions"),
        ):
            faulty = {**COMPOSED, "predictors": predictors}
            error = raised(SpecError, lambda faulty=faulty: created(bridge, faulty))  # type: ignore[misc]
            assert part in str(error), error


ASK = {"kind": "predict", "signature": "question -> answer"}


def chosen(bridge: DspyBridge, of: dict[str, Any], reward: Callable[..., Any], **more: Any) -> Any:
    arguments = {"program": created(bridge, of), "inputs": {"question": "Where?"}, "tools": {"@reward": reward, **more}}
    return bridge.dispatch("act", arguments)["outputs"]


def rating(inputs: dict[str, Any], outputs: dict[str, Any]) -> float:
    assert inputs == {"question": "Where?"}
    return 1.0 if " " not in outputs["answer"] else 0.0


def test_best_of_n_stops_at_the_threshold_or_returns_the_best() -> None:
    of = {"kind": "best_of_n", "of": {**ASK, "options": {"max_tokens": 9}}, "n": 3, "threshold": 1.0}
    with hosted('{"answer": "in India"}', '{"answer": "India"}', *['{"answer": "in Asia"}'] * 3) as fake:
        bridge = DspyBridge()
        assert chosen(bridge, of, rating) == {"answer": "India"}
        assert [request["temperature"] for request in fake.requests] == [1.0, 1.0]
        assert [request["max_tokens"] for request in fake.requests] == [9, 9]
        assert chosen(bridge, of, rating) == {"answer": "in Asia"}
    assert len(fake.requests) == 5


def test_failures_of_one_call_do_not_count_in_the_next() -> None:
    of = {"kind": "best_of_n", "of": ASK, "n": 2, "threshold": 1.0}
    with hosted(*["no JSON", '{"answer": "India"}'] * 5):
        bridge = DspyBridge()
        assert [chosen(bridge, of, rating) for _ in range(5)] == [{"answer": "India"}] * 5


def test_reward_that_fails_ends_the_call() -> None:
    def failing(*_: Any) -> float:
        raise HostCallError("@reward", RuntimeError("java.lang.IllegalStateException: no scale"))

    of = {"kind": "best_of_n", "of": ASK, "n": 3, "threshold": 1.0}
    with hosted('{"answer": "India"}') as fake:
        error = raised(HostCallError, lambda: chosen(DspyBridge(), of, failing))
    assert error.reason == "no scale"
    assert len(fake.requests) == 1


def test_no_answer_at_all_is_named() -> None:
    of = {"kind": "best_of_n", "of": ASK, "n": 2, "threshold": 1.0}
    with hosted("no", "no"):
        error = raised(Exception, lambda: chosen(DspyBridge(), of, rating))
    assert "BestOfN must return a dspy.Prediction, it returned None" in str(error)


@contextmanager
def json_by_the_host() -> Iterator[None]:
    """What the stand-in of orjson needs where Java is not there."""
    missing = not host.available("orjson.dumps")
    if missing:
        host.install({"orjson.dumps": lambda data, flags: json.dumps(data)})
    try:
        yield
    finally:
        if missing:
            host.uninstall("orjson.dumps")


def test_refine_tells_the_model_what_was_wrong() -> None:
    of = {"kind": "refine", "of": TWO_HOPS, "n": 2, "threshold": 1.0, "reward": "The answer is one word."}
    advice = json.dumps({"discussion": "Too long.", "advice": {"answer.predict": "Say one word."}})
    wordy = ('{"query": "tea"}', '{"query": "Assam"}', '{"reasoning": "", "answer": "in India"}')
    with hosted(*wordy, advice, *ANSWERS) as fake, json_by_the_host():
        outputs = chosen(DspyBridge(), of, rating)
    assert outputs["answer"] == "India"
    asked = str(fake.requests[3]["messages"])
    assert "The answer is one word." in asked
    assert "class Hop(dspy.Module)" in asked
    assert "Say one word." in str(fake.requests[-1]["messages"])


def test_a_state_of_the_program_within_is_kept() -> None:
    with hosted('{"answer": "India"}') as fake:
        bridge = DspyBridge()
        state = bridge.dispatch("get_program_state", {"program": created(bridge, ASK)})
        state["demos"] = [{"question": "Who?", "answer": "me"}]
        chosen(bridge, {"kind": "best_of_n", "of": ASK, "state": state, "n": 2, "threshold": 1.0}, rating)
    assert "Who?" in str(fake.requests[0]["messages"])


def test_a_composed_module_can_be_tried_several_times() -> None:
    answers = ('{"query": "tea"}', '{"reasoning": "", "answer": "in India"}')
    better = ('{"query": "tea"}', '{"reasoning": "", "answer": "India"}')
    with hosted(*answers, *better):
        bridge = DspyBridge()
        of = {"kind": "best_of_n", "of": COMPOSED, "n": 2, "threshold": 1.0}
        assert chosen(bridge, of, rating, **{"@forward": forward(bridge)}) == {"answer": "India"}


def test_attempts_are_compared() -> None:
    of = {"kind": "multi_chain_comparison", "signature": "question -> answer", "attempts": 2}
    attempts = [
        {"reasoning": "It is near.", "outputs": {"answer": "Nepal"}},
        {"reasoning": "It is big.", "outputs": {"answer": "India"}},
    ]
    with hosted('{"rationale": "Big.", "answer": "India"}') as fake:
        bridge = DspyBridge()
        program = created(bridge, of)
        inputs = {"inputs": {"question": "Where?"}, "attempts": attempts}
        result = bridge.dispatch("call", {"program": program, "inputs": inputs})
        assert result["outputs"] == {"rationale": "Big.", "answer": "India"}
        for wrong in (attempts[:1], [{"outputs": {"answer": "x"}}] * 2, "x"):
            inputs = {"inputs": {"question": "Where?"}, "attempts": wrong}
            arguments = {"program": program, "inputs": inputs}
            error = raised(ArgumentError, lambda arguments=arguments: bridge.dispatch("call", arguments))  # type: ignore[misc]
            assert "input 'attempts'" in str(error)
    assert fake.requests[0]["temperature"] == 0.7
    assert "I'm trying to It is big." in fake.requests[0]["messages"][-1]["content"]


def vectors(_model: Any, texts: list[str]) -> "list[array[float]]":
    """Of each text, whether it is of tea, and whether it is of coffee."""
    return [array("f", (float("tea" in text), float("coffee" in text))) for text in texts]


def test_the_nearest_examples_are_found_where_numpy_is_there() -> None:
    examples = [{"question": "coffee?"}, {"question": "tea?"}, {"question": "water?"}]
    arguments = {"examples": examples, "inputs": {"question": "green tea"}, "k": 1}
    with hosted():
        host.install({"embedding.embed": vectors})
        bridge = DspyBridge()
        if importlib.util.find_spec("numpy"):
            assert bridge.dispatch("nearest", arguments) == [1]
            assert bridge.dispatch("nearest", {**arguments, "inputs": {"question": "coffee"}}) == [0]
            assert bridge.dispatch("nearest", {**arguments, "examples": examples[:1]}) == [0]
        else:
            missing = raised(MissingPackageError, lambda: bridge.dispatch("nearest", arguments))
            assert "add the dependency dev.terrarium:terrarium-python-numpy" in str(missing)
        error = raised(ArgumentError, lambda: bridge.dispatch("nearest", {**arguments, "k": 4}))
        assert "k must be from 1 to the number of examples, 3, got 4" in str(error)
        host.uninstall("embedding.embed")


def test_faulty_specs_of_choosing_programs_are_refused() -> None:
    best = {"kind": "best_of_n", "of": ASK, "n": 2, "threshold": 1.0}
    with hosted():
        bridge = DspyBridge()
        for faulty, part in (
            ({**best, "n": 0}, "spec.n: must be a whole number from 1"),
            ({**best, "threshold": "1"}, "spec.threshold: must be a finite number"),
            ({**best, "of": {**ASK, "kind": "x"}}, "spec.of.kind"),
            ({**best, "signature": "q -> a"}, "spec: unknown key 'signature'"),
            ({**best, "kind": "refine"}, "spec.reward: must say in words"),
            ({"kind": "multi_chain_comparison", "signature": "q -> a", "attempts": 1}, "spec.attempts"),
            ({"kind": "multi_chain_comparison", "signature": "rationale -> a", "attempts": 2}, "writes 'rationale'"),
        ):
            error = raised(SpecError, lambda faulty=faulty: created(bridge, faulty))  # type: ignore[misc]
            assert part in str(error), error
