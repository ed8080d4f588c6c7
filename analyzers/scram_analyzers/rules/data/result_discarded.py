"""SCR233 result-discarded."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Discarded, Program
from scram_analyzers.source.reading import parents
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.reading.dotted import dotted_name

_OF_TABLES = frozenset(("dropna", "fillna", "drop_duplicates"))
"""Methods that nothing but a table of pandas has, or what behaves like one."""

_METHODS = _OF_TABLES | frozenset(
    [
        *("drop", "replace", "sample", "reset_index", "set_index", "sort_values", "interpolate", "ffill", "bfill"),
        *("astype", "reshape", "flatten", "transpose", "clip", "squeeze"),
        *("batch", "padded_batch", "shuffle", "repeat", "map", "cache", "prefetch", "unbatch"),
    ]
)
"""Methods that return what they made, and leave as it was what they were called on."""

_FUNCTIONS = frozenset(
    [
        *("expand_dims", "reshape", "transpose", "squeeze", "clip", "append", "concatenate", "delete", "nan_to_num"),
        *("to_categorical", "normalize", "one_hot", "pad_sequences", "get_dummies", "permutation", "transform"),
    ]
)

_KNOWN = ("pandas.", "numpy.", "keras.", "tensorflow.", "sklearn.", "literal", "list", "seaborn.", "pickle.")

_END_OF_CELL = re.compile(r"\s*((pass *)?#.*(cell \d+|%%|In ?\[)|\Z)")
"""What follows the last statement of a cell: the mark of the next, or the end."""


class ResultDiscarded(Rule):
    """A call that changes nothing, because nothing takes what it returns."""

    code = "SCR233"
    name = "result-discarded"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a step of the preparation whose result nothing takes, so that the data stay as they were"
    why = (
        "Most methods of tables, arrays and datasets leave what they are called on as it was and return something "
        "new. In a statement of its own such a call changes nothing: the missing values, the old type or the unmixed "
        "rows stay."
    )
    how = "Give the result a name: df = df.dropna(). Some methods of pandas also take inplace=True."
    references = (
        Reference(
            "pandas: DataFrame.dropna",
            "https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.dropna.html",
        ),
        Reference("TensorFlow: tf.data.Dataset", "https://www.tensorflow.org/api_docs/python/tf/data/Dataset"),
    )
    false_alarms = "Results that an interactive session shows; the last line of a notebook's cell is left alone."
    bad = (
        Example(
            "Missing values that stay",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("diabetes.csv")
            »table.dropna()«
            x, y = table.drop(columns="Outcome"), table["Outcome"]
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y)
            """,
            """
            import keras
            import pandas as pd

            table = pd.read_csv("diabetes.csv")
            table = table.dropna()
            x, y = table.drop(columns="Outcome"), table["Outcome"]
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "Pixels that stay whole numbers, in no batches",
            """
            import keras
            import numpy as np
            import tensorflow as tf

            (images, digits), _ = keras.datasets.mnist.load_data()
            »images.astype("float32")«
            »np.expand_dims(images, -1)«
            dataset = tf.data.Dataset.from_tensor_slices((images / 255, digits)).shuffle(60000)
            »dataset.batch(32)«
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(dataset)
            """,
            """
            import keras
            import numpy as np
            import tensorflow as tf

            (images, digits), _ = keras.datasets.mnist.load_data()
            images = images.astype("float32")
            images = np.expand_dims(images, -1)
            dataset = tf.data.Dataset.from_tensor_slices((images / 255, digits)).shuffle(60000)
            dataset = dataset.batch(32)
            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(dataset)
            """,
        ),
    )
    good = (
        Example(
            "Changed in place, and shown at the end of a cell",
            """
            import keras
            import pandas as pd

            table = pd.read_csv("diabetes.csv")
            table.dropna(inplace=True)
            table.head()
            table.drop(columns="Outcome")
            # %%
            x, y = table.drop(columns="Outcome"), table.pop("Outcome")
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "A list of what an array held",
            """
            import keras
            import numpy as np

            epochs = list(np.unique(np.geomspace(1, 100, num=9).astype(int)))
            epochs.append(-1)
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            """,
        ),
        Example(
            "Somebody else's data, which may change themselves",
            """
            import keras
            from project import load

            data = load()
            data.shuffle()
            data.replace(0, 1)
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(data.x, data.y)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report calls in statements of their own whose only effect is what they return."""
        for place in _discarded(program):
            name = _changed(place)
            what = name if name is not None and len(name) <= 40 else "the data"
            yield Report(place, f"Nothing uses what this returns: {what} stays as it was.")

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Give the result the name of what it was made from."""
        for place in _discarded(program):
            name = _changed(place)
            if name is not None and program.range_of(place) == finding.range:
                edit = fixes.replace(program, place, f"{name} = {place.text}")
                return Fix(f"Assign the result to {name}", Applicability.UNSAFE, (edit,))
        return None


def _discarded(program: Program) -> Iterator[Place]:
    said = set()
    places = [each.place for each in program.discarded if _makes_anew(each)]
    if any(program.mentions(f".{name}(") for name in _OF_TABLES):
        places += [place for section in program.sections() for place in _of_tables(section)]
    for place in places:
        if place.key not in said and not _in_place(place) and not _is_shown(program, place):
            said.add(place.key)
            yield place


def _makes_anew(each: Discarded) -> bool:
    """Whether the statement calls something that is known to leave what it is given as it was."""
    function = each.place.node.func if isinstance(each.place.node, cst.Call) else None
    last = each.data.steps[-1] if each.data.steps else None
    if function is None or last is None or last.place is None or last.place.key != each.place.key:
        return False
    name = _name_of(function)
    if name == "sample" and not re.search(r"frac\s*=\s*1", each.place.text):
        return False  # some rows, to be looked at
    if name == "append" and isinstance(function, cst.Attribute) and not _is_module(function.value):
        return False  # lists are changed by it
    return each.data.source.startswith(_KNOWN) and name in _METHODS | _FUNCTIONS


def _name_of(function: cst.BaseExpression) -> str:
    return (dotted_name(function) or "").rpartition(".")[2]


def _of_tables(section: Section) -> Iterator[Place]:
    """Statements of their own that call a method which only tables have, whatever table it is."""
    for statement in section.parsed.nodes.get(cst.Expr, ()):
        call = statement.value if isinstance(statement, cst.Expr) else None
        if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) and call.func.attr.value in _OF_TABLES:
            yield Place(section, call)


def _in_place(place: Place) -> bool:
    """Whether a call is told to change what it is called on, or may be."""
    arguments = place.node.args if isinstance(place.node, cst.Call) else ()
    named = {each.keyword.value for each in arguments if each.keyword is not None}
    return bool(named & {"inplace", "out", "copy"}) or any(each.star for each in arguments)


def _changed(place: Place) -> str | None:
    """What the author will have thought to change, as it is written; None where that is no name."""
    call = place.node
    assert isinstance(call, cst.Call)
    method = isinstance(call.func, cst.Attribute) and call.func.attr.value in _METHODS
    thing = call.func.value if method and isinstance(call.func, cst.Attribute) else None
    if thing is None or _is_module(thing):
        thing = call.args[0].value if call.args else None
    return Place(place.section, thing).text if isinstance(thing, (cst.Name, cst.Attribute)) else None


def _is_module(thing: cst.BaseExpression) -> bool:
    return dotted_name(thing) in ("np", "numpy", "tf", "pd", "keras", "tensorflow")


def _is_shown(program: Program, place: Place) -> bool:
    """Whether a statement ends a notebook's cell, which shows what it comes to, or the module."""
    around = parents.ancestors(place)
    if any(isinstance(each, cst.BaseCompoundStatement) for each in around):
        return any(isinstance(each, (cst.Try, cst.TryStar)) for each in around)
    end = program.range_of(place).end
    rest = "\n".join(program.text.splitlines()[end.line :])
    return _END_OF_CELL.match(rest) is not None
