# guide: package_commands
from terrarium.bridge import BaseBridge, handler, host

from .words import split, stop_words


class Phrases(BaseBridge):
    framework = "phrases"

    @handler
    def keywords(self, text: str, most: int = 3) -> list[str]:
        return [word for word in split(text) if word not in stop_words()][:most]

    @handler
    def title(self, text: str) -> str:
        message = {"role": "user", "content": f"A title for: {text}"}
        answer: str = host.call("model.generate", {"messages": [message], "max_tokens": 20})["text"]
        return answer


# end
