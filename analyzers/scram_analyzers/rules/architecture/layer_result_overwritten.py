"""SCR346 layer-result-overwritten."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.source import usage
from scram_analyzers.source.keras_api.losses import LOSS_STRINGS, loss_name
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.reading.dotted import dotted_name

_CALL_OF_A_CALL = re.compile(r"\)(?:[\s\\]|#[^\r\n]*[\r\n])*\(")
"""What a text has in it where a layer is called as it is made: `Dense(10)(x)`."""

_OWN_CALL = "def call"
"""What it has in it where a layer or model of its own calls others."""


class LayerResultOverwritten(Rule):
    """A layer that is called and then left out, because its name is given away before anything reads it."""

    code = "SCR346"
    name = "layer-result-overwritten"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a layer whose result is overwritten before the next layer takes it, so that it is no part of the model"
    why = (
        "In the functional style each layer is handed the result of the one before. Where a layer is handed an "
        "earlier one, all between them falls out of the model, without a word: it is smaller than it looks."
    )
    how = "Hand each layer the result of the one before: x = Flatten()(x)."
    references = (Reference("Keras: The functional API", "https://keras.io/guides/functional_api/"),)
    bad = (
        Example(
            "The convolutions fall out",
            """
            import keras
            from keras import layers

            inputs = keras.Input((28, 28, 1))
            x = layers.Conv2D(32, 3, activation="relu")(inputs)
            x = »layers.MaxPooling2D()(x)«

            x = layers.Flatten()(inputs)
            outputs = layers.Dense(10, activation="softmax")(x)
            model = keras.Model(inputs, outputs)
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "A shortcut that nothing takes",
            """
            import keras
            from keras import layers


            def block(x, filters):
                »shortcut = x«
                x = layers.Conv2D(filters, 3, padding="same")(x)
                x = layers.BatchNormalization()(x)
                x = layers.Activation("relu")(x)
                x = layers.Conv2D(filters, 3, padding="same")(x)
                return layers.Activation("relu")(x)


            inputs = keras.Input((32, 32, 3))
            x = layers.Conv2D(64, 3, padding="same", activation="relu")(inputs)
            x = layers.GlobalAveragePooling2D()(block(block(x, 64), 64))
            model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "In the call of a model of its own",
            """
            import keras
            from keras import layers


            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.first = layers.Dense(64, activation="relu")
                    self.second = layers.Dense(64, activation="relu")
                    self.last = layers.Dense(3, activation="softmax")

                def call(self, inputs):
                    x = »self.first(inputs)«
                    x = self.second(inputs)
                    return self.last(x)


            model = Net()
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "Blocks of which the last reads the input again",
            """
            import keras
            from keras import layers

            def block(x, filters):
                x = layers.Conv2D(filters, 3, activation="relu")(x)
                return layers.MaxPooling2D()(x)

            inputs = keras.Input((32, 32, 3))
            x = block(inputs, 32)
            x = »block(x, 64)«
            x = block(inputs, 128)
            model = keras.Model(inputs, layers.Dense(10)(layers.Flatten()(x)))
            """,
        ),
        Example(
            "A name that nothing uses",
            """
            import keras
            from keras import layers


            class Net(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.first = layers.Dense(64, activation="relu")
                    self.second = layers.Dense(64, activation="relu")
                    self.last = layers.Dense(3, activation="softmax")

                def call(self, inputs):
                    x = self.first(inputs)
                    y = »self.second(x)«
                    return self.last(x)


            model = Net()
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "A second branch that nothing takes",
            """
            import keras
            from keras import layers
            from project import features, words, y

            numbers = keras.Input((8,))
            text = keras.Input((300,))
            a = layers.Dense(16, activation="relu")(numbers)
            b = »layers.Dense(16, activation="relu")(text)«
            both = layers.concatenate([a, text])
            model = keras.Model([numbers, text], layers.Dense(1)(both))
            model.compile(optimizer="adam", loss="mse")
            model.fit([features, words], y, epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "A layer that is tried out",
            """
            import keras
            import numpy as np
            from keras import layers
            from project import features, y

            sample = np.ones((2, 8))
            tried = layers.Dense(4)(sample)
            inputs = keras.Input((8,))
            model = keras.Model(inputs, layers.Dense(1)(inputs))
            model.compile(optimizer="adam", loss="mse")
            model.fit(features, y, epochs=20)
            """,
        ),
        Example(
            "Blocks one after the other, and functions that do something by themselves",
            """
            import keras
            from keras import layers
            from project import rows

            def block(x, filters):
                x = layers.Conv2D(filters, 3, activation="relu")(x)
                return layers.MaxPooling2D()(x)

            def trained(model, epochs):
                return model.fit(rows, epochs=epochs)

            inputs = keras.Input((32, 32, 3))
            x = block(inputs, 32)
            x = block(x, 64)
            model = keras.Model(inputs, layers.Dense(10)(layers.Flatten()(x)))
            model.compile("adam", "mse")
            history = trained(model, 3)
            history = trained(model, 5)
            """,
        ),
        Example(
            "Branches that meet again",
            """
            import keras
            from keras import layers

            inputs = keras.Input((28, 28, 1))
            x = layers.Conv2D(32, 3, padding="same", activation="relu")(inputs)
            short = x
            x = layers.Conv2D(32, 3, padding="same")(inputs)
            x = layers.Add()([x, short])
            x = layers.Flatten()(x)
            outputs = layers.Dense(10, activation="softmax")(x)
            model = keras.Model(inputs, outputs)
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "A model built to look at and one to train",
            """
            import keras
            from keras import layers

            inputs = keras.Input((8,))
            x = layers.Dense(4)(inputs)
            keras.Model(inputs, x).summary()
            x = layers.Dense(4, activation="relu")(inputs)
            model = keras.Model(inputs, layers.Dense(1)(x))
            model.compile(optimizer="adam", loss="mse")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report what a layer made and the very next use of its name overwrites."""
        if not (program.mentions(_OWN_CALL) or program.matches(_CALL_OF_A_CALL)):
            return
        yield from program.each(_stretches(program), _of_stretch)
        yield from program.each(program.sections_with("def "), _of_section)
        if program.fits and not program.unread:
            yield from _never_read(program)


def _may_call_layers(section: Section) -> bool:
    return _OWN_CALL in section.parsed.text or section.parsed.matches(_CALL_OF_A_CALL)


@dataclass(frozen=True, eq=False, slots=True)
class _Event:
    """What a statement does to names: what it reads, the one it binds, and the call of a layer that it binds it to.

    `read` is None where what was made before is let be: at a compound statement, at one that can't be read, at `pass`
    (which parts the cells of a notebook), and where a new input begins another model.
    """

    section: Section
    read: cst.CSTNode | None
    name: str | None = None
    call: cst.Call | None = None

    def reads(self, name: str) -> bool:
        """Whether the statement reads a name."""
        return self.read is not None and any(each.value == name for each in search.nodes(self.read, cst.Name))


_Stretch: TypeAlias = "tuple[Section, ...]"


def _stretches(program: Program) -> Iterator[_Stretch]:
    """The statements of the module between those that let be what was made before."""
    sections = [each.section for each in program.chunks] if program.unread else program.sections()
    return (tuple(group) for lets_be, group in itertools.groupby(sections, _lets_be) if not lets_be)


def _of_stretch(program: Program, stretch: _Stretch) -> Iterator[Report]:
    events = itertools.chain.from_iterable(map(_events_of_module, stretch))
    return _reports(program, _overwritten(events))


def _of_section(program: Program, section: Section) -> Iterator[Report]:
    yield from _reports(program, _overwritten_in_blocks(section))
    if _may_call_layers(section):
        yield from _unread(section)


@once
def _lets_be(section: Section) -> bool:
    module = section.parsed.module
    if module is None:
        return True
    simple = (each.body for each in module.body if isinstance(each, cst.SimpleStatementLine))
    return bool(module.body) and all(map(_parts_models, itertools.chain.from_iterable(simple)))


def _events_of_module(section: Section) -> tuple[_Event, ...]:
    module = section.parsed.module
    return tuple(_events(section, module.body)) if module is not None else (_Event(section, None),)


@once
def _overwritten_in_blocks(section: Section) -> tuple[tuple[_Event, _Event], ...]:
    blocks = (each.body for each in search.blocks(section) if _binds_twice(each.body))
    return tuple(itertools.chain.from_iterable(_overwritten(_events(section, each)) for each in blocks))


def _binds_twice(block: Iterable[cst.BaseStatement]) -> bool:
    """Whether a block gives the results of two calls one name."""
    lines = (each.body for each in block if isinstance(each, cst.SimpleStatementLine))
    bound = [each.targets[0].target for each in itertools.chain.from_iterable(lines) if _is_of_call(each)]
    names = [each.value for each in bound if isinstance(each, cst.Name)]
    return len(set(names)) < len(names)


def _events(section: Section, block: Sequence[cst.BaseStatement]) -> Iterator[_Event]:
    for line in block:
        if not isinstance(line, cst.SimpleStatementLine):
            yield _Event(section, None)
            continue
        for statement in line.body:
            if _parts_models(statement):
                yield _Event(section, None)
                continue
            yield _Event(section, _value_of(statement), *_made(section, statement))


def _parts_models(statement: cst.BaseSmallStatement) -> bool:
    return isinstance(statement, cst.Pass) or _begins_anew(statement)


def _begins_anew(statement: cst.BaseSmallStatement) -> bool:
    """`inputs = keras.Input(...)`."""
    value = statement.value if isinstance(statement, cst.Assign) else None
    return isinstance(value, cst.Call) and _last_name(value.func) in ("Input", "InputLayer")


def _overwritten(events: Iterable[_Event]) -> Iterator[tuple[_Event, _Event]]:
    """What a layer made, or a function that may put layers on something, and what its name is given next, unread."""
    waiting: dict[str, int] = {}
    passed: list[_Event] = []
    for event in events:
        if event.read is None:
            waiting.clear()
            passed.clear()
            continue
        passed.append(event)
        if event.name is None:
            continue
        made = waiting.pop(event.name, None)
        if event.call is None:
            continue
        waiting[event.name] = len(passed) - 1
        # The next layer takes what the last one made, as a rule: so this is looked at first.
        if made is not None and not any(each.reads(event.name) for each in reversed(passed[made + 1 :])):
            yield passed[made], event


def _is_of_call(statement: cst.BaseSmallStatement) -> TypeGuard[cst.Assign]:
    return isinstance(statement, cst.Assign) and len(statement.targets) == 1 and isinstance(statement.value, cst.Call)


def _never_read(program: Program) -> Iterator[Report]:
    """The layers that a script puts on an input of its models, and never uses, though it trains one."""
    symbolic: set[str] = set()
    for section in program.sections():
        if "Input" not in section.parsed.text and not _may_call_layers(section):
            continue
        for statement in _bound_by_module(section):
            name, call = _made(section, statement)
            if _begins_anew(statement):
                symbolic.update(each.value for each in search.nodes(statement.targets[0].target, cst.Name))
            if name is None or call is None or not _calls_layer(section, call):
                continue
            if symbolic.isdisjoint([each.value for each in search.nodes(call.args[0], cst.Name)]):
                continue
            symbolic.add(name)
            if not name.startswith("_") and not usage.is_read(program, name):
                yield _fallen_out(section, name, call)


@once
def _bound_by_module(section: Section) -> tuple[cst.Assign, ...]:
    lines = section.parsed.module.body if section.parsed.module is not None else ()
    simple = (each.body for each in lines if isinstance(each, cst.SimpleStatementLine))
    return tuple([each for each in itertools.chain.from_iterable(simple) if isinstance(each, cst.Assign)])


def _fallen_out(section: Section, name: str, call: cst.Call) -> Report:
    message = f"Nothing takes {name}, which this layer makes here: the layer falls out of the model."
    return Report(Place(section, call), message)


def _unread(section: Section) -> Iterator[Report]:
    """The layers whose result a function gives a name that it never uses, and what it keeps and never uses."""
    for name, call in _unread_in(section):
        yield _fallen_out(section, name, call)
    for name, kept in _kept_in(section):
        message = f"Nothing takes {name}, which is kept here for later: the connection past these layers is missing."
        yield Report(Place(section, kept), message, recipe=f"x = layers.add([x, {name}])")


@once
def _unread_in(section: Section) -> tuple[tuple[str, cst.Call], ...]:
    found = []
    for statement in _assignments(section):
        name, call = _made(section, statement)
        if name is None or call is None or not _calls_layer(section, call):
            continue
        if _is_named_once(section, statement, name):
            found.append((name, call))
    return tuple(found)


@once
def _kept_in(section: Section) -> tuple[tuple[str, cst.Assign], ...]:
    """Names given to a tensor that layers then take further under its own name: `shortcut = x`, `x = Dense(9)(x)`."""
    found = []
    for statement in _assignments(section):
        name, _ = _made(section, statement)
        if name is None or not isinstance(statement.value, cst.Name) or not _is_named_once(section, statement, name):
            continue
        function = parents.function_around(Place(section, statement))
        if function is None:
            continue
        statements = list(search.within(section, function, cst.Assign))
        later = statements[statements.index(statement) + 1 :]
        takes_on = [each for each in later if _takes_further(section, each, statement.value.value)]
        if len(takes_on) > 1:
            found.append((name, statement))
    return tuple(found)


def _assignments(section: Section) -> Iterator[cst.Assign]:
    return (each for each in section.parsed.nodes.get(cst.Assign, ()) if isinstance(each, cst.Assign))


def _takes_further(section: Section, statement: cst.Assign, name: str) -> bool:
    """`x = Conv2D(64, 3)(x)`."""
    target, call = _made(section, statement)
    given = call.args[0].value if call is not None and call.args else None
    is_same = isinstance(given, cst.Name) and given.value == name == target
    return is_same and call is not None and _calls_layer(section, call)


def _is_finished(section: Section, function: cst.FunctionDef) -> bool:
    """Whether a function returns something or makes a model: one that does neither may still be being written."""
    if any(each.value is not None for each in search.within(section, function, cst.Return)):
        return True
    return any(_last_name(each.func) == "Model" for each in search.within(section, function, cst.Call))


def _is_named_once(section: Section, statement: cst.Assign, name: str) -> bool:
    """Whether a function around an assignment never reads the name that it gives, nor hands it to those within it."""
    if name.startswith("_"):
        return False
    around = [each for each in section.parsed.ancestors(statement) if isinstance(each, cst.FunctionDef)]
    return any(
        usage.times_named(section, name, each) == 1
        and not usage.times_named(section, "locals", each)
        and _is_finished(section, each)
        for each in around
    )


def _reports(program: Program, pairs: Iterable[tuple[_Event, _Event]]) -> Iterator[Report]:
    for before, event in pairs:
        if before.call is not None and event.call is not None and _build(program, (before.call, event.call)):
            message = f"Nothing uses this result before {event.name} is overwritten: the layer is no part of the model."
            here = Related(Place(event.section, event.call), "It is overwritten here.")
            yield Report(Place(before.section, before.call), message, (here,))


def _build(program: Program, calls: Iterable[cst.Call]) -> bool:
    """Whether each of some calls is that of a layer, or of a function that puts layers on what it is given."""
    functions = {name for call in calls if (name := _function(call)) is not None}
    if not all(program.mentions(f"def {name}(") for name in functions):
        return False  # of another module
    return not functions or functions <= _builders(program)


def _builders(program: Program) -> frozenset[str]:
    """The functions of the module that put layers on what they are given, and return it."""
    sections = (each for each in program.sections_with("def ") if _may_call_layers(each))
    return frozenset().union(*map(_builders_in, sections))


@once
def _builders_in(section: Section) -> frozenset[str]:
    found = set()
    for function in section.parsed.nodes.get(cst.FunctionDef, ()):
        assert isinstance(function, cst.FunctionDef)
        first = next((each.name.value for each in function.params.params), "")
        calls = (each for each in search.nodes(function.body, cst.Call) if _calls_layer(section, each))
        given = (each.args[0].value for each in calls)
        builds = any(isinstance(each, cst.Name) and each.value == first for each in given)
        returns = any(each.value is not None for each in search.nodes(function.body, cst.Return))
        if first not in ("", "self") and builds and returns:
            found.add(function.name.value)
    return frozenset(found)


def _value_of(statement: cst.BaseSmallStatement) -> cst.CSTNode:
    """What a statement reads: all of it but the plain name that it binds."""
    if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
        return statement.value if isinstance(statement.targets[0].target, cst.Name) else statement
    return statement


def _made(section: Section, statement: cst.BaseSmallStatement) -> tuple[str | None, cst.Call | None]:
    """The name that a statement binds, and the call of a layer that gives it its value."""
    if not isinstance(statement, cst.Assign) or len(statement.targets) != 1:
        return None, None
    target = statement.targets[0].target
    if not isinstance(target, cst.Name):
        return None, None
    value = statement.value
    made = isinstance(value, cst.Call) and (_calls_layer(section, value) or _function(value) is not None)
    return target.value, value if isinstance(value, cst.Call) and made else None


def _function(call: cst.Call) -> str | None:
    """The name of a function that is called with something: `block(x, 64)`."""
    return call.func.value if isinstance(call.func, cst.Name) and call.args else None


def _calls_layer(section: Section, call: cst.Call) -> bool:
    """`Dense(10)(x)`, or `self.dense(x)` in a method `call`."""
    if not call.args:
        return False
    if isinstance(call.func, cst.Call):
        name = _last_name(call.func.func)
        return name[:1].isupper() and loss_name(name) not in LOSS_STRINGS
    owner = call.func.value if isinstance(call.func, cst.Attribute) else None
    if not isinstance(owner, cst.Name) or owner.value != "self":
        return False
    around = parents.function_around(Place(section, call))
    return around is not None and around.name.value == "call"


def _last_name(node: cst.CSTNode) -> str:
    """`Dense` of `keras.layers.Dense`; nothing where that is no dotted name."""
    return (dotted_name(node) or "").rpartition(".")[2]
