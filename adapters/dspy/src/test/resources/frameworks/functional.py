"""What users of DSPy do, with the values that must come of it, to be run with its imports lazy and eager."""

import asyncio
import pathlib
import sys
import tempfile
from typing import Literal

from terrarium.bridge import BaseBridge, handler


def predict():
    import dspy

    with dspy.context(lm=dspy.utils.DummyLM([{"answer": "Paris"}])):
        return dspy.Predict("question -> answer")(question="Capital?").answer


def typed_predict():
    import dspy

    class Judge(dspy.Signature):
        """Judge the text."""

        text: str = dspy.InputField()
        mood: Literal["good", "bad"] = dspy.OutputField()
        score: float = dspy.OutputField()
        words: list[str] = dspy.OutputField()

    lm = dspy.utils.DummyLM([{"mood": "good", "score": "0.5", "words": '["a", "b"]'}])
    with dspy.context(lm=lm):
        found = dspy.Predict(Judge)(text="fine")
    return [found.mood, found.score, found.words]


def chain_of_thought():
    import dspy

    with dspy.context(lm=dspy.utils.DummyLM([{"reasoning": "2 and 3", "answer": "5"}])):
        found = dspy.ChainOfThought("question -> answer: int")(question="2+3?")
    return [found.reasoning, found.answer]


def json_adapter():
    import dspy

    adapter = dspy.JSONAdapter()
    lm = dspy.utils.DummyLM([{"answer": "Rome", "people": "3"}], adapter=adapter)
    with dspy.context(lm=lm, adapter=adapter):
        found = dspy.Predict("question -> answer, people: int")(question="?")
    return [found.answer, found.people]


def react():
    import dspy

    def double(number: int) -> int:
        """Double a number."""
        return 2 * number

    lm = dspy.utils.DummyLM(
        [
            {"next_thought": "use it", "next_tool_name": "double", "next_tool_args": '{"number": 21}'},
            {"next_thought": "done", "next_tool_name": "finish", "next_tool_args": "{}"},
            {"reasoning": "it said so", "answer": "42"},
        ]
    )
    with dspy.context(lm=lm):
        found = dspy.ReAct("question -> answer", tools=[double])(question="twice 21?")
    return [found.answer, found.trajectory["observation_0"]]


def _sums():
    import dspy

    return [dspy.Example(question=f"{i}+{i}", answer=str(2 * i)).with_inputs("question") for i in range(4)]


def _same(example, prediction, trace=None):
    return example.answer == prediction.answer


def evaluate():
    import dspy

    lm = dspy.utils.DummyLM([{"answer": str(2 * i)} for i in (0, 1, 2, 7)])
    with dspy.context(lm=lm):
        run = dspy.Evaluate(devset=_sums(), metric=_same, num_threads=1, display_progress=False)
        return run(dspy.Predict("question -> answer")).score


def bootstrap():
    import dspy

    lm = dspy.utils.DummyLM([{"answer": str(2 * i)} for i in range(4)])
    with dspy.context(lm=lm):
        optimizer = dspy.BootstrapFewShot(metric=_same, max_bootstrapped_demos=2, max_labeled_demos=0)
        compiled = optimizer.compile(dspy.Predict("question -> answer"), trainset=_sums())
    return [demo["answer"] for demo in compiled.demos]


def streamify():
    import dspy

    program = dspy.streamify(dspy.Predict("question -> answer"))

    async def last():
        found = None
        with dspy.context(lm=dspy.utils.DummyLM([{"answer": "Bern"}])):
            async for piece in program(question="?"):
                found = piece
        return found.answer

    return asyncio.run(last())


def acall():
    import dspy

    async def ask():
        with dspy.context(lm=dspy.utils.DummyLM([{"answer": "Oslo"}])):
            return (await dspy.Predict("question -> answer").acall(question="?")).answer

    return asyncio.run(ask())


def save_and_load():
    import dspy

    program = dspy.ChainOfThought("question -> answer")
    program.predictors()[0].demos = [dspy.Example(question="a", answer="b")]
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder, "state.json"))
        program.save(path)
        loaded = dspy.ChainOfThought("question -> answer")
        loaded.load(path)
    return loaded.predictors()[0].demos[0]["answer"]


def unreadable_hints():
    """The functions and classes of DSPy whose type hints cannot be read, with the reason."""
    import inspect
    import typing

    unreadable = set()
    for module in [each for name, each in sorted(sys.modules.items()) if name.split(".")[0] == "dspy"]:
        for value in [each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__]:
            if inspect.isfunction(value) or inspect.isclass(value):
                try:
                    typing.get_type_hints(value)
                except Exception as error:
                    unreadable.add(f"{module.__name__}.{value.__qualname__}: {error}")
    return sorted(unreadable)


EXPECTED = {
    predict: "Paris",
    typed_predict: ["good", 0.5, ["a", "b"]],
    chain_of_thought: ["2 and 3", 5],
    json_adapter: ["Rome", 3],
    react: ["42", 42],
    evaluate: 75.0,
    bootstrap: ["0", "2"],
    streamify: "Bern",
    acall: "Oslo",
    save_and_load: "b",
}


class Functional(BaseBridge):
    """Runs them."""

    framework = "functional"

    @handler
    def run(self):
        """Return what each gave and what was expected, how many of DSPy's modules there were before, and hints."""
        modules = len([name for name in sys.modules if name.split(".")[0] == "dspy"])
        results = {each.__name__: {"got": each(), "expected": expected} for each, expected in EXPECTED.items()}
        return {"modules": modules, "results": results, "unreadable": unreadable_hints()}
