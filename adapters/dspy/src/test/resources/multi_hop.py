# guide: dspyPython
import dspy


class MultiHop(dspy.Module):
    def __init__(self, facts):
        super().__init__()
        self.facts = facts
        self.query = dspy.Predict("question, notes: list[str] -> query")
        self.answer = dspy.ChainOfThought("question, notes: list[str] -> answer")

    def forward(self, question):
        notes = []
        for _ in range(2):
            query = self.query(question=question, notes=notes).query
            notes.append(self.facts.get(query, "nothing is known"))
        return dspy.Prediction(answer=self.answer(question=question, notes=notes).answer, notes=notes)
        # end
