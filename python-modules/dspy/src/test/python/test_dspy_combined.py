"""Programs that optimizers make of others, on a fake host. Functions and asserts only, so that any Python runs them."""

import importlib.util
import json
import random
from array import array
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import dspy

from terrarium.bridge import HostCallError, SpecError, host
from terrarium.bridge.errors import MissingPackageError
from terrarium.dspy import DspyBridge, _adapters
from terrarium.dspy._combined import majority
from terrarium.dspy._model import HostEngine
from test_dspy_bridge import FakeHost, hosted, raised

ASK = {
    "kind": "predict",
    "signature": {
        "name": "Text",
        "instructions": "Answer.",
        "inputs": [{"name": "question", "type": {"type": "string"}}],
        "outputs": [{"name": "answer", "type": {"type": "string"}}],
    },
}
PLACES = {"tea": "India", "coffee": "Ethiopia", "green tea": "China", "cold tea": "Texas"}
TRAIN = [{"inputs": {"question": f"Where is {drink} from?"}, "expected": {"answer": PLACES[drink]}} for drink in PLACES]


def vectors(_model: Any, texts: list[str]) -> "list[array[float]]":
    return [array("f", [float(text.count(word)) for word in ("tea", "coffee", "green", "cold")]) for text in texts]


def answers(request: dict[str, Any]) -> str:
    question = request["messages"][-1]["content"]
    return json.dumps({"answer": max((PLACES[each] for each in PLACES if each in question), key=len, default="?")})


class Drinks(FakeHost):
    """A model that knows where drinks are from."""

    def generate(self, request: dict[str, Any]) -> dict[str, Any]:
        self.answers = self.answers or [answers(request)]
        return super().generate(request)


@contextmanager
def drinks(*given: Any) -> Any:
    fake = Drinks(*given)
    with hosted():
        host.install({**fake.services(), "model.generate": fake.generate, "embedding.embed": vectors})
        try:
            yield fake
        finally:
            host.uninstall("embedding.embed")


def asked_of(fake: FakeHost) -> list[Any]:
    return [request["messages"] for request in fake.requests]


def upstream(compiled: Callable[[], dspy.Module], questions: list[str]) -> tuple[list[str], list[Any]]:
    """What DSPy itself asks and answers."""
    with drinks() as fake:
        lm = dspy.LM("terrarium/default", engine=HostEngine(None), num_retries=0)
        with dspy.context(lm=lm, adapter=_adapters.SchemaJsonAdapter(), disable_history=True):
            program = compiled()
            random.seed(3)
            return [program(question=each).answer for each in questions], asked_of(fake)


def signature() -> Any:
    from terrarium.dspy._signatures import signature_of

    return signature_of(ASK["signature"])


def rows() -> list[dspy.Example]:
    return [dspy.Example(**each["inputs"], **each["expected"]).with_inputs("question") for each in TRAIN]


def knn(**more: Any) -> dict[str, Any]:
    return {"kind": "knn_few_shot", "of": ASK, "k": 2, "train": TRAIN, **more}


QUESTIONS = ["Is green tea good?", "And coffee?"]


def test_demonstrations_of_the_nearest_examples_are_those_of_dspy() -> None:
    if importlib.util.find_spec("numpy") is None:
        error = raised(MissingPackageError, lambda: DspyBridge().dispatch("create_program", {"spec": knn()}))
        assert "dspy.KNNFewShot needs numpy: add the dependency" in str(error)
        return
    for options in ({}, {"max_bootstrapped_demos": 1, "max_labeled_demos": 0}):

        def compiled(options: dict[str, Any] = options) -> dspy.Module:
            embedder = dspy.Embedder(lambda texts: [list(each) for each in vectors(None, texts)], caching=False)
            return dspy.KNNFewShot(2, rows(), vectorizer=embedder, **options).compile(dspy.Predict(signature()))

        expected, asked = upstream(compiled, QUESTIONS)
        with drinks() as fake:
            bridge = DspyBridge()
            program = bridge.dispatch("create_program", {"spec": knn(bootstrap=options)})["program"]
            found = [
                DspyBridge().dispatch("call", {"program": program, "inputs": {"question": each}})["outputs"]["answer"]
                for each in QUESTIONS
            ]
            assert found == expected
            assert asked_of(fake) == asked
            assert len(asked) == 2 * (3 if not options else 2)


def test_a_metric_of_the_caller_or_of_a_file_chooses_demonstrations() -> None:
    if importlib.util.find_spec("numpy") is None:
        return
    seen: list[Any] = []

    def metric(inputs: Any, expected: Any, outputs: Any) -> float:
        seen.append((inputs, expected, outputs))
        return 0.0

    with drinks() as fake:
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": knn(metric="@metric")})["program"]
        arguments: dict[str, Any] = {"program": program, "inputs": {"question": "Is green tea good?"}}
        bridge.dispatch("act", {**arguments, "tools": {"@metric": metric}})
        assert len(seen) == 2
        assert seen[0] == (TRAIN[2]["inputs"], TRAIN[2]["expected"], {"answer": "India"})
        assert all("outputs" not in each[2] and each[2].keys() == {"answer"} for each in seen)

        def failing(*_: Any) -> float:
            raise HostCallError("@metric", ValueError("no"))

        raised(HostCallError, lambda: bridge.dispatch("act", {**arguments, "tools": {"@metric": failing}}))
        fake.requests.clear()
        file = {"file": "m.py", "source": "def no(example, prediction, trace=None):\n    return 0\n", "function": "no"}
        program = bridge.dispatch("create_program", {"spec": knn(metric=file)})["program"]
        bridge.dispatch("call", {**arguments, "program": program})
        assert len(fake.requests) == 3


def test_faulty_specs_are_refused_with_their_place() -> None:
    def message(spec: dict[str, Any]) -> str:
        with drinks():
            return str(raised(SpecError, lambda: DspyBridge().dispatch("create_program", {"spec": spec})))

    if importlib.util.find_spec("numpy"):
        assert "spec.k: must be a whole number from 1 to 4" in message(knn(k=5))
        assert "spec.train: must have two examples at least, got 1" in message(knn(train=TRAIN[:1]))
        assert "spec.train: must be a list of dicts" in message(knn(train=[{"question": "x"}]))
        assert "missing input 'question'" in message(knn(train=[TRAIN[0], {"inputs": {}, "expected": {"answer": "x"}}]))
        assert "spec.bootstrap: unknown key 'k'" in message(knn(bootstrap={"k": 1}))
        assert "spec.bootstrap.max_rounds: must be a number" in message(knn(bootstrap={"max_rounds": "x"}))
    other = {**ASK, "signature": "a -> b"}
    assert "spec.programs: must be a list" in message({"kind": "ensemble", "programs": []})
    assert "spec.programs[1]: must have the inputs" in message(ensemble(programs=[{"of": ASK}, {"of": other}]))
    warm = {**ASK, "options": {"temperature": 1.0}}
    assert "spec.programs[1]: must have the options" in message(ensemble(programs=[{"of": ASK}, {"of": warm}]))
    assert "spec.size: must be a whole number from 1 to 3" in message(ensemble(size=4))
    assert "spec.reduce: must be '@reduce'" in message(ensemble(reduce="max"))
    assert "spec.programs[0].of.kind" in message(ensemble(programs=[{"of": {"kind": "x"}}]))


def states() -> list[dict[str, Any]]:
    """States of three programs, which have different instructions."""
    made = []
    for instructions in ("Answer.", "Answer well.", "Answer soon."):
        module = dspy.Predict(signature().with_instructions(instructions))
        made.append(module.dump_state())
    return made


def ensemble(**more: Any) -> dict[str, Any]:
    return {"kind": "ensemble", "programs": [{"of": ASK, "state": each} for each in states()], **more}


def modules() -> list[dspy.Module]:
    made = []
    for state in states():
        module = dspy.Predict(signature())
        module.load_state(state)
        made.append(module)
    return made


def test_an_ensemble_asks_what_dspy_asks_and_takes_the_majority() -> None:
    for size in (None, 2):

        def compiled(size: int | None = size) -> dspy.Module:
            program: dspy.Module = dspy.Ensemble(reduce_fn=dspy.majority, size=size).compile(modules())
            return program

        expected, asked = upstream(compiled, QUESTIONS)
        with drinks() as fake:
            program = DspyBridge().dispatch("create_program", {"spec": ensemble(size=size)})["program"]
            bridge = DspyBridge()
            bridge.dispatch("call", {"program": program, "inputs": {"question": "Is it built?"}})
            fake.requests.clear()
            random.seed(3)
            found = [
                bridge.dispatch("call", {"program": program, "inputs": {"question": each}})["outputs"]["answer"]
                for each in QUESTIONS
            ]
            assert found == expected
            assert asked_of(fake) == asked
            assert len(asked) == 2 * (size or 3)


def test_the_majority_is_that_of_dspy_and_works_for_all_types() -> None:
    def of(*values: Any) -> Any:
        return majority([dspy.Prediction(reasoning=str(i), value=each) for i, each in enumerate(values)])

    for values in (("a", "The b", "b!"), ("a", "b"), ("a", "", ""), ("", "the")):
        predictions = [dspy.Prediction(reasoning=str(i), value=each) for i, each in enumerate(values)]
        assert of(*values) == dspy.majority(predictions)
    assert of(1, 2, 2).value == 2
    assert of([1], [2], [2]).reasoning == "1"
    assert of(True, None, None).value is None


def test_a_function_of_the_caller_reduces_and_a_state_of_the_whole_is_kept() -> None:
    def longest(outputs: list[dict[str, Any]]) -> dict[str, Any]:
        return max(outputs, key=lambda each: len(each["answer"]))

    with drinks('{"answer": "a"}') as fake:
        bridge = DspyBridge()
        program = bridge.dispatch("create_program", {"spec": ensemble(reduce="@reduce")})["program"]
        arguments = {"program": program, "inputs": {"question": "coffee?"}, "tools": {"@reduce": longest}}
        assert bridge.dispatch("act", arguments)["outputs"] == {"answer": "Ethiopia"}
        state = bridge.dispatch("get_program_state", {"program": program})
        assert [state[f"programs[{i}]"]["signature"]["instructions"] for i in range(3)][1] == "Answer well."
        state["programs[0]"]["signature"]["instructions"] = "Answer now."
        bridge.dispatch("set_program_state", {"program": program, "state": state})
        fake.requests.clear()
        DspyBridge().dispatch("act", arguments)
        assert "Answer now." in fake.requests[0]["messages"][0]["content"]
