from __future__ import annotations

import libcst as cst
import pytest

from scram_analyzers.source import usage
from scram_analyzers.source.reading import parents, search
from tests.scram_analyzers.source.programs import program_of


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        ("stop = keras.callbacks.EarlyStopping()", False),
        ("stop = keras.callbacks.EarlyStopping()\nchosen = [stop]", False),
        ("stop = keras.callbacks.EarlyStopping()\nprint(options.stop, run(stop=1))", False),
        ("stop = keras.callbacks.EarlyStopping()\nchosen = [stop]\nmodel.fit(x, callbacks=chosen)", True),
        ("stop = keras.callbacks.EarlyStopping()\nmodel.fit(x, callbacks=[stop])", True),
        ("def make():\n    stop = keras.callbacks.EarlyStopping()\n    return stop", True),
    ],
)
def test_a_name_is_read_or_not(lines: str, read: bool) -> None:
    assert usage.is_read(program_of(f"import keras\n{lines}\n"), "stop") is read


def test_an_expression_is_bound_to_the_name_of_its_list() -> None:
    program = program_of("import keras\nchosen = [keras.callbacks.EarlyStopping()]\n")
    assert usage.bound_to(parents.ancestors(program.calls[0].place)) == "chosen"


def test_nodes_are_found_in_the_order_of_the_text_where_the_word_stands() -> None:
    program = program_of("import keras\nfirst = make(inner(1))\nsecond = other(2)\n")
    assert [place.text for _, place in search.found(program, cst.Call, "other")] == [
        "make(inner(1))",
        "inner(1)",
        "other(2)",
    ]
    assert list(search.found(program, cst.Call, "nowhere")) == []
