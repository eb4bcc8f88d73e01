"""Choose definitions of Webster's Revised Unabridged Dictionary of 1913 by the subject that it marks them with.

    apt-get download dict-gcide && dpkg -x dict-gcide_*.deb gcide
    python3 choose.py gcide/usr/share/dictd/gcide.dict.dz

writes train.jsonl and heldout.jsonl beside this file. Debian's package dict-gcide (0.48.5+nmu2) has the dictionary with
a source for each paragraph; only paragraphs with the source "[1913 Webster]" are used. A definition is used when it
opens with the mark of one of the subjects, as "(Naut.)", is of 40 to 140 characters of ASCII, and is not a reference to
another word. Which ones are drawn, and their order, is decided by a seed.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import sys
from pathlib import Path

SUBJECTS = {"Law": "law", "Mus.": "music", "Med.": "medicine", "Naut.": "ships"}
TRAIN = 11  # of each subject
HELD_OUT = 50
SEED = 1913
SHORTEST, LONGEST = 40, 140

DEFINITION = re.compile(
    r"^ {3,}(?:\d+\. )?(?:\([a-z]\) )?\(([A-Z][A-Za-z. ]*)\) ((?:(?!\s*$).*\n)+?) +\[1913 Webster\]$", re.MULTILINE
)
REFERENCES = ("Same as ", "See ", "Alt. of ", "One of ", "A kind of ")


def definitions(text: str) -> dict[str, list[str]]:
    """The definitions by subject, each once, in the dictionary's order."""
    found: dict[str, dict[str, None]] = {subject: {} for subject in SUBJECTS.values()}
    for mark, paragraph in DEFINITION.findall(text):
        words = plain(paragraph)
        if mark in SUBJECTS and usable(words):
            found[SUBJECTS[mark]][words] = None
    return {subject: list(each) for subject, each in found.items()}


def plain(paragraph: str) -> str:
    """The definition as one line, without the marks of references, of rare words and of the author quoted."""
    line = re.sub(r"[{}]", "", " ".join(paragraph.split()))
    line = re.sub(r"\s*--\s?[A-Z][\w.]*(?: (?:&|[A-Z(])[\w.()&]*)*\.?$", "", line)
    return re.sub(r"\s*\[(?:R|Obs|Archaic)\.?\]", "", line)


def usable(line: str) -> bool:
    marks = set("?`[]/")  # what the dictionary writes where a character is missing, and in etymologies
    return (
        SHORTEST <= len(line) <= LONGEST
        and line.isascii()
        and line.endswith(".")
        and not marks & set(line)
        and not line.startswith(REFERENCES)
    )


def main() -> None:
    with gzip.open(sys.argv[1], "rt", encoding="utf-8", errors="replace") as file:
        found = definitions(file.read())
    draw = random.Random(SEED)  # noqa: S311
    train: list[dict[str, str]] = []
    held_out: list[dict[str, str]] = []
    for subject, lines in found.items():
        drawn = [{"definition": line, "label": subject} for line in draw.sample(lines, TRAIN + HELD_OUT)]
        train += drawn[:TRAIN]
        held_out += drawn[TRAIN:]
        print(f"{subject}: {len(lines)} definitions")
    for name, examples in (("train.jsonl", train), ("heldout.jsonl", held_out)):
        draw.shuffle(examples)
        text = "".join(json.dumps(each) + "\n" for each in examples)
        (Path(__file__).parent / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
