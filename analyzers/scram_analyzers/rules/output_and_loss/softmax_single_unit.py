"""SCR405 softmax-single-unit."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence import heads
from scram_analyzers.source.heads import Head
from scram_analyzers.source.keras_api.losses import REGRESSION
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Loss, Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.reading.dotted import dotted_name


class SoftmaxSingleUnit(Rule):
    """Softmax over one unit, which is always 1."""

    code = "SCR405"
    name = "softmax-single-unit"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "softmax over a single unit, whose output is the constant 1"
    why = (
        "Softmax makes its outputs add up to 1. With one output that output is 1 for every input: the "
        "model predicts the same class for everything, and no gradient tells it otherwise."
    )
    how = (
        "For two classes use one unit with sigmoid and binary_crossentropy. For more, use one unit for "
        "each class with softmax. For a number to predict, use one unit without activation."
    )
    references = (
        Reference("Keras: Probabilistic losses", "https://keras.io/api/losses/probabilistic_losses/"),
        Reference(
            "NeuraLint: Nikanjam et al., Automatic Fault Detection for Deep Learning Programs (TOSEM 2021)",
            "https://arxiv.org/abs/2105.08095",
        ),
    )
    false_alarms = "None known."
    bad = (
        Example(
            "A yes-or-no question",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(1, activation=»"softmax"«),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            """,
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            """,
        ),
        Example(
            "The activation as a layer",
            """
            from keras.models import Sequential
            from keras.layers import Activation, Dense

            model = Sequential()
            model.add(Dense(1, input_dim=8))
            model.add(Activation(»"softmax"«))
            model.compile(loss="binary_crossentropy", optimizer="adam")
            """,
            """
            from keras.models import Sequential
            from keras.layers import Activation, Dense

            model = Sequential()
            model.add(Dense(1, input_dim=8))
            model.add(Activation("sigmoid"))
            model.compile(loss="binary_crossentropy", optimizer="adam")
            """,
        ),
        Example(
            "Attention along the axis of the scores, which has one place",
            """
            import tensorflow as tf


            class Attention(tf.keras.layers.Layer):
                def __init__(self, units):
                    super().__init__()
                    self.inner = tf.keras.layers.Dense(units, activation="tanh")
                    self.score = tf.keras.layers.Dense(1)

                def call(self, steps):
                    scores = self.score(self.inner(steps))
                    weights = »tf.nn.softmax(scores, axis=-1)«
                    return tf.reduce_sum(weights * steps, axis=1)
            """,
        ),
    )
    good = (
        Example(
            "Attention along the steps",
            """
            import tensorflow as tf


            class Attention(tf.keras.layers.Layer):
                def __init__(self, units):
                    super().__init__()
                    self.inner = tf.keras.layers.Dense(units, activation="tanh")
                    self.score = tf.keras.layers.Dense(1)

                def call(self, steps):
                    weights = tf.nn.softmax(self.score(self.inner(steps)), axis=1)
                    flat = tf.nn.softmax(tf.squeeze(self.score(steps), -1), axis=-1)
                    weights *= tf.nn.softmax(self.score(steps), axis=-2)
                    return tf.reduce_sum(weights * steps, axis=1) + flat
            """,
        ),
        Example(
            "Two units",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(2, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            """,
        ),
        Example(
            "Sigmoid",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each head of one unit that ends in softmax, and attention along the axis of single scores."""
        yield from program.each_of(heads.heads_and_losses, self._of_head)
        for section in program.sections_with("softmax("):
            for place in _of_single_scores(program, section):
                message = "Each of these scores stands alone along the last axis, so this softmax makes all of them 1."
                yield Report(place, message, recipe="axis=1")

    def _of_head(self, program: Program, pair: tuple[Head, Loss]) -> Iterator[Report]:
        head, loss = pair
        if head.activation != "softmax" or head.units != 1:
            return
        place = head.activation_place or head.place
        if place is None:
            return
        regression = loss.name in REGRESSION
        yield Report(
            place=place,
            message="Softmax over one unit is always 1, whatever the input: this model can't learn anything.",
            related=tuple(_related(head, loss)),
            recipe=f"{_spelled(program, head)}(1)"
            if regression
            else f'{_spelled(program, head)}(1, activation="sigmoid")',
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Sigmoid, where the loss asks a yes-or-no question."""
        pair = heads.pair_at(program, finding.range)
        if pair is None or pair[1].name != "binary_crossentropy":
            return None
        edits = heads.activation_edits(program, pair[0], "sigmoid")
        return Fix("Use sigmoid", Applicability.UNSAFE, edits) if edits else None


def _of_single_scores(program: Program, section: Section) -> Iterator[Place]:
    """`softmax(self.score(x), axis=-1)` where the class says `self.score = Dense(1)`: attention on the wrong axis."""
    for parts in search.classes_in(program, section):
        single = set().union(*(_single_layers_in(part.section, part.node) for part in parts))
        owners = [part.node for part in parts if part.section is section] if single else []
        functions = (each for owner in owners for each in search.nodes(owner, cst.FunctionDef))
        yield from (Place(section, call) for each in functions for call in _softmaxes(each, single))


def _single_layers_in(section: Section, owner: cst.CSTNode) -> set[str]:
    assigned = search.within(section, owner, cst.Assign)
    return {each.value for assign in assigned for each in _single_layers(assign)}


def _single_layers(assign: cst.Assign) -> Iterator[cst.Name]:
    """The attribute of `self.score = Dense(1)`."""
    call, target = assign.value, assign.targets[0].target
    if not isinstance(call, cst.Call) or not (dotted_name(call.func) or "").endswith("Dense") or not call.args:
        return
    units = call.args[0]
    one = isinstance(units.value, cst.Integer) and units.value.value == "1"
    if one and (units.keyword is None or units.keyword.value == "units") and isinstance(target, cst.Attribute):
        yield target.attr


def _softmaxes(function: cst.FunctionDef, single: set[str]) -> Iterator[cst.Call]:
    given: dict[str, list[cst.BaseExpression]] = {}
    for assign in search.nodes(function, cst.Assign):
        for each in assign.targets:
            if isinstance(each.target, cst.Name):
                given.setdefault(each.target.value, []).append(assign.value)
    for call in search.nodes(function, cst.Call):
        if (dotted_name(call.func) or "").rpartition(".")[2] != "softmax" or not call.args or not _is_last_axis(call):
            continue
        scores = call.args[0].value
        if isinstance(scores, cst.Name):
            known = given.get(scores.value, [])
            scores = known[0] if len(known) == 1 else scores
        layer = dotted_name(scores.func) if isinstance(scores, cst.Call) else None
        if layer is not None and layer.startswith("self.") and layer.removeprefix("self.") in single:
            yield call


def _is_last_axis(call: cst.Call) -> bool:
    rest = call.args[1:]
    if not rest:
        return True
    axis = rest[0]
    named = axis.keyword is None or axis.keyword.value in ("axis", "dim")
    number = axis.value.expression if isinstance(axis.value, cst.UnaryOperation) else None
    return len(rest) == 1 and named and isinstance(number, cst.Integer) and number.value == "1"


def _spelled(program: Program, head: Head) -> str:
    return program.imports.spell(head.layer.kind if head.layer is not None else "keras.layers.Dense").text


def _related(head: Head, loss: Loss) -> Iterator[Related]:
    if head.layer is not None:
        yield Related(head.layer.place, "The layer has one unit.")
    yield Related(loss.place, "The loss it is trained with.")
