"""A framework of several modules, with files beside them."""

import logging

from terrarium.bridge import BaseBridge, handler

import texts.rules
from texts import words

from .words import split

log = logging.getLogger(__name__)


class Texts(BaseBridge):
    framework = "texts"

    @handler
    def count(self, text: str) -> dict[str, int]:
        stop = texts.rules.stop_words()
        return {"words": len(split(text)), "kept": len([word for word in split(text) if word not in stop])}

    @handler
    def files(self) -> list[str]:
        return [texts.rules.by_resources(), texts.rules.by_path()]

    @handler
    def names(self) -> list[str]:
        return [__name__, words.__name__, texts.rules.__name__, type(self).__module__]

    @handler
    def owner(self) -> str:
        return words.OWNER

    @handler
    def fail(self, text: str) -> None:
        words.refuse(text)

    @handler
    def absent(self, module: str) -> None:
        exec(f"import {module}", globals())

    @handler
    def say(self) -> None:
        print("printed")
        log.warning("logged %d", 7)
