"""What the benchmarks and the long runs call."""

import json

from terrarium.bridge import BaseBridge, handler, host


class Bench(BaseBridge):
    framework = "bench"

    @handler(loads=False)
    def nothing(self) -> None:
        """No argument, no framework, no result: what is left is the way there and back."""

    @handler
    def echo(self, v: object) -> object:
        return v

    @handler
    def plain(self, n: int) -> list[object]:
        """A call whose result is wrong when an earlier one spoiled what it uses."""
        return [n, len([n, n]), json.loads("[5]"), isinstance(n, int)]

    @handler
    def execute(self, source: str) -> None:
        exec(compile(source, "bench-source.py", "exec"), {"host": host})

    @handler
    def call_host(self, name: str, times: int) -> None:
        for _ in range(times):
            host.call(name)

    @handler
    def call_itself(self, times: int) -> None:
        """What a nested call is measured against: the same handler, called in Python."""
        for _ in range(times):
            self.nothing()

    @handler
    def call_tool(self, tools: object, times: int) -> None:
        from terrarium.bridge.tools import call, definitions, given

        nothing = {"name": "nothing", "description": "", "parameters": '{"type": "object"}'}
        with given("call_tool", definitions([nothing]), tools):
            for _ in range(times):
                call("nothing", {"product": "tea", "count": 2})
