"""The framework whose handler the guides annotate."""

# guide: annotations
# ratings.py
import enum
from dataclasses import dataclass

from terrarium.bridge import BaseBridge, handler


class Mood(enum.Enum):
    HAPPY = 1
    SAD = 2


@dataclass
class Review:
    text: str
    mood: Mood
    tags: set[str]
    stars: int | None = None


class Ratings(BaseBridge):
    framework = "ratings"

    @handler
    def rate(self, reviews: list[Review]) -> float:
        return sum(review.mood is Mood.HAPPY for review in reviews) / len(reviews)


# end
