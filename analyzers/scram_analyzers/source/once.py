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


class Following:
    """A subject that follows what its questions look at, and so keeps the answers itself."""

    def once(self, question: Callable[[Any], Answer]) -> Answer:
        """The answer to a question, asked now or known."""
        raise NotImplementedError


def once(question: Callable[[Subject], Answer]) -> Callable[[Subject], Answer]:
    """Ask a question of each subject only once. The answer is shared: it must not be changed."""

    @functools.wraps(question)
    def answer(subject: Subject) -> Answer:
        if isinstance(subject, Following):
            return subject.once(question)
        answers = subject.answers
        if question not in answers:
            answers[question] = question(subject)
        known: Answer = answers[question]
        return known

    return answer
