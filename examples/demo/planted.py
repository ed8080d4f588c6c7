"""The mistakes planted in the examples, and the expression that each of them stands on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Planted:
    """A mistake in `script`: the rule that must report it, and the text that must be marked.

    `consequences` are rules that may report what the mistake leads to in the run, elsewhere in the script.
    """

    script: str
    rule: str
    code: str
    expression: str
    consequences: tuple[str, ...] = ()


PLANTED = (
    Planted(
        "fashion_mnist_overfit.py",
        rule="missing-regularization",
        code="SCR501",
        expression='layers.Dense(1024, activation="relu")',
        consequences=("SCR702",),
    ),
    Planted(
        "movie_review_sentiment.py",
        rule="learning-rate-too-high",
        code="SCR101",
        expression="1e10",
        consequences=("SCR601", "SCR602"),
    ),
    Planted(
        "cifar10_raw_pixels.py",
        rule="input-not-normalized",
        code="SCR201",
        expression="x_train",
        consequences=("SCR110",),
    ),
)
HEALTHY = "healthy_digits.py"
FIXED = "movie_review_sentiment.py"
