"""The numbers that a Keras `Tokenizer` gives to words: below `num_words`, and as many as the texts have words.

The words are counted where every text that the tokenizer is fitted on is written out in the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scram_analyzers.source.data import Interval
from scram_analyzers.source.interpreting.state import Created
from scram_analyzers.source.values import Value, integer, is_none, text

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

_LEFT_OUT = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n', " "))
"""What Keras's `Tokenizer` takes for the space between words, if it is told nothing else."""

_OTHER_WORDS = ("filters", "lower", "split", "char_level", "analyzer")
"""Arguments by which texts have other words than we count."""

_AT = {name: position for position, name in enumerate(("num_words", "filters", "lower", "split", "char_level"))}


def word_numbers(interpreter: Interpreter, tokenizer: Created) -> Interval | None:
    """The lowest and the highest number; None where neither the texts nor `num_words` tell the highest."""
    most = integer(tokenizer.arguments.value("num_words", 0) or tokenizer.arguments.value("nb_words"))
    kept = most - 1 if most is not None and most > 0 else None
    words = _words(interpreter, tokenizer)
    bounds = [bound for bound in (kept, words) if bound is not None]
    return Interval(0, min(bounds)) if bounds else None


def _words(interpreter: Interpreter, tokenizer: Created) -> int | None:
    """How many words the texts have, and the one that stands for all others if it has one."""
    given = tokenizer.arguments
    if given.open or any(given.value(name, _AT.get(name)) is not None for name in _OTHER_WORDS):
        return None
    words: set[str] = set()
    for called in tokenizer.log:
        if called.method == "fit_on_texts":
            texts = _written(interpreter, called.arguments.value("texts", 0))
            if texts is None:
                return None
            words.update(*(each.lower().translate(_LEFT_OUT).split(" ") for each in texts))
    stands_for_others = given.value("oov_token", 5)
    return len(words - {""}) + (stands_for_others is not None and not is_none(stands_for_others)) if words else None


def _written(interpreter: Interpreter, value: Value | None) -> list[str] | None:
    """The texts of a list whose every item is known."""
    items = interpreter.items_of(value)
    texts = [text(item) for item in items or ()]
    return [each for each in texts if each is not None] if texts and None not in texts else None
