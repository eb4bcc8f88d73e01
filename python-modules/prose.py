"""Check the prose of this checkout: line lengths and words of Markdown, first sentences of Javadoc.

    python3 prose.py [ROOT]

It prints FILE:LINE, what is wrong there and what to write instead, and exits with 1 when it found something. The rules:

- A Markdown line has at most 120 characters, outside of fenced code and tables; a line of one word (a long link) is
  left alone, since it cannot be broken.
- Markdown uses one word for one idea: `WORDS` has the words to avoid. Code is not looked at.
- The first sentence of a public or protected method's Javadoc opens with a verb in the third person ("Returns"). A
  first word that ends in "s" passes for one.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 120
GENERATED = ("docs/benchmarks/tables.md",)

WORDS = {
    r"heal(?:s|ed|ing)?": "restore",
    r"mend(?:s|ed|ing)?": "restore",
    r"settl(?:e|es|ed|ing)": "restore, or decide",
    r"put(?:s|ting)?\s+(?:\w+\s+){0,2}back": "restore",
    r"(?:am|is|are|was|were|be|been|being)\s+(?:\w+\s+)?told": "report, log or notify; distinguish, for 'told apart'",
    r"call-backs?": "callback",
}


class Fault(NamedTuple):
    """One thing to change, and the place where it stands."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check the prose of Markdown and Javadoc.")
    parser.add_argument("root", nargs="?", type=Path, default=ROOT, help="the checkout, this one when left out")
    options = parser.parse_args(arguments)
    pages = list(markdown_files(options.root))
    sources = list(java_files(options.root))
    faults = [fault for page in pages for fault in markdown_faults(page, read(options.root, page))]
    faults += [fault for source in sources for fault in java_faults(source, read(options.root, source))]
    for fault in faults:
        print(fault)
    print(f"{len(faults)} faults in {len(pages)} pages and {len(sources)} Java sources")
    return 1 if faults else 0


def read(root: Path, file: str) -> str:
    return (root / file).read_text(encoding="utf-8")


def markdown_files(root: Path) -> Iterator[str]:
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md"):
        if (root / name).exists():
            yield name
    for path in sorted((root / "docs").rglob("*.md")):
        name = path.relative_to(root).as_posix()
        if name not in GENERATED:
            yield name


def java_files(root: Path) -> Iterator[str]:
    for folder in ("engine", "adapters/*", "python-modules/*", "jmh"):
        for sources in sorted(root.glob(f"{folder}/src/main/java")):
            for path in sorted(sources.rglob("*.java")):
                yield path.relative_to(root).as_posix()


# ---------------------------------------------------------------- Markdown

_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_LIST_MARK = re.compile(r"\s*(?:[-*+]|\d+\.|>)?\s*")


def markdown_faults(file: str, text: str) -> list[Fault]:
    lines = without_fences(text).splitlines()
    faults = [
        Fault(file, number, f"a line of {len(line)} characters; break it before character {LONGEST + 1}")
        for number, line in enumerate(lines, 1)
        if len(line) > LONGEST and not line.lstrip().startswith("|") and breakable(line)
    ]
    prose = re.sub(r"`[^`\n]+`", lambda code: " " * len(code[0]), "\n".join(lines))
    for pattern, instead in WORDS.items():
        for found in re.finditer(rf"\b{pattern}\b", prose, re.IGNORECASE):
            words = " ".join(found[0].split())
            faults.append(Fault(file, prose.count("\n", 0, found.start()) + 1, f"'{words}'; write {instead}"))
    return sorted(faults)


def breakable(line: str) -> bool:
    return " " in _LIST_MARK.sub("", line, count=1).rstrip()


def without_fences(text: str) -> str:
    """The text with fenced code made empty, line by line."""
    kept = []
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if not fence and mark:
            fence = mark[1]
            kept.append("")
        elif fence:
            if mark and mark[1].startswith(fence) and line.strip() == mark[1]:
                fence = ""
            kept.append("")
        else:
            kept.append(line)
    return "\n".join(kept)


# ---------------------------------------------------------------- Javadoc

_DOC = re.compile(r"^( *)/\*\*(.*?)\*/\s*", re.DOTALL | re.MULTILINE)
_TYPE = re.compile(r"^( *)(?:[\w@.-]+ +)*?(class|record|enum|interface|@interface) +\w", re.MULTILINE)
_ANNOTATION = re.compile(
    r"@(?!interface)[\w.]+(?:\((?:\"(?:[^\"\\]|\\.)*\"|[^()\"]|\([^()]*\))*\))?\s*(?://[^\n]*\s*)?"
)
_DECLARATION = re.compile(r"[^{;]*")
_METHOD = re.compile(r"[^()=]*[ >\]](?P<name>\w+) ?\(")
_NO_VERBS = frozenset(("always", "as", "its", "less", "previous", "this", "thus", "unless", "various", "whose"))


def java_faults(file: str, text: str) -> list[Fault]:
    """Faults of a source formatted by google-java-format, whose indentation says which type a member belongs to."""
    types = [(found.start(), len(found[1]), found[2]) for found in _TYPE.finditer(text)]
    faults = []
    for found in _DOC.finditer(text):
        kinds = [kind for start, depth, kind in types if start < found.start() and depth == len(found[1]) - 2]
        name = visible_method(text, found.end(), kinds[-1]) if kinds else None
        if name and not opens_with_verb(found[2]):
            line = text.count("\n", 0, found.start()) + 1
            word = first_word(found[2])
            faults.append(
                Fault(file, line, f"the Javadoc of {name} opens with '{word}'; open it with a verb such as 'Returns'")
            )
    return faults


def visible_method(text: str, start: int, kind: str) -> str | None:
    """The name of the method that is declared there in a type of that kind, if others see it."""
    while annotation := _ANNOTATION.match(text, start):
        start = annotation.end()
    declaration = _DECLARATION.match(text, start)
    plain = " ".join(_ANNOTATION.sub("", declaration[0]).split()) if declaration else ""
    method = _METHOD.match(plain)
    if kind == "@interface" or method is None:
        return None
    words = plain[: method.start("name")].split()
    if {"class", "record", "enum", "interface", "@interface"} & set(words) or words[-1] in ("public", "protected"):
        return None  # a type, or a constructor
    shown = {"public", "protected"} & set(words) or (kind == "interface" and "private" not in words)
    return method["name"] if shown else None


def opens_with_verb(comment: str) -> bool:
    text = body(comment)
    if text.startswith(("@", "{@inheritDoc}", "As {@link")):
        return True
    word = first_word(comment).lower()
    return word.endswith("s") and word not in _NO_VERBS


def first_word(comment: str) -> str:
    words = body(comment).split()
    return words[0].rstrip(",.;:") if words else ""


def body(comment: str) -> str:
    return re.sub(r"^\s*\*? ?", "", comment, flags=re.MULTILINE).strip()


if __name__ == "__main__":
    sys.exit(main())
