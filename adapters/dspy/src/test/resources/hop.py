import dspy


class Hop(dspy.Module):
    """Asks for a query as often as there are hops, and then for the answer."""

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


def plain():
    return dspy.ChainOfThought("question -> answer")
