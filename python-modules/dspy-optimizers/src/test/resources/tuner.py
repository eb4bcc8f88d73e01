"""What OptimizersTest calls: optimizers of DSPy on a small program and a scripted model."""

import re
import time

import dspy
from dspy.lm15 import Message, Response, TextPart, Usage
from terrarium.bridge import BaseBridge, handler

MOODS = {
    "What a lovely day": "happy",
    "This is the worst": "angry",
    "I love this cake": "happy",
    "I hate the rain": "angry",
    "We won the game": "happy",
    "They lost my letter": "angry",
}
TRAINSET = [dspy.Example(text=text, mood=mood).with_inputs("text") for text, mood in MOODS.items()]
FIELD = re.compile(r"`\[\[ ## (\w+) ## ]]`")
BETTER = "Name the mood in one word."


class Scripted:
    """Takes every mood for a happy one until the request has a better instruction or a demonstration."""

    def __init__(self):
        self.requests = 0

    def complete(self, request):
        self.requests += 1
        system = request.system if isinstance(request.system, str) else "".join(p.text for p in request.system or ())
        question = request.messages[-1].text
        fields = [name for name in FIELD.findall(question) if name != "completed"]
        answers = dict.fromkeys(fields, BETTER)
        if "module_advice" in answers:
            answers["module_advice"] = f'{{"self": "{BETTER}"}}'
        if "mood" in answers:
            known = BETTER in system or len(request.messages) > 1
            answers["mood"] = next(mood for text, mood in MOODS.items() if text in question) if known else "happy"
        # GEPA asks for its instruction by the JSON adapter.
        text = "".join(f"[[ ## {name} ## ]]\n{value}\n\n" for name, value in answers.items())
        text = text or f'{{"new_instruction": "{BETTER}"}}'
        return Response(
            id=None,
            model="scripted",
            message=Message.assistant([TextPart(text)]),
            finish_reason="stop",
            usage=Usage(input_tokens=0, output_tokens=0, total_tokens=0),
        )


def is_right(example, prediction, trace=None):
    return float(example.mood == prediction.mood)


def feedback(example, prediction, trace=None, pred_name=None, pred_trace=None):
    return dspy.Prediction(score=is_right(example, prediction), feedback=f"The mood is {example.mood}.")


def embed(texts):
    """Make vectors of how often each letter occurs."""
    return [[text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts]


OPTIMIZERS = {
    "MIPROv2": lambda lm: dspy.MIPROv2(metric=is_right, auto=None, num_candidates=3).compile(
        dspy.Predict("text -> mood"), trainset=TRAINSET, valset=TRAINSET, num_trials=4, minibatch=False
    ),
    "SIMBA": lambda lm: dspy.SIMBA(metric=is_right, bsize=6, num_candidates=2, max_steps=2).compile(
        dspy.Predict("text -> mood"), trainset=TRAINSET
    ),
    "KNNFewShot": lambda lm: dspy.KNNFewShot(2, TRAINSET, dspy.Embedder(embed), metric=is_right).compile(
        dspy.Predict("text -> mood")
    ),
    "GEPA": lambda lm: dspy.GEPA(metric=feedback, max_metric_calls=40, reflection_lm=lm).compile(
        dspy.Predict("text -> mood"), trainset=TRAINSET, valset=TRAINSET
    ),
    "BootstrapFewShotWithOptuna": lambda lm: dspy.BootstrapFewShotWithOptuna(
        metric=is_right, num_candidate_programs=3
    ).compile(dspy.Predict("text -> mood"), max_demos=2, trainset=TRAINSET, valset=TRAINSET),
}


class Tuner(BaseBridge):
    framework = "tuner"

    @handler
    def optimize(self, optimizer: str) -> dict:
        """Return how often a program is right before and after, and what that took."""
        engine = Scripted()
        lm = dspy.LM("scripted/model", engine=engine, cache=False)
        with dspy.context(lm=lm):
            before = self._score(dspy.Predict("text -> mood"))
            engine.requests = 0
            start = time.perf_counter()
            program = OPTIMIZERS[optimizer](lm)
            seconds = time.perf_counter() - start
            requests = engine.requests
            return {"before": before, "after": self._score(program), "requests": requests, "seconds": seconds}

    @handler
    def requests_before_failure(self, optimizer: str) -> int:
        """Return how often the model was asked before the optimizer failed for a missing package."""
        engine = Scripted()
        lm = dspy.LM("scripted/model", engine=engine, cache=False)
        with dspy.context(lm=lm):
            try:
                OPTIMIZERS[optimizer](lm)
            except ImportError:
                return engine.requests
        raise AssertionError("the optimizer did not fail")

    def _score(self, program):
        return sum(is_right(example, program(text=example.text)) for example in TRAINSET) / len(TRAINSET)

    @handler
    def neighbours(self) -> list:
        """Return what is nearest by dspy.KNN and by dspy.retrievers.Embeddings."""
        embedder = dspy.Embedder(embed)
        # guide: pyNearest
        nearest = dspy.KNN(1, TRAINSET, embedder)(text="We won a game")
        # end
        found = dspy.retrievers.Embeddings(corpus=[*MOODS], embedder=embedder, k=1)("I hate rain")
        return [nearest[0].text, found.passages[0]]
