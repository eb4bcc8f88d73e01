from terrarium.bridge import BaseBridge, handler

from . import words


class Letters(BaseBridge):
    framework = "letters"

    @handler
    def owner(self) -> str:
        return words.OWNER
