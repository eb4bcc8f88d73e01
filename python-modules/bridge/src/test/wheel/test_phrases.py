# guide: package_test
import pytest
from phrases import Phrases
from terrarium.bridge import ArgumentError, host


def test_keywords_leave_stop_words_out() -> None:
    assert Phrases().dispatch("keywords", {"text": "To be or not to be"}) == ["not"]


def test_arguments_are_checked_as_in_java() -> None:
    with pytest.raises(ArgumentError, match="argument 'most'"):
        Phrases().dispatch("keywords", {"text": "to be", "most": "three"})


def test_model_is_asked_for_a_title() -> None:
    host.install({"model.generate": lambda request: {"text": request["messages"][0]["content"].upper()}})

    assert Phrases().dispatch("title", {"text": "to be"}) == "A TITLE FOR: TO BE"


# end
