"""What the tests of admission call: commands that fail as often as they are told to."""

from collections.abc import Iterator

from terrarium.bridge import BaseBridge, handler, host


class Gated(BaseBridge):
    framework = "NAME"

    def __init__(self) -> None:
        super().__init__()
        self.runs = 0

    def _run(self, failures: int) -> int:
        self.runs += 1
        if self.runs <= failures:
            raise ValueError(f"run {self.runs}")
        return self.runs

    @handler
    def once(self, failures: int) -> int:
        return self._run(failures)

    @handler(idempotent=True)
    def again(self, failures: int) -> int:
        return self._run(failures)

    @handler(idempotent=True)
    def pieces(self, before: int, failures: int) -> Iterator[int]:
        yield from range(before)
        yield self._run(failures)

    @handler
    def count(self) -> int:
        """How often a command that may fail was run since the last time; begins anew."""
        runs, self.runs = self.runs, 0
        return runs

    @handler
    def loop(self) -> None:
        host.call("test.call")
        while True:
            pass

    @handler
    def ask(self) -> str:
        request = {"messages": [{"role": "user", "content": "hello"}]}
        return str(host.call("model.generate", request)["text"])

    @handler
    def call_back(self) -> object:
        return host.call("test.call")
