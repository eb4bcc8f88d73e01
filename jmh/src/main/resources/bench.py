"""What the benchmarks and the long runs call."""

import json
import time

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

    @handler
    def start_code(self, times: int) -> None:
        for _ in range(times):
            host.call("code.close", host.call("code.start"))

    @handler
    def execute_code(self, times: int) -> None:
        session = host.call("code.start")
        for _ in range(times):
            host.call("code.execute", session, code("1 + 1"))

    @handler
    def answer_code(self, times: int) -> None:
        session = host.call("code.start")
        step = host.call("code.execute", session, code(f"for _ in range({times}):\n    nothing()"))
        while "call" in step:
            step = host.call("code.answer", session, '{"value": null}')

    @handler
    def hold_code(self, times: int, report: object) -> None:
        for number in range(times):
            moments = [time.perf_counter()]
            session = host.call("code.start")
            for text in (None, "import re, json, collections, math", *["1 + 1"] * 10):
                if text is not None:
                    host.call("code.execute", session, code(text))
                moments.append(time.perf_counter())
            start, imports = (1000 * (moments[i + 1] - moments[i]) for i in (0, 1))
            report([number + 1, start, imports, 1000 * (moments[-1] - moments[2]) / 10])


def code(text: str) -> dict[str, object]:
    nothing = {"texts": {}, "values": {}, "variables": "[]"}
    return {"code": text, **nothing, "functions": '["nothing"]', "outputs": "null"}
