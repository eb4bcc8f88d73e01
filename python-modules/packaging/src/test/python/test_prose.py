"""The rules for Markdown and Javadoc, each with what keeps to it and what does not."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

MODULES = Path(__file__).resolve().parents[4]


def load() -> ModuleType:
    """The script; its folder is no place to import from, as it holds one named dspy."""
    spec = importlib.util.spec_from_file_location("prose", MODULES / "prose.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


prose = load()


def markdown(text: str) -> list[str]:
    return [str(fault) for fault in prose.markdown_faults("docs/page.md", text)]


def javadoc(members: str, kind: str = "class") -> list[str]:
    return [
        str(fault) for fault in prose.java_faults("Pool.java", f"package dev;\n\npublic {kind} Pool {{\n{members}}}\n")
    ]


def method(comment: str, declaration: str = "public int idle()") -> str:
    return f"\n  /** {comment} */\n  {declaration} {{\n    return 0;\n  }}\n"


def test_a_long_line_is_named_with_its_place() -> None:
    text = f"# Title\n\n{'word ' * 24}end\n"
    assert markdown(text) == ["docs/page.md:3: a line of 123 characters; break it before character 121"]
    assert markdown(f"{'word ' * 23}fits!") == []


@pytest.mark.parametrize(
    "text",
    [
        "```bash\n" + "java " * 40 + "\n```",
        "- item\n\n  ~~~~\n  ```\n" + "java " * 40 + "\n  ~~~~",
        "| " + "cell " * 40 + "|",
        "- [tables](" + "a/" * 80 + ")",
        "1. https://example.com/" + "a" * 120,
    ],
)
def test_fences_tables_and_words_that_cannot_be_broken_may_be_long(text: str) -> None:
    assert markdown(text) == []


def test_a_line_after_a_fence_is_looked_at_again() -> None:
    assert len(markdown("```\ncode\n```\n" + "word " * 30)) == 1


@pytest.mark.parametrize(
    ("text", "words", "instead"),
    [
        ("The pool heals it.", "heals", "restore"),
        ("Mending a context", "Mending", "restore"),
        ("a settled context", "settled", "restore"),
        ("Modules are put\nback in place.", "put back", "restore"),
        ("The lock puts the module back.", "puts the module back", "restore"),
        ("Observers are told.", "are told", "report"),
        ("Nobody was ever told of it.", "was ever told", "report"),
        ("| cell | a call-back |", "call-back", "callback"),
    ],
)
def test_a_word_to_avoid_is_named_with_the_one_to_use(text: str, words: str, instead: str) -> None:
    (fault,) = markdown("# Title\n\n" + text)
    assert fault.startswith(f"docs/page.md:3: '{words}'; write {instead}")


def test_code_may_use_any_word() -> None:
    assert markdown("`embed.settle` restores.\n\n```java\nheal(context);\n```\n") == []
    assert markdown("A settler, amended, put it on its back.") == []


@pytest.mark.parametrize(
    "comment",
    [
        "Returns the number of idle contexts.",
        "Tells whether a context is idle.",
        "{@inheritDoc}",
        "As {@link #busy()}, for idle ones.",
    ],
)
def test_a_sentence_that_opens_with_a_verb_passes(comment: str) -> None:
    assert javadoc(method(comment)) == []


@pytest.mark.parametrize(
    "comment", ["The idle contexts.", "Whether one is idle.", "As many as are idle.", "This is it."]
)
def test_a_sentence_that_opens_with_no_verb_is_named_with_its_place(comment: str) -> None:
    word = comment.split()[0]
    expected = f"Pool.java:5: the Javadoc of idle opens with '{word}'; open it with a verb such as 'Returns'"
    assert javadoc(method(comment)) == [expected]


@pytest.mark.parametrize(
    "declaration",
    [
        "protected abstract <T extends Map<String, T>> List<T> idle(int[] of)",
        '@Override\n  @SuppressWarnings({"unchecked", "a (b)"}) // a comment\n  public @Nullable String[] idle()',
        "public static\n      CompletableFuture<Map<String, Long>>\n          idle(int first)",
    ],
)
def test_a_method_is_seen_behind_annotations_and_types(declaration: str) -> None:
    assert len(javadoc(method("The idle contexts.", declaration))) == 1


@pytest.mark.parametrize(
    "declaration",
    ["int idle()", "private int idle()", "public Pool()", "public int idle = of()", "public record Idle(int a)"],
)
def test_only_visible_methods_are_looked_at(declaration: str) -> None:
    assert javadoc(method("The idle contexts.", declaration)) == []


def test_the_methods_of_an_interface_are_public() -> None:
    assert len(javadoc(method("The idle contexts.", "int idle()"), "interface")) == 1
    assert javadoc(method("The idle contexts.", "private int idle()"), "interface") == []
    assert javadoc(method("The idle contexts.", "int idle()"), "@interface") == []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "docs" / "benchmarks").mkdir(parents=True)
    (tmp_path / "docs" / "benchmarks" / "tables.md").write_text("word " * 40)
    (tmp_path / "README.md").write_text("Observers are notified.\n")
    sources = tmp_path / "engine" / "src" / "main" / "java"
    sources.mkdir(parents=True)
    (sources / "Pool.java").write_text("public class Pool {\n" + method("The idle contexts.") + "}\n")
    return tmp_path


def test_a_fault_of_javadoc_fails_the_run(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prose.main([str(checkout)]) == 1
    assert "engine/src/main/java/Pool.java:3: the Javadoc of idle opens with 'The'" in capsys.readouterr().out


def test_a_fault_of_markdown_fails_the_run(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "docs" / "page.md").write_text("Nobody is told.\n")
    assert prose.main([str(checkout)]) == 1
    assert "docs/page.md:1: 'is told'; write report" in capsys.readouterr().out
