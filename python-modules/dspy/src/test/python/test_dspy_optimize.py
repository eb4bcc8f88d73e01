"""Optimizers of DSPy on a fake host. Plain functions and asserts only, so that any Python runs them."""

import importlib.util
import json
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import dspy

from terrarium.bridge import ArgumentError, HostCallError
from terrarium.bridge import host as services
from terrarium.bridge.errors import MissingPackageError
from terrarium.dspy import DspyBridge
from test_dspy_bridge import FakeHost, hosted, raised

SPEC = {
    "kind": "predict",
    "signature": {
        "name": "Color",
        "instructions": "Name the color.",
        "inputs": [{"name": "thing", "type": {"type": "string"}}],
        "outputs": [{"name": "color", "type": {"type": "enum", "values": ["red", "green", "blue"]}}],
    },
}
COLORS = {"cherry": "red", "rose": "red", "leaf": "green", "grass": "green", "sky": "blue", "sea": "blue"}
EXAMPLES = [{"inputs": {"thing": thing}, "expected": {"color": color}} for thing, color in COLORS.items()]
PROPOSED = "Look at the thing."


class JavaError(BaseException):
    """As a Java exception, which is no Exception to Python."""


class Painter(FakeHost):
    """A model that knows colors when it has seen demonstrations or was told to look, and else says red.

    It proposes that instruction to whoever asks for texts.
    """

    def generate(self, request: dict[str, Any]) -> dict[str, Any]:
        messages = request["messages"]
        schema = request.get("schema") or {"properties": {}}
        if list(schema["properties"])[-1:] == ["color"]:
            thing = next(name for name in COLORS if name in messages[-1]["content"])
            taught = len(messages) > 2 or PROPOSED in messages[0]["content"]
            color = COLORS[thing] if taught else "red"
            self.answers = [json.dumps({**dict.fromkeys(schema["properties"], "So."), "color": color})]
        else:
            self.answers = [json.dumps(dict.fromkeys(schema["properties"], PROPOSED))]
        return super().generate(request)


@contextmanager
def painter(fake: Painter | None = None) -> Any:
    fake = fake or Painter()
    with hosted():
        services.install({**fake.services(), "model.generate": fake.generate})
        yield fake


class Host:
    """The host's functions of one run, with a metric of equal colors."""

    def __init__(self, bridge: DspyBridge, program: str, examples: list[dict[str, Any]] = EXAMPLES) -> None:
        self.bridge = bridge
        self.program = program
        self.examples = examples
        self.began: dict[str, Any] = {}
        self.scored: dict[tuple[str, int], dict[str, Any]] = {}
        self.candidates: list[tuple[int, float]] = []
        self.answers: dict[str, Any] = {}
        self.steps: list[Any] = []
        self.predictors: list[Any] = []
        self.ahead: str | None = None
        self.traced: list[str] = []
        self.metric: Callable[[int, dict[str, Any]], float] = lambda number, outputs: float(
            outputs == self.examples[number]["expected"]
        )

    def evaluate(self, key: str, state: Any, numbers: list[int], _most: int, _failure: float) -> dict[str, Any]:
        for number in numbers:
            if (key, number) not in self.scored:
                arguments = {"program": self.program, "state": state, "inputs": self.examples[number]["inputs"]}
                try:
                    outputs = self.bridge.dispatch("run_candidate", arguments)["outputs"]
                except dspy.AdapterParseError:
                    self.scored[key, number] = {"outputs": None, "score": 0.0}
                else:
                    self.scored[key, number] = {"outputs": outputs, "score": self.metric(number, outputs)}
        results = [self.scored[key, number] for number in numbers]
        self.candidates.append((len(numbers), 100 * sum(each["score"] for each in results) / len(numbers)))
        return {"results": results, "failed": 0, "error": None}

    def score(self, number: int, outputs: Any, steps: Any, predictor: Any) -> dict[str, Any]:
        self.steps.append(steps)
        self.predictors.append(predictor)
        score = self.metric(number, outputs)
        return {"score": score, "feedback": "It is " + self.examples[number]["expected"]["color"]}

    def begin(self, run: dict[str, Any]) -> dict[str, Any]:
        self.began = run
        return {"contexts": 1 if self.ahead is None else 2}

    def trace(self, states: dict[str, Any], runs: list[dict[str, Any]]) -> list[Any]:
        """As the host makes runs ahead: in a context, by a plan, or not at all."""
        return [self.made(states[run["state"]], run) for run in runs]

    def made(self, state: dict[str, Any], run: dict[str, Any]) -> Any:
        if self.ahead is None:
            return None
        arguments = {
            "program": self.program,
            "state": state,
            "inputs": self.examples[run["number"]]["inputs"],
            "lm": run["lm"],
            "functions": {name: self.functions()[name] for name in ("recall", "remember")},
        }
        try:
            traced = self.bridge.dispatch("trace_candidate", arguments)
        except Exception:
            return None
        self.traced.append(run["key"])
        if self.ahead == "contexts":
            return traced
        outputs = traced["steps"][-1]["outputs"]
        return {"outputs": outputs, "order": list(outputs)}

    def functions(self) -> dict[str, Callable[..., Any]]:
        return {
            "begin": self.begin,
            "evaluate": self.evaluate,
            "trace": self.trace,
            "score": self.score,
            "recall": self.answers.get,
            "remember": self.answers.__setitem__,
        }


def optimize(
    kind: str, parameters: dict[str, Any], examples: Any = EXAMPLES, validation: Any = (), **more: Any
) -> tuple[Host, dict[str, Any], Painter]:
    with painter(more.pop("fake", None)) as fake:
        bridge = DspyBridge()
        program = bridge.dispatch("define_program", {"spec": more.pop("spec", SPEC)})["program"]
        host = Host(bridge, program, [*examples, *validation])
        for name, value in more.items():
            setattr(host, name, value)
        arguments = {
            "program": program,
            "optimizer": {"kind": kind, "parameters": parameters},
            "examples": {"train": list(examples), "validation": list(validation)},
            "functions": host.functions(),
        }
        return host, bridge.dispatch("optimize", arguments), fake


def best(host: Host) -> float:
    most = max(count for count, _ in host.candidates)
    return max(score for count, score in host.candidates if count == most)


def test_demonstrations_with_labels_teach_the_model() -> None:
    host, result, fake = optimize("labeled_few_shot", {"k": 3})
    assert [round(score) for _, score in host.candidates] == [33, 100]
    assert len(result["state"]["demos"]) == 3
    assert set(result["state"]["demos"][0]) == {"thing", "color"}
    assert len(fake.requests) == 12
    assert host.began["dspy"] == "3.4.1"


def test_demonstrations_are_found_with_a_metric_of_the_host_that_sees_a_trace() -> None:
    host, result, _ = optimize("bootstrap_few_shot", {"max_bootstrapped_demos": 2, "max_labeled_demos": 2})
    demos = result["state"]["demos"]
    assert [each["augmented"] for each in demos] == [True, True]
    assert host.steps[0] == [{"predictor": "self", "inputs": {"thing": "cherry"}, "outputs": {"color": "red"}}]
    assert best(host) == 100


def test_wrong_answers_become_no_demonstrations_when_the_metric_explains_them() -> None:
    _, result, _ = optimize("bootstrap_few_shot", {"max_bootstrapped_demos": 6, "max_labeled_demos": 0})
    assert {each["thing"]: each["color"] for each in result["state"]["demos"]} == {"cherry": "red", "rose": "red"}


def test_random_search_evaluates_its_candidates_on_the_host() -> None:
    host, result, fake = optimize(
        "random_search",
        {"num_candidate_programs": 2, "max_bootstrapped_demos": 1, "max_labeled_demos": 1},
        EXAMPLES[:3],
        EXAMPLES[3:],
    )
    assert [count for count, _ in host.candidates] == [3] * 7  # as it was, five candidates, and the best one again
    assert best(host) == 100
    assert result["state"]["demos"]
    asked = len(fake.requests)
    assert asked < 3 * 6 + 3 * 4  # a state is asked once, and so is a request of the search


def test_copro_finds_a_better_instruction() -> None:
    host, result, fake = optimize("copro", {"breadth": 2, "depth": 1})
    assert result["state"]["signature"]["instructions"] == PROPOSED
    assert best(host) == 100
    assert "basic_instruction" in fake.requests[6]["messages"][0]["content"]


def test_gepa_reflects_on_the_hosts_feedback() -> None:
    parameters = {"max_metric_calls": 30, "reflection_minibatch_size": 3, "use_merge": False}
    host, result, fake = optimize("gepa", parameters, EXAMPLES, EXAMPLES[:4])
    assert PROPOSED in result["state"]["signature"]["instructions"]
    assert best(host) == 100
    assert "self" in host.predictors
    assert any("It is " in request["messages"][-1]["content"] for request in fake.requests)


def test_mipro_simba_and_both_together_where_their_packages_are() -> None:
    for kind, parameters in (
        ("mipro", {"auto": None, "num_candidates": 4, "num_trials": 4, "minibatch": False, "max_labeled_demos": 2}),
        ("simba", {"bsize": 4, "num_candidates": 2, "max_steps": 2, "max_demos": 2}),
    ):
        if importlib.util.find_spec("optuna") is None:
            refused = raised(MissingPackageError, lambda: optimize(kind, parameters))  # noqa: B023 - called at once
            assert "add the dependency dev.terrarium:terrarium-python-" in str(refused)
        else:
            host, _, _ = optimize(kind, parameters)
            assert best(host) == 100, kind


TRACED: list[tuple[str, dict[str, Any]]] = [
    ("bootstrap_few_shot", {"max_bootstrapped_demos": 3, "max_labeled_demos": 3, "max_rounds": 2}),
    ("random_search", {"num_candidate_programs": 2, "max_bootstrapped_demos": 2, "max_labeled_demos": 2}),
    ("gepa", {"max_metric_calls": 40, "reflection_minibatch_size": 3, "use_merge": False}),
    ("simba", {"bsize": 4, "num_candidates": 3, "max_steps": 2, "max_demos": 2}),
    ("mipro", {"auto": None, "num_candidates": 4, "num_trials": 4, "minibatch": False, "max_labeled_demos": 2}),
]
THOUGHT = {**SPEC, "kind": "chain_of_thought"}
CHAT = {**SPEC, "options": {"adapter": "chat"}}
PIPELINE = {
    "kind": "module",
    "signature": SPEC["signature"],
    "source": {
        "name": "painting",
        "files": {
            "painting.py": """
from typing import Literal

import dspy

class Painting(dspy.Module):
    def __init__(self):
        super().__init__()
        self.look = dspy.Predict("thing -> hint")
        self.paint = dspy.Predict(dspy.Signature("thing, hint -> color: Literal['red', 'green', 'blue']"))

    def forward(self, thing):
        hint = self.look(thing=thing).hint
        return dspy.Prediction(color=self.paint(thing=thing, hint=hint).color, hint=hint)
"""
        },
    },
    "class": "Painting",
    "arguments": {},
}


def test_runs_that_the_host_made_ahead_change_nothing() -> None:
    bootstrap, search, gepa, simba, mipro = TRACED
    alike: list[tuple[Any, Any, tuple[str, ...]]] = [
        (bootstrap, SPEC, ("contexts", "plans")),
        (bootstrap, PIPELINE, ("contexts",)),
        (search, SPEC, ("contexts",)),
        (gepa, SPEC, ("contexts", "plans")),
        (gepa, THOUGHT, ("plans",)),
        (gepa, PIPELINE, ("contexts",)),
    ]
    if importlib.util.find_spec("optuna"):
        alike += [(simba, SPEC, ("contexts", "plans")), (simba, PIPELINE, ("contexts",)), (mipro, SPEC, ("plans",))]
    for (kind, parameters), spec, ways in alike:
        host, alone, fake = optimize(kind, parameters, spec=spec)
        assert host.traced == []
        for ahead in ways:
            other, result, asked = optimize(kind, parameters, spec=spec, ahead=ahead)
            assert result == alone, (kind, ahead)
            assert other.candidates == host.candidates
            assert other.steps == host.steps
            assert other.predictors == host.predictors
            assert sorted(map(json.dumps, asked.requests)) == sorted(map(json.dumps, fake.requests)), (kind, ahead)
            assert other.traced, (kind, ahead)


def test_a_run_that_fails_ahead_fails_as_dspy_does_and_asks_nothing_again() -> None:
    class Broken(Painter):
        def generate(self, request: dict[str, Any]) -> dict[str, Any]:
            answer = super().generate(request)
            is_color = list((request.get("schema") or {"properties": {}})["properties"]) == ["color"]
            return {**answer, "text": "purple"} if is_color and "sky" in request["messages"][-1]["content"] else answer

    kind, parameters = TRACED[2]
    alone = optimize(kind, parameters, fake=Broken())
    ahead = optimize(kind, parameters, fake=Broken(), ahead="contexts")
    assert ahead[1] == alone[1]
    assert ahead[0].steps == alone[0].steps
    assert sorted(map(json.dumps, ahead[2].requests)) == sorted(map(json.dumps, alone[2].requests))
    assert ahead[0].traced


def test_optimizers_run_one_after_another() -> None:
    nested = {
        "p": {"kind": "labeled_few_shot", "parameters": {"k": 2}},
        "q": {"kind": "copro", "parameters": {"breadth": 2, "depth": 1}},
    }
    refused = raised(
        ArgumentError,
        lambda: optimize("better_together", {"optimizers": {"w": {**nested["p"], "kind": "bootstrap_finetune"}}}),
    )
    assert "trains the weights" in str(refused)
    host, result, _ = optimize("better_together", {"optimizers": nested, "strategy": "p -> q"}, EXAMPLES, EXAMPLES)
    assert result["state"]["demos"]
    assert best(host) == 100


def test_what_the_host_raises_ends_the_run() -> None:
    failure = JavaError("the budget is used up")

    def fail(*_: Any) -> float:
        raise HostCallError("score", failure)

    error = raised(HostCallError, lambda: optimize("bootstrap_few_shot", {}, metric=fail))
    assert error.__cause__ is None or error.__cause__ is failure


def test_what_does_not_run_or_does_not_exist_is_refused_by_name() -> None:
    def message(*arguments: Any) -> str:
        return str(raised(ArgumentError, lambda: optimize(*arguments)))

    assert "create it by dspy.knnFewShot" in message("knn_few_shot", {}).replace("\n", " ")
    assert "create it by dspy.ensemble" in message("ensemble", {})
    assert "no optimizer 'adam'" in message("adam", {})
    assert "k" in message("labeled_few_shot", {"K": 3})
    assert "there is no example to train on" in message("labeled_few_shot", {}, [])
    lost = [EXAMPLES[0], {"inputs": {}, "expected": {"color": "red"}}]
    assert "example train[1]: missing input 'thing'" in message("labeled_few_shot", {}, lost)
    bare = [EXAMPLES[0], {"inputs": {"thing": "cherry"}, "expected": {}}]
    assert "example train[1]: missing expected output 'color'" in message("labeled_few_shot", {}, bare)
    wrong = [{"inputs": {"thing": "cherry"}, "expected": {"color": "purple"}}]
    assert "example train[0]: expected output 'color'" in message("labeled_few_shot", {}, wrong)


METRIC = """
def same(example, prediction, trace=None):
    return example.color == prediction.color

def nothing(example, prediction):
    return None

def broken(example, prediction):
    return 1 / 0
"""


def score(function: str, source: str = METRIC) -> Any:
    with hosted():
        return DspyBridge().dispatch(
            "score_prediction",
            {
                "metric": {"file": "metric.py", "source": source, "function": function},
                "inputs": {"thing": "sky"},
                "expected": {"color": "blue"},
                "outputs": {"color": "blue"},
            },
        )


def test_metrics_in_python_score_predictions() -> None:
    assert score("same") == {"score": 1.0, "feedback": None}
    assert "returned None" in str(raised(ArgumentError, lambda: score("nothing")))
    assert "threw ZeroDivisionError" in str(raised(ArgumentError, lambda: score("broken")))
    assert "no function 'other'. Functions: broken, nothing, same" in str(raised(ArgumentError, lambda: score("other")))
    assert "SyntaxError" in str(raised(ArgumentError, lambda: score("same", "def same(")))
