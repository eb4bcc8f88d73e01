import dspy


class Explore(dspy.Module):
    """What the guide "DSPy for Java teams" shows of dspy.RLM."""

    def forward(self, text):
        # guide: pyRlm
        program = dspy.RLM("text, question -> errors: int, codes: list[str]", max_iters=10)
        found = program(text=text, question="Which errors are there?")
        # end
        return dspy.Prediction(errors=found.errors, codes=found.codes)
