from __future__ import annotations

import libcst as cst
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scram_analyzers.source.interpreting.interpreter import interpret
from scram_analyzers.source.reading.chunks import ParseCache
from scram_analyzers.source.reading.class_pieces import class_pieces, piece_trees
from scram_analyzers.source.reading.parsed_module import parse_module
from scram_analyzers.source.reading.splitting import cut, split_module

LAYER = '''# note
@keras.saving.register()
class Head(keras.layers.Layer):
    """Words."""

    # its parts
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)

    @property
    def size(self):
        return 3
    kind = "head"

    def call(self, inputs):
        return self.dense(inputs)
'''
CLASS_LINES = st.sampled_from(
    [
        "    def f(self):",
        "        return 1",
        "    @property",
        "    x = 1",
        "  odd = 2",
        "    y = [",
        "    ]",
        "    class Inner:",
        "        pass",
        "    # note",
        "",
        "    async def g(self): pass",
        '    """',
        "z = 3",
    ]
)


def test_a_class_is_cut_into_its_head_and_its_methods() -> None:
    (chunk,) = cut(LAYER)
    head, *rest = class_pieces(chunk)

    assert head.chunk.text == LAYER[: LAYER.index("\n    # its parts")]
    assert [each.chunk.text.splitlines()[2:4] for each in rest] == [
        ["", "    # its parts"],
        ["", "    @property"],
        ['    kind = "head"'],
        ["", "    def call(self, inputs):"],
    ]
    assert all(each.chunk.text.startswith("@keras.saving.register()\nclass Head(") for each in rest)
    assert [each.chunk.first_line for each in rest] == [5, 10, 14, 15]


@pytest.mark.parametrize(
    "text",
    [
        "class A: pass\n",
        "class A:\n    x = 1\n",
        "def f():\n    def g(): pass\n",
        "class A:\n    def f(self): pass\n  x = 1\n",
    ],
)
def test_what_has_no_methods_or_no_even_indent_is_not_cut(text: str) -> None:
    assert class_pieces(cut(text)[0]) == ()


@pytest.mark.parametrize("text", [LAYER, LAYER.replace("\n", "\r\n"), LAYER.replace("    ", "\t")])
def test_trees_from_the_whole_class_read_like_those_of_its_pieces(text: str) -> None:
    pieces = class_pieces(cut(text)[0])
    trees = piece_trees(pieces, cst.parse_module(text))

    assert trees is not None
    assert [tree.code.split() for tree in trees] == [each.chunk.text.split() for each in pieces]


@given(st.lists(CLASS_LINES, max_size=14))
def test_all_lines_of_a_class_are_in_one_piece_each(lines: list[str]) -> None:
    text = "\n".join(["class A(B):", *lines, ""])
    for chunk in cut(text):
        pieces = class_pieces(chunk)
        own = [each.chunk.text.splitlines()[each.header.lines if each.header else 0 :] for each in pieces]
        assert not pieces or [line for part in own for line in part if line != "    pass"] == [
            line for line in chunk.text.splitlines() if line != "    pass"
        ]


def test_nodes_of_methods_stand_where_the_module_has_them() -> None:
    text = "import keras\n" + LAYER
    places = {}
    for chunk in parse_module(split_module(text), ParseCache()).chunks:
        for node in chunk.parsed.nodes.get(cst.FunctionDef, ()):
            assert isinstance(node, cst.FunctionDef)
            places[node.name.value] = chunk.range_of(node.name).start.line
        for owner in chunk.parsed.nodes.get(cst.ClassDef, ()):
            assert isinstance(owner, cst.ClassDef)
            assert chunk.range_of(owner.name).start.line == 4

    assert places == {"__init__": 8, "size": 13, "call": 17}


TRAINED = """\
import keras

class Trainer:
    def __init__(self):
        self.model = keras.Sequential([keras.layers.Dense(1)])
        self.model.compile("adam", "mse")

    def train(self, x, y):
        self.model.fit(x, y, epochs=2)

    def show(self):
        print("shown")
"""


def test_an_edit_in_one_method_leaves_what_others_came_to() -> None:
    cache = ParseCache()
    before = interpret(TRAINED, "a.py", cache)
    after = interpret(TRAINED.replace('"shown"', '"shown again"'), "a.py", cache)

    assert after.fits == before.fits
    assert after.compiles == before.compiles


@pytest.mark.parametrize("typed", ["print(", "x = '''", "if x", "def"])
def test_a_method_that_is_being_typed_leaves_the_others(typed: str) -> None:
    program = interpret(TRAINED.replace('print("shown")', typed), "a.py")

    assert len(program.fits) == 1
    assert [each.range.start.line >= 11 for each in program.unread] == [True]


def test_a_broken_method_is_there_all_the_same() -> None:
    text = """\
import keras

class Own(keras.Model):
    def call(self, inputs):
        return keras.layers.Dense(1)(inputs)

    def train_step(self, data):
        x, y =

model = Own()
model.compile("adam")
model.fit(x, y)
"""
    (fit,) = interpret(text, "a.py").fits
    assert fit.model is not None
    assert fit.model.trains_itself
