# guide: package_words
from importlib import resources


def split(text: str) -> list[str]:
    return text.lower().split()


def stop_words() -> set[str]:
    file = resources.files("phrases").joinpath("stop.txt")
    return set(file.read_text(encoding="utf-8").split())


# end
