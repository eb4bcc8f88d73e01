"""A framework whose programs greet; a compiled state is how loudly."""

from terrarium.bridge import ProgramBridge, SpecError, handler, host


class Greetings(ProgramBridge):
    framework = "greetings"

    @handler
    def greet(self, program: str) -> str:
        """The greeting, once `test.call` has returned."""
        word, mark = self._programs.get(program)
        host.call("test.call")
        return word + mark

    def _build(self, spec: dict[str, object]) -> list[str]:
        if not isinstance(spec.get("word"), str):
            raise SpecError("spec.word", f"must be a text, got {spec.get('word')!r}")
        return [spec["word"], ""]

    def _load_state(self, program: list[str], state: dict[str, object]) -> None:
        if state.keys() != {"mark"}:
            raise SpecError("state", f"must have a mark and no more, got {state!r}")
        program[1] = state["mark"]

    def _dump_state(self, program: list[str]) -> dict[str, object]:
        return {"mark": program[1]}
