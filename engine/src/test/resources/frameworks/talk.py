"""A conversation, for tests of sessions."""

import threading

from terrarium.bridge import BaseBridge, handler, host, session


class Talk(BaseBridge):
    framework = "talk"

    @handler
    def say(self, text: str) -> dict[str, object]:
        """Adds a text to the session, and returns all of its texts and where it ran."""
        texts = [*session.state().get("texts", []), text]
        session.update({"texts": texts})
        return {"texts": texts, "context": threading.get_ident()}

    @handler
    def say_and_wait(self, text: str) -> list[object]:
        """Adds a text, and waits for `test.call`."""
        texts = self.say(text)["texts"]
        host.call("test.call", text)
        return texts

    @handler
    def say_and_fail(self, text: str) -> None:
        self.say(text)
        raise ValueError(text)

    @handler
    def say_each(self, texts: list[str]) -> object:
        """Adds one text after the other, each after `test.call` has returned for the one before it."""
        for text in texts:
            yield self.say(text)["texts"]
            host.call("test.call", text)

    @handler
    def active(self) -> bool:
        return session.active()

    @handler
    def put(self, state: dict[str, object]) -> None:
        session.put(state)
