"""The Python code of the guide "DSPy for Java teams". It runs on CPython, and a test compares it with the Java code.

    python dspy_pairs.py < ANSWERS.json > RESULTS.json

The input has the answers of the language model for each pair, and the output what DSPy sent and what came of it.
"""

import contextlib
import dataclasses
import json
import re
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dspy
from dspy.lm15 import Request, response_to_events
from multi_hop import MultiHop
from states import Scripted

PAIRS: dict[str, Callable[[], Any]] = {}
PRICES = {"tea": Decimal("2.50")}
FACTS = {"tea": "Tea grows in Assam.", "Assam": "Assam is in India."}


def pair(function: Callable[[], Any]) -> Callable[[], Any]:
    PAIRS[function.__name__] = function
    return function


# guide: pySignature
class Ask(dspy.Signature):
    """Answer the question."""

    question: str = dspy.InputField()
    answer: str = dspy.OutputField(desc="one word")
    # end


@pair
def predict():
    # guide: pyPredict
    ask = dspy.Predict(Ask)
    answer = ask(question="Where does tea grow?").answer
    # end
    return answer


@pair
def chain():
    # guide: pyChain
    found = dspy.ChainOfThought(Ask)(question="Where does tea grow?")
    print(found.reasoning, found.answer)
    # end
    return [found.reasoning, found.answer]


@pair
def react():
    # guide: pyReact
    def price(product: str) -> Decimal:
        """Return the price of a product in euros."""
        return PRICES[product]

    agent = dspy.ReAct(Ask, tools=[price], max_iters=5)
    found = agent(question="What does tea cost?")
    print(found.trajectory["tool_name_0"], found.trajectory["observation_0"], found.answer)
    # end
    return [found.trajectory["tool_name_0"], str(found.trajectory["observation_0"]), found.answer]


@pair
def best():
    # guide: pyBest
    def one_word(inputs, found):
        return 0.0 if " " in found.answer else 1.0

    best = dspy.BestOfN(dspy.Predict(Ask), N=3, reward_fn=one_word, threshold=1.0)
    answer = best(question="Where does tea grow?").answer
    # end
    return answer


@pair
def refine():
    def one_word(inputs, found):
        return 0.0 if " " in found.answer else 1.0

    # guide: pyRefine
    refined = dspy.Refine(dspy.Predict(Ask), N=3, reward_fn=one_word, threshold=1.0)
    # end
    return refined(question="Where does tea grow?").answer


@pair
def compare():
    # guide: pyCompare
    ask = dspy.ChainOfThought(Ask, temperature=0.7)
    attempts = [ask(question="Where does tea grow?", config={"rollout_id": n}) for n in (1, 2)]
    answer = dspy.MultiChainComparison(Ask, M=2)(attempts, question="Where does tea grow?").answer
    # end
    return answer


@pair
def batch():
    ask = dspy.Predict(Ask)
    questions = ["Where does tea grow?", "And coffee?"]
    # guide: pyBatch
    examples = [dspy.Example(question=each).with_inputs("question") for each in questions]
    found = ask.batch(examples, num_threads=2)
    # end
    return [each.answer for each in found]


@pair
def module():
    facts = FACTS
    # guide: pyModule
    hops = MultiHop(facts)
    answer = hops(question="Where does tea grow?").answer
    # end
    return answer


@pair
def adapter():
    # guide: pyAdapter
    with dspy.context(adapter=dspy.XMLAdapter()):
        answer = dspy.Predict(Ask)(question="Where does tea grow?").answer
    # end
    return answer


@pair
def history():
    # guide: pyHistory
    class Talk(dspy.Signature):
        """Answer the question."""

        history: dspy.History = dspy.InputField()
        question: str = dspy.InputField()
        answer: str = dspy.OutputField(desc="one word")

    history = dspy.History(messages=[{"question": "Where does tea grow?", "answer": "India"}])
    answer = dspy.Predict(Talk)(history=history, question="And coffee?").answer
    # end
    return answer


@pair
def evaluate():
    examples = demonstrations()
    # guide: pyEvaluate
    evaluate = dspy.Evaluate(devset=examples, metric=dspy.evaluate.answer_exact_match, num_threads=1)
    score = evaluate(dspy.Predict(Ask)).score
    # end
    return score


def demonstrations():
    # guide: pyExamples
    examples = [
        dspy.Example(question="Where does tea grow?", answer="India").with_inputs("question"),
        dspy.Example(question="And coffee?", answer="Brazil").with_inputs("question"),
    ]
    # end
    return examples


@pair
def optimize():
    examples = demonstrations()
    # guide: pyOptimize
    optimizer = dspy.BootstrapFewShot(metric=dspy.evaluate.answer_exact_match, max_bootstrapped_demos=1)
    better = optimizer.compile(dspy.Predict(Ask), trainset=examples)
    # end
    return [demo.question for demo in better.demos]


@pair
def save():
    ask = dspy.Predict(Ask)
    ask.demos = demonstrations()
    with TemporaryDirectory() as folder:
        path = Path(folder)
        # guide: pySave
        ask.save(path / "state.json")
        same = dspy.Predict(Ask)
        same.load(path / "state.json")
        # end
    return same(question="Where does cocoa grow?").answer


@pair
def stream():
    # The listener for the JSON form needs the package jiter.
    with dspy.context(adapter=dspy.ChatAdapter()):
        # guide: pyStream
        stream = dspy.streamify(
            dspy.Predict(Ask),
            stream_listeners=[dspy.streaming.StreamListener(signature_field_name="answer")],
            async_streaming=False,
        )
        answer = ""
        for chunk in stream(question="Where does tea grow?"):
            if isinstance(chunk, dspy.streaming.StreamResponse):
                answer += chunk.chunk
        # end
    return answer


@pair
def usage():
    ask = dspy.Predict(Ask)
    # guide: pyUsage
    with dspy.track_usage() as tracker:
        ask(question="Where does tea grow?")
    print(tracker.get_total_tokens())
    dspy.inspect_history(n=1)
    # end
    return len(tracker.get_total_tokens())


class Streaming(Scripted):
    """An engine that answers by a script, in pieces if asked so."""

    def stream(self, request: Request) -> Iterator[Any]:
        for event in response_to_events(self.complete(request)):
            if text := getattr(getattr(event, "delta", None), "text", None):
                for piece in re.findall(r"\s*\S+", text):
                    yield dataclasses.replace(event, delta=dataclasses.replace(event.delta, text=piece))
            else:
                yield event


def main() -> None:
    answers = json.load(sys.stdin)
    results = {}
    with contextlib.redirect_stdout(sys.stderr):
        for name, run in PAIRS.items():
            engine = Streaming(answers[name])
            lm = dspy.LM("test/scripted", engine=engine, cache=False)
            with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
                results[name] = {"result": run(), "requests": engine.requests}
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
