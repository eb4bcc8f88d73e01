from terrarium.bridge import BaseBridge, handler

class WordCount(BaseBridge):
    framework = "wordcount"

    @handler
    def count(self, text: str) -> dict[str, int]:
        return {"words": len(text.split())}
