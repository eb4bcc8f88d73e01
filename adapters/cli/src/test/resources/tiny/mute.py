"""A framework that answers no questions."""

from terrarium.bridge import BaseBridge


class Mute(BaseBridge):
    framework = "mute"
