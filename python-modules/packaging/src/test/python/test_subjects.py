"""Tests of the script that chose the lines of the documentation's example, docs/examples/subjects."""

import importlib.util
import json
from collections import Counter
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).resolve().parents[5] / "docs" / "examples" / "subjects"

# As the dictionary has it; the second of the two would be too short, the third is of another source.
PARAGRAPHS = """\
Halyard \\Hal"yard\\, n.
   1. (Naut.) A rope or tackle for hoisting or lowering yards,
      {sails}, flags, etc. [Obs.] --Totten & Son.
      [1913 Webster]

   2. (Law) Short.
      [1913 Webster]

   3. (Mus.) A rope of the music that nobody has played so far in any place.
      [PJC]

   4. (Zool.) The rope of an animal that lives in the depth of a large ocean.
      [1913 Webster]
"""


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("choose", FOLDER / "choose.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def test_definitions_are_of_the_source_and_of_the_subjects() -> None:
    assert script().definitions(PARAGRAPHS) == {
        "law": [],
        "music": [],
        "medicine": [],
        "ships": ["A rope or tackle for hoisting or lowering yards, sails, flags, etc."],
    }


def test_files_hold_what_the_script_would_choose() -> None:
    chosen = script()
    train, held_out = lines("train.jsonl"), lines("heldout.jsonl")
    for examples, count in ((train, chosen.TRAIN), (held_out, chosen.HELD_OUT)):
        assert Counter(each["label"] for each in examples) == dict.fromkeys(chosen.SUBJECTS.values(), count)
        assert all(chosen.usable(each["definition"]) for each in examples)
    definitions = [each["definition"] for each in train + held_out]
    assert len(set(definitions)) == len(definitions)
