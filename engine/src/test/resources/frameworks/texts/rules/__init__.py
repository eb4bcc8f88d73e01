from importlib import resources
from pathlib import Path

from ..words import split


def stop_words() -> set[str]:
    return set(split(by_resources()))


def by_resources() -> str:
    return resources.files(__package__).joinpath("stop.txt").read_text(encoding="utf-8")


def by_path() -> str:
    return Path(__file__).with_name("stop.txt").read_text(encoding="utf-8")
