"""The framework of the guides."""

from terrarium.bridge import host

# guide: framework
from collections.abc import Callable, Iterator

from terrarium.bridge import BaseBridge, handler, session


class Guide(BaseBridge):
    framework = "guide"

    @handler(idempotent=True)  # a call that failed may be made again
    def count(self, text: str) -> dict[str, int]:
        return {"words": len(text.split())}

    @handler
    def words(self, text: str) -> Iterator[str]:  # can be streamed
        yield from text.split()

    @handler
    def best(self, texts: list[str], score: Callable[[str], float]) -> str:  # calls back to Java
        return max(texts, key=score)

    @handler
    def next_turn(self, text: str) -> int:  # in a session
        turns = [*session.state().get("turns", []), text]
        session.update({"turns": turns})
        return len(turns)

    @handler
    def halve(self, numbers: "array.array[float]") -> object:  # an array of numbers, and back
        return type(numbers)("d", (number / 2 for number in numbers))


# end

    # guide: model
    @handler
    def ask(self, question: str) -> str:
        messages = [{"role": "user", "content": question}]
        answer = host.call("model.generate", {"messages": messages, "max_tokens": 100})
        return answer["text"]

    # end

    @handler
    def count_each(self, texts: list[str]) -> list[dict[str, int]]:
        return [self.count(text) for text in texts]

    # guide: host
    @handler
    def fetch(self, url: str) -> dict[str, object]:
        status, headers, body = host.http("GET", url)  # by a connection that is kept
        return {"status": status, "tokens": host.count_tokens(body.decode())}

    # end
