"""A framework of a user's own: one file, one bridge."""

from collections import Counter

from terrarium.bridge import BaseBridge, handler


class WordCount(BaseBridge):
    framework = "wordcount"

    @handler
    def count(self, text: str) -> dict[str, int]:
        """Count the words of a text."""
        return dict(Counter(text.split()))
