"""Answers worked out once for each thing they are about, however many rules ask."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar


class Remembering(Protocol):
    """A thing that never changes and keeps what has been worked out about it."""

    @property
    def answers(self) -> dict[Hashable, Any]:
        """Answers by question; gone with the thing itself."""


Subject = TypeVar("Subject", bound=Remembering)
Answer = TypeVar("Answer")


def once(question: Callable[[Subject], Answer]) -> Callable[[Subject], Answer]:
    """Ask a question of each subject only once. The answer is shared: it must not be changed."""

    @functools.wraps(question)
    def answer(subject: Subject) -> Answer:
        answers = subject.answers
        if question not in answers:
            answers[question] = question(subject)
        known: Answer = answers[question]
        return known

    return answer
