"""A program read again after an edit is the program that reading it afresh gives."""

from __future__ import annotations

import gc
import random
import re
import weakref
from collections.abc import Iterator
from pathlib import Path

import libcst as cst
import pytest

from scram_analyzers.engine import Analysis, analyze_source
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.source.interpreting.interpreter import Interpreter
from scram_analyzers.source.interpreting.reuse import Memory
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading.chunks import REMEMBERED_FILES, ParseCache, ParsedChunk
from scram_analyzers.source.reading.walk import children
from scram_analyzers.source.values import number as number_of

FUNCTIONAL = '''"""Trains a classifier."""
import numpy as np
from tensorflow import keras
from tensorflow.keras.layers import *
from sklearn.preprocessing import StandardScaler

SHAPE = (28, 28, 1)
config = {"epochs": 5, "lr": 10.0}


# the data
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
if config["epochs"] > 3:
    x_train = x_train / 255

scaler = StandardScaler()


def block(x, filters):
    """Adds a block."""
    for size in (3, 5):
        x = Conv2D(filters, size, padding="same")(x)
    return BatchNormalization()(x)


def build(rate=0.5):
    inputs = keras.Input(SHAPE)
    x = block(inputs, 16)
    x = Flatten()(x)
    x = Dropout(rate)(x)
    return keras.Model(inputs, Dense(10, activation="sigmoid")(x))


model = build()
model.compile(keras.optimizers.SGD(config["lr"]), "categorical_crossentropy", ["accuracy"])
model.fit(x_train, y_train, epochs=config["epochs"])

model = build(0.9)
model.compile("adam", "mse")
for layer in model.layers:
    layer.trainable = False
model.fit(scaler.fit_transform(x_test), y_test)
print("done")
'''

SUBCLASSED = '''import keras
from keras import layers
import tensorflow as tf


class Net(keras.Model):
    """A small network."""

    def __init__(self, units):
        super().__init__()
        self.hidden = layers.Dense(units)
        self.last = layers.Dense(1, activation="softmax")

    def call(self, x, training=False):
        return self.last(self.hidden(x))


class Trainer:
    def __init__(self, epochs=1000):
        self.model = Net(32)
        self.epochs = epochs

    def train(self, x, y):
        self.model.compile(optimizer="sgd", loss="binary_crossentropy")
        self.model.fit(x, y, epochs=self.epochs, batch_size=100000)

    def unused(self):
        raise NotImplementedError


def load(path):
    try:
        data = tf.data.Dataset.from_tensor_slices(path)
    except ValueError:
        return None
    return data.batch(32)


def main():
    trainer = Trainer()
    trainer.train(load("x"), [0, 1])


if __name__ == "__main__":
    main()
'''

TUTORIAL = '''"""
# A first model

Let's load the digits (60,000 of them).
"""
import keras

(x, y), _ = keras.datasets.mnist.load_data()
"""
It isn't deep:

- one layer.
"""


def build():
    """Builds it."""
    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])


model = build()
model.compile(keras.optimizers.SGD(100.0), "mse")

"""
Then it's trained.
"""

model.fit(x, y)
"""
That's all.
"""
'''

RULES = RuleSet.default()


def summary(analysis: Analysis) -> object:
    """What readers and rules can see, without the numbers that only tell things apart."""
    program = analysis.program
    if program is None:
        return None
    places = [
        [(type(each).__name__, program.range_of(each.place)) for each in kind]
        for kind in (
            program.layers,
            program.optimizers,
            program.models,
            program.compiles,
            program.loss_calls,
            program.fits,
            program.evaluations,
            program.calls,
            program.method_calls,
            program.attribute_sets,
        )
    ]
    kinds = [[layer.kind for layer in model.layers] for model in program.models]
    return analysis.findings, places, kinds, program.unread, program.imports


def assert_same_places(program: Program | None, fresh: Program | None) -> None:
    """Every node of code stands where it stands in the tree of a fresh reading."""
    if program is None or fresh is None:
        return
    assert [chunk.first_line for chunk in program.chunks] == [chunk.first_line for chunk in fresh.chunks]
    for ours, theirs in zip(program.chunks, fresh.chunks, strict=True):
        pairs: list[tuple[cst.CSTNode | None, cst.CSTNode | None]] = [
            (ours.section.parsed.module, theirs.section.parsed.module)
        ]
        while pairs:
            node, other = pairs.pop()
            assert type(node) is type(other)
            if node is not None and other is not None and not isinstance(node, cst.BaseString):
                if not isinstance(node, cst.Module):
                    place = Place(ours.section, node), Place(theirs.section, other)
                    assert program.range_of(place[0]) == fresh.range_of(place[1])
                pairs += zip(children(node), children(other), strict=True)


def edits(text: str, chance: random.Random, count: int) -> Iterator[str]:
    """Texts as someone types: characters come and go, lines too, and some edits are taken back."""
    lines, before = text.split("\n"), list[list[str]]()
    for _ in range(count):
        kind = chance.random()
        if before and kind < 0.35:
            lines = before.pop()
            yield "\n".join(lines)
            continue
        before.append(list(lines))
        number = chance.randrange(len(lines))
        line = lines[number]
        column = chance.randint(0, len(line))
        if kind < 0.7:
            lines[number] = line[:column] + chance.choice("x1().=,'\"# :") + line[column:]
        elif kind < 0.8:
            lines[number] = line[:column] + line[column + 1 :]
        elif kind < 0.87:
            lines.insert(number, "")
        elif kind < 0.93 and len(lines) > 2:
            del lines[number]
        else:
            lines.insert(number, chance.choice(lines))
        yield "\n".join(lines)


OWN_EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("**/*.py"))[:3]
PROGRAMS = [FUNCTIONAL, SUBCLASSED, TUTORIAL, *(path.read_text("utf-8") for path in OWN_EXAMPLES)]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "text", [FUNCTIONAL, SUBCLASSED, TUTORIAL, *(path.read_text("utf-8") for path in OWN_EXAMPLES)]
)
def test_every_edit_gives_what_a_fresh_reading_gives(text: str, seed: int) -> None:
    cache = ParseCache()
    analyze_source(text, "train.py", RULES, cache)
    for edited in edits(text, random.Random(seed), 25):
        again, fresh = analyze_source(edited, "train.py", RULES, cache), analyze_source(edited, "train.py", RULES)
        assert summary(again) == summary(fresh), edited
        assert_same_places(again.program, fresh.program)


HELPERS = "\n\n".join(
    f"def helper_{number}(x):\n    return keras.layers.Dense(SIZE if x else {number})(x)\n" for number in range(45)
)
LONG = FUNCTIONAL.replace("def block", f"SIZE = 3\n\n\n{HELPERS}\n\ndef block")


def test_every_edit_among_many_stretches_gives_what_a_fresh_reading_gives() -> None:
    cache, chance, none = ParseCache(), random.Random(0), RuleSet()
    analyze_source(LONG, "train.py", none, cache)
    texts = [LONG.replace("SIZE = 3", "SIZE = 4"), LONG.replace("import numpy as np\n", ""), LONG]
    for edited in [*texts, *edits(LONG, chance, 6), *texts]:
        again, fresh = analyze_source(edited, "train.py", none, cache), analyze_source(edited, "train.py", none)
        assert summary(again) == summary(fresh), edited
    blocks = cache.memory("train.py").blocks
    assert sum(len(block.things) for block in blocks.values()) > 60, "most of it is taken over many at a time"


def test_of_statements_together_only_those_are_read_again_that_an_edit_reaches() -> None:
    text = """import keras

rate = 1

def build():
    return keras.Sequential([keras.layers.Dense(1)])

model = build()
other = keras.Sequential([keras.layers.Dropout(rate)])
model.compile("sgd", "mse")
other.compile("sgd", "mse")
"""
    cache, compiles = ParseCache(), []
    for edited in (text, text.replace("rate = 1", "rate = 0.5"), text.replace("rate = 1", "rate = 0.9")):
        program = analyze_source(edited, "train.py", RULES, cache).program
        assert program is not None
        compiles.append(program.compiles)
    assert compiles[2][0] is compiles[1][0]
    assert compiles[2][1] is not compiles[1][1]


@pytest.mark.parametrize("seed", range(2))
def test_every_broken_quote_gives_what_a_fresh_reading_gives(seed: int) -> None:
    cache, chance = ParseCache(), random.Random(seed)
    analyze_source(TUTORIAL, "train.py", RULES, cache)
    quotes = [match.start() for match in re.finditer('"', TUTORIAL)]
    for _ in range(30):
        at = chance.choice(quotes) + chance.randint(0, 1)
        edited = TUTORIAL[:at] + chance.choice(["x", '"', "'", "", "("]) + TUTORIAL[at + chance.randint(0, 1) :]
        again, fresh = analyze_source(edited, "train.py", RULES, cache), analyze_source(edited, "train.py", RULES)
        assert summary(again) == summary(fresh), edited
        assert_same_places(again.program, fresh.program)


COMMENTED = '''import keras


@keras.saving.register_keras_serializable()
class Net(keras.Model):  # small
    """A network."""

    # its parts
    def __init__(self):
        super().__init__()
        self.last = keras.layers.Dense(
            1,  # one number
            activation="softmax",
        )  # the head

    def call(self, x):
        "Forward."

        if x is None:
            """Nothing."""
        return self.last(x)


model = Net()
model.compile("sgd", "mse")
model.fit([1], [2])
'''


@pytest.mark.parametrize("seed", range(4))
def test_edits_of_comments_and_docstrings_move_what_is_below_and_nothing_else(seed: int) -> None:
    cache, chance = ParseCache(), random.Random(seed)
    first = analyze_source(COMMENTED, "train.py", RULES, cache).program
    lines = COMMENTED.split("\n")
    for _ in range(12):
        number = chance.randrange(1, len(lines))
        if chance.random() < 0.4:
            lines.insert(number, chance.choice(["", "    ", "# note", "        # note"]))
        elif chance.random() < 0.5 and lines[number].strip():
            lines[number] += chance.choice(["  # why", " ", "x"]) if "#" in lines[number] else "  # new"
        else:
            lines[number] = lines[number].replace('"""', '"""x', 1).replace("Forward", "Forward x")
        edited = "\n".join(lines)
        again, fresh = analyze_source(edited, "train.py", RULES, cache), analyze_source(edited, "train.py", RULES)
        assert summary(again) == summary(fresh), edited
        assert_same_places(again.program, fresh.program)
    assert first is not None
    assert first.compiles


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# its parts", "# its parts, and more"),
        ("    # its parts\n", ""),
        ("A network.", "A network of one layer."),
        ("A network.", "A network.\n\n    It has one layer.\n    "),
        ("Forward.", "Forwards."),
        ("  # the head", ""),
        ("    def call", "\n\n    def call"),
    ],
)
def test_what_only_comments_and_docstrings_say_is_not_read_again(before: str, after: str) -> None:
    cache = ParseCache()
    first = analyze_source(COMMENTED, "train.py", RULES, cache).program
    second = analyze_source(COMMENTED.replace(before, after, 1), "train.py", RULES, cache).program
    assert first is not None
    assert second is not None
    assert second.text != first.text
    assert second.compiles[0] is first.compiles[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1,  # one number", "1,  # one"),  # within brackets the comment is part of the expression's layout
        ('"softmax"', '"relu"'),
        ("()\nclass", "()\n# below the decorator\nclass"),
        ('    """A network."""\n', ""),
        ('"Forward."', "pass"),
    ],
)
def test_what_changes_more_than_prose_is_read_again(before: str, after: str) -> None:
    cache = ParseCache()
    first = analyze_source(COMMENTED, "train.py", RULES, cache).program
    second = analyze_source(COMMENTED.replace(before, after, 1), "train.py", RULES, cache).program
    assert first is not None
    assert second is not None
    assert second.text != first.text
    assert second.compiles[0] is not first.compiles[0]


def test_what_an_edit_does_not_touch_is_taken_over() -> None:
    cache = ParseCache()
    first = analyze_source(FUNCTIONAL, "train.py", RULES, cache).program
    second = analyze_source(FUNCTIONAL.replace('"mse"', '"mae"'), "train.py", RULES, cache).program
    assert first is not None
    assert second is not None
    assert second.compiles[0] is first.compiles[0]
    assert second.compiles[1] is not first.compiles[1]


def test_a_model_that_stays_the_same_is_one_model_wherever_and_whenever_it_is_used() -> None:
    cache = ParseCache()
    text = FUNCTIONAL.replace(
        'model.compile("adam", "mse")\n', 'model.compile("adam", "mse")\nmodel.evaluate(x_test)\n'
    )
    first = analyze_source(text, "train.py", RULES, cache).program
    second = analyze_source(text.replace("x_test), y_test", "x_test), x_test"), "train.py", RULES, cache).program
    assert first is not None
    assert second is not None
    assert first.compiles[0].model is first.fits[0].model
    assert first.compiles[1].model is first.evaluations[0].model
    assert first.compiles[1].model is not first.fits[1].model, "its layers are frozen in between"
    assert second.fits[1] is not first.fits[1]
    assert second.models[1] is first.models[1]


def test_nothing_of_a_reading_waits_for_the_garbage_collector() -> None:
    cache = ParseCache()
    analyze_source(SUBCLASSED, "train.py", RULES, cache)
    gc.collect()
    gc.disable()
    try:
        before = _readings()
        for edited in edits(SUBCLASSED, random.Random(0), 10):
            analyze_source(edited, "train.py", RULES, cache)
        assert _readings() == before
    finally:
        gc.enable()


def _readings() -> int:
    return sum(isinstance(each, (Interpreter, Memory)) for each in gc.get_objects())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import numpy as np\n", "import numpy as np\n\n\n"),
        ("import numpy as np\n", ""),
        ("# the data\n", "# the data\n# of handwritten digits\n"),
        ("\n\n\ndef block", "\n\n\nprint('ready')\n\n\ndef block"),
    ],
)
def test_what_is_only_moved_is_taken_over_and_stands_elsewhere(before: str, after: str) -> None:
    cache = ParseCache()
    first = analyze_source(FUNCTIONAL, "train.py", RULES, cache).program
    edited = FUNCTIONAL.replace(before, after, 1)
    second = analyze_source(edited, "train.py", RULES, cache).program
    fresh = analyze_source(edited, "train.py", RULES).program
    assert first is not None
    assert second is not None
    assert fresh is not None
    assert edited.count("\n") != FUNCTIONAL.count("\n")
    assert second.compiles[1] is first.compiles[1]
    where = first.range_of(first.compiles[1].place)
    moved = second.range_of(second.compiles[1].place)
    assert moved == fresh.range_of(fresh.compiles[1].place) != where
    assert first.range_of(first.compiles[1].place) == where, "an earlier program still speaks of its own text"


def test_of_statements_that_read_the_same_each_keeps_its_own_place() -> None:
    text = "import keras\n\n" + "model = keras.Sequential([keras.layers.Dense(1)])\n\n" * 3
    cache = ParseCache()
    analyze_source(text, "train.py", RULES, cache)
    for edited in (text.replace("\n\nmodel", "\n\n\nmodel", 1), text + "\nmodel.compile('sgd')\n", text):
        again, fresh = (analyze_source(edited, "train.py", RULES, each).program for each in (cache, None))
        assert again is not None
        assert fresh is not None
        lines = [again.line_of(layer.place) for layer in again.layers]
        assert lines == [fresh.line_of(layer.place) for layer in fresh.layers]
        assert len(set(lines)) == 3


DEFAULTS = """import keras

RATE = 0.3


class Block:
    def build(self, rate=RATE):
        return keras.layers.Dropout(rate)

    def head(self):
        return keras.layers.Dense(1)


def block(rate=RATE):
    return keras.layers.Dropout(rate)
"""


def test_what_nothing_calls_is_read_again_where_its_defaults_change() -> None:
    cache = ParseCache()
    for rate in ("0.3", "0.95", "0.3", "0.9"):
        text = DEFAULTS.replace("0.3", rate)
        again, fresh = analyze_source(text, "train.py", RULES, cache), analyze_source(text, "train.py", RULES)
        assert summary(again) == summary(fresh)
        assert again.program is not None
        dropouts = [each for each in again.program.layers if each.class_name == "Dropout"]
        assert [number_of(each.arguments.value("rate", 0)) for each in dropouts] == [float(rate)] * 2


def test_of_a_class_that_nothing_uses_only_the_methods_are_read_again_that_an_edit_reaches() -> None:
    text = DEFAULTS.replace("Dense(1)", "Dense(UNITS)").replace("RATE = 0.3", "RATE = 0.3\n\nUNITS = 8")
    cache, seen = ParseCache(), []
    for units in ("8", "9", "10"):  # the first time it is read as a whole, the second by methods
        program = analyze_source(text.replace("8", units), "train.py", RULES, cache).program
        assert program is not None
        seen.append({each.class_name: each for each in reversed(program.layers)})
    assert seen[2]["Dense"] is not seen[1]["Dense"]
    assert seen[2]["Dropout"] is seen[1]["Dropout"]


def test_a_changed_name_is_read_again_wherever_it_is_used() -> None:
    cache = ParseCache()
    analyze_source(FUNCTIONAL, "train.py", RULES, cache)
    edited = FUNCTIONAL.replace('"lr": 10.0', '"lr": 0.01')
    codes = [each.code for each in analyze_source(edited, "train.py", RULES, cache).findings]
    assert codes == [each.code for each in analyze_source(edited, "train.py", RULES).findings]
    assert "SCR101" not in codes


def test_an_import_remembered_later_is_seen_where_it_was_missing() -> None:
    text = "import keras\n\n\nmodel = keras.Sequential([Dense(1)])\n\n\nmodel.compile('sgd', 'mse')\n"
    cache = ParseCache()
    analyze_source(text, "train.py", RULES, cache)
    edited = text + "\n\ndef Dense(units):\n    return units\n"
    again = analyze_source(edited, "train.py", RULES, cache)
    assert summary(again) == summary(analyze_source(edited, "train.py", RULES))


def test_nothing_keeps_a_program_that_nobody_holds() -> None:
    cache = ParseCache()
    for kept in (None, cache):
        analysis = analyze_source(FUNCTIONAL, "train.py", RULES, kept)
        assert analysis.program is not None
        program = weakref.ref(analysis.program)
        del analysis
        gc.collect()
        assert program() is None


def test_a_cache_forgets_the_files_of_long_ago() -> None:
    cache = ParseCache(capacity=200)
    program = analyze_source(FUNCTIONAL, "first.py", RULES, cache).program
    assert program is not None
    trees = [weakref.ref(chunk.parsed) for chunk in program.chunks]
    del program
    for number in range(REMEMBERED_FILES):
        analyze_source(f"import keras\nx = {number}\n", f"file_{number}.py", RULES, cache)
    gc.collect()
    assert not any(tree() for tree in trees)


@pytest.mark.parametrize("cache", [None, ParseCache(capacity=2_000)], ids=["alone", "through a cache"])
def test_many_files_leave_no_more_behind_than_few(cache: ParseCache | None) -> None:
    left = []
    for number in range(60):
        text = f"import keras\n\n\nmodel = keras.Sequential([keras.layers.Dense({number})])\nmodel.compile('sgd')\n"
        analyze_source(text, f"file_{number}.py", RULES, cache)
        if number in (29, 59):  # a cache of this size is full after about 20
            gc.collect()
            left.append(sum(isinstance(each, (ParsedChunk, Program, cst.Module)) for each in gc.get_objects()))
    assert left[0] == left[1]


TAPE = """import tensorflow as tf
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1)])

rate = 0.1


with tf.GradientTape() as tape:
    sizes = [rate * 0, 8]


def train(tape, sizes):
    seen = tape, sizes
    model.compile("sgd", "mse")


train(tape, sizes)
"""


def test_what_comes_to_the_same_when_read_again_leaves_what_follows_standing() -> None:
    cache = ParseCache()
    first = analyze_source(TAPE, "train.py", RULES, cache).program
    edited = TAPE.replace("0.1", "0.2")
    again = analyze_source(edited, "train.py", RULES, cache)
    assert first is not None
    assert again.program is not None
    assert again.program.compiles[0] is first.compiles[0]
    assert summary(again) == summary(analyze_source(edited, "train.py", RULES))


def test_values_that_share_their_parts_are_compared_no_longer_than_others() -> None:
    doubled = "".join(f"x{number + 1} = (x{number}, x{number})\n" for number in range(60))
    text = f"import keras\n\nrate = 0.1\n\nx0 = (rate * 0, 1)\n{doubled}\nprint(x60)\n"
    cache = ParseCache()
    analyze_source(text, "train.py", RULES, cache)
    again = analyze_source(text.replace("0.1", "0.2"), "train.py", RULES, cache)
    assert summary(again) == summary(analyze_source(text.replace("0.1", "0.2"), "train.py", RULES))


OPTIMIZERS = """from tensorflow import keras

rate = 0.1


def make():
    return keras.optimizers.SGD(rate)


optimizer = make()

model = keras.Sequential([keras.layers.Dense(1)])

model.compile(optimizer, "mse")
"""


def test_an_object_made_again_with_something_else_is_not_taken_for_the_same() -> None:
    cache = ParseCache()
    analyze_source(OPTIMIZERS, "train.py", RULES, cache)
    program = analyze_source(OPTIMIZERS.replace("0.1", "0.2"), "train.py", RULES, cache).program
    assert program is not None
    assert program.compiles[0].optimizer is program.optimizers[0]
    assert program.optimizers[0].learning_rate.value == 0.2


OWN_LAYER = """import keras


class Scale(keras.layers.Layer):
    def call(self, inputs):
        if self.activation:
            return self.activation(inputs)
        return inputs


def trained(model):
    model.fit([1], [2], verbose=0)


with open("log.txt"):
    model = keras.Sequential([Scale(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    trained(model)
"""


def test_what_is_asked_after_a_model_was_made_of_layers_with_branches_is_asked_again() -> None:
    cache, edited = ParseCache(), OWN_LAYER.replace("verbose=0", "verbose=1")
    analyze_source(OWN_LAYER, "train.py", RULES, cache)
    again = analyze_source(edited, "train.py", RULES, cache)
    assert summary(again) == summary(analyze_source(edited, "train.py", RULES))
