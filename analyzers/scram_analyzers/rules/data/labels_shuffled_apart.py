"""SCR218 labels-shuffled-apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.data.judging import name_of
from scram_analyzers.rules.data.trainings import own_loops
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.source.data import Data, DataStep, StepKind
from scram_analyzers.source.interpreting.containers import NUMBERING
from scram_analyzers.source.libraries.loaders import IMAGE_READERS
from scram_analyzers.source.libraries.numpy_functions import GENERATOR
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Call, Fit, LossCall, Program
from scram_analyzers.source.values import is_none


class LabelsShuffledApart(Rule):
    """Inputs and labels that no longer belong together."""

    code = "SCR218"
    name = "labels-shuffled-apart"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    summary = "inputs and labels that are shuffled or split separately, so that rows lose their labels"
    why = (
        "Each shuffle draws an order of its own. Afterwards row 5 of the inputs has the label of some other row: "
        "there is nothing left to learn, and the loss stays at what guessing gives."
    )
    how = "Draw one order and use it for both: order = np.random.permutation(len(x)); x, y = x[order], y[order]."
    references = (
        Reference(
            "numpy: random.permutation",
            "https://numpy.org/doc/stable/reference/random/generated/numpy.random.permutation.html",
        ),
        Reference(
            "scikit-learn: shuffle", "https://scikit-learn.org/stable/modules/generated/sklearn.utils.shuffle.html"
        ),
    )
    false_alarms = "Labels that are shuffled on purpose, to see what a model reaches by chance."
    bad = (
        Example(
            "Only the labels are shuffled",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            »np.random.shuffle(y)«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "Two orders",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.utils import shuffle

            x, y = load_iris(return_X_y=True)
            x = shuffle(x)
            y = »shuffle(y)«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "Two splits",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split

            x, y = load_iris(return_X_y=True)
            x_train, x_test = train_test_split(x, test_size=0.2)
            y_train, y_test = »train_test_split(y, test_size=0.2)«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "An order with a seed, used for the inputs alone",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_digits

            digits = load_digits()
            x, y = digits.data / 16, digits.target
            order = »np.random.RandomState(7).permutation(len(x))«
            x = x[order]
            model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x[500:], y[500:], epochs=20)
            """,
        ),
        Example(
            "Targets of an autoencoder, mixed",
            """
            import keras
            import numpy as np
            from project import patches

            x = patches()
            model = keras.Sequential([keras.layers.Dense(48, activation="relu"), keras.layers.Dense(256)])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x, »np.random.permutation(x)«, epochs=20)
            """,
        ),
        Example(
            "One output's labels in an order of their own",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_digits
            from sklearn.model_selection import train_test_split

            digits = load_digits()
            x = digits.data / 16
            digit = keras.utils.to_categorical(»np.random.permutation(digits.target)«, 10)
            ink = x.mean(axis=1)
            rows, rest = train_test_split(np.arange(len(x)), test_size=0.3)
            inputs = keras.Input((64,))
            hidden = keras.layers.Dense(64, activation="relu")(inputs)
            heads = {
                "digit": keras.layers.Dense(10, activation="softmax", name="digit")(hidden),
                "ink": keras.layers.Dense(1, name="ink")(hidden),
            }
            model = keras.Model(inputs, heads)
            model.compile("adam", loss={"digit": "categorical_crossentropy", "ink": "mse"})
            model.fit(x[rows], {"digit": digit[rows], "ink": ink[rows]}, epochs=20)
            """,
        ),
        Example(
            "A generator's own shuffle",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            rng = np.random.default_rng(0)
            »rng.shuffle(x)«
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "In a loop of one's own",
            """
            import keras
            import numpy as np
            import tensorflow as tf
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            rows = tf.data.Dataset.from_tensor_slices((x, »np.random.permutation(y)«)).shuffle(150).batch(16)
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
            judge = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            optimizer = keras.optimizers.Adam(0.01)
            for batch, labels in rows:
                with tf.GradientTape() as tape:
                    loss = judge(labels, model(batch, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            """,
        ),
        Example(
            "Batches drawn from mixed inputs and labels as they came",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            order = »np.random.permutation(len(x))«
            x = x[order]
            x_train, y_train = x[:120], y[:120]
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            for _ in range(100):
                picked = np.random.permutation(120)[:16]
                model.train_on_batch(x_train[picked], y_train[picked])
            """,
        ),
    )
    good = (
        Example(
            "A dataset mixes rows with their labels",
            """
            import keras
            import tensorflow as tf
            from sklearn.datasets import load_wine
            from sklearn.model_selection import train_test_split

            x, y = load_wine(return_X_y=True)
            x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y, random_state=0)
            train = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(200).batch(16)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=40)
            """,
        ),
        Example(
            "Inputs made after labels that were mixed",
            """
            import keras
            import numpy as np

            labels = np.random.permutation(np.repeat(np.arange(10), 100))
            x = np.random.randn(10, 32)[labels] + 0.1 * np.random.randn(1000, 32)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, labels, epochs=20)
            """,
        ),
        Example(
            "Shuffled together",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.utils import shuffle

            x, y = load_iris(return_X_y=True)
            x, y = shuffle(x, y)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "The same seed before both",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            np.random.seed(1)
            np.random.shuffle(x)
            np.random.seed(1)
            np.random.shuffle(y)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "Two generators of one seed",
            """
            import keras
            import numpy as np
            from sklearn.datasets import load_iris

            x, y = load_iris(return_X_y=True)
            first, second = np.random.default_rng(3), np.random.default_rng(3)
            first.shuffle(x)
            second.shuffle(y)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "Two splits with one seed",
            """
            import keras
            from sklearn.datasets import load_iris
            from sklearn.model_selection import train_test_split

            x, y = load_iris(return_X_y=True)
            x_train, x_test = train_test_split(x, random_state=3)
            y_train, y_test = train_test_split(y, random_state=3)
            model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train)
            """,
        ),
        Example(
            "The whole table is shuffled",
            """
            import keras
            import numpy as np

            table = np.loadtxt("sonar.csv", delimiter=",")
            np.random.shuffle(table)
            x, y = table[:, :60], table[:, 60]
            model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="adam", loss="binary_crossentropy")
            model.fit(x, y)
            """,
        ),
        Example(
            "The pixels of each image in another order",
            """
            import keras
            import numpy as np
            from keras import layers

            def mixed(images, order):
                new = np.zeros(images.shape)
                for number, image in enumerate(images):
                    new[number] = image.flatten()[order].reshape((28, 28))
                return new

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            x_train = mixed(x_train / 255, np.random.permutation(np.arange(28 * 28)))
            model = keras.Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, epochs=5)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report the step that parted labels from inputs."""
        yield from program.each(program.fits, self._of_fit)
        yield from program.each(own_loops(program), self._of_loop)

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report a stream whose rows come with the targets of other rows in later epochs."""
        stream = history.stream
        if stream is None or stream.rows_met_again < MET_AGAIN or stream.repeated_rows > COLLIDING * stream.rows:
            return
        if stream.rows_with_other_target > OTHER_TARGET * stream.rows_met_again:
            yield RunReport(
                subject=Subject(SubjectKind.TARGETS),
                message=(
                    f"Of {stream.rows_met_again:,} rows that came again in a later epoch, "
                    f"{stream.rows_with_other_target:,} came with the target of another row: inputs and targets are "
                    "put together anew each time."
                ),
            )

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        drawn = _drawn_in_place(fit)
        if drawn is not None:
            message = "These targets are in an order that is drawn here and that the inputs don't have."
            yield Report(drawn, message, tuple(_related(fit)))
            return
        given = (fit.targets, *fit.targets_by_output.values())
        found = (_parted(program, fit.inputs, targets) for targets in given if targets is not fit.inputs)
        parted = next((step for step in found if step is not None), None)
        if parted is None or parted.place is None:
            return
        what = "Split" if parted.kind is StepKind.SPLIT else "Shuffled"
        message = f"{what} apart from each other, inputs and labels no longer belong together."
        yield Report(parted.place, message, tuple(_related(fit)))

    def _of_loop(self, program: Program, call: LossCall) -> Iterator[Report]:
        inputs = call.x.value if call.x is not None else None
        if call.targets is None or not isinstance(inputs, Data) or inputs is call.targets:
            return
        parted = _parted(program, inputs, call.targets)
        if parted is not None and parted.place is not None:
            message = "Shuffled apart from each other, inputs and labels no longer belong together."
            yield Report(parted.place, message, (Related(call.place, "This loss compares them."),))


def _drawn_in_place(fit: Fit) -> Place | None:
    """The call that mixes the targets where they are passed, so that nothing else can have its order."""
    targets, given = fit.targets, fit.y.place if fit.y is not None else None
    if targets is None or given is None or targets.source != PERMUTATION or targets.place is None:
        return None
    call = targets.place.node
    return targets.place if call is given.node and isinstance(call, cst.Call) else None


PERMUTATION = "numpy.random.permutation"

OWN_SHUFFLE = f"{GENERATOR}.shuffle"

MET_AGAIN = 32
"""Rows of a stream that came again in a later epoch, from which their targets are judged. Ours."""

COLLIDING = 0.02
"""With more rows than this that came twice within an epoch, equal inputs may well be different rows. Ours."""

OTHER_TARGET = 0.3
"""Of two balanced classes half of all rows get the right one by chance. Ours."""

ROWS_ONE_BY_ONE = "csv.reader"
"""The source of rows that a loop goes through, often to read a file that each of them names."""


def _parted(program: Program, inputs: Data | None, targets: Data | None) -> DataStep | None:
    """The mixing step that only the labels, or only the inputs, went through."""
    if inputs is None or targets is None:
        return None
    if ROWS_ONE_BY_ONE in (inputs.source, targets.source) and inputs.source != targets.source:
        return None  # what is read beside them comes in their order
    if NUMBERING in (inputs.source, targets.source):
        return None  # numbers looked up one by one come in the order of the words, wherever those are from
    if not (inputs.roots | inputs.origins) or not (targets.roots | targets.origins):
        return None
    mixed = _mixing(inputs if _is_dataset(targets) else _before_dataset(inputs)), _mixing(targets)
    shared = {id(_node(step)) for step in mixed[0]} & {id(_node(step)) for step in mixed[1]}
    ours, theirs = ([step for step in steps if id(_node(step)) not in shared] for steps in mixed)
    if not ours and (not theirs or _is_read_by_rows(inputs, targets)):
        return None
    if not _are_dealt_anew(inputs, targets, ours, theirs):
        if inputs.rows is None or targets.rows is None:
            return None
        if any(_has_seed(program, step) for step in (*ours, *theirs)) or _seeded_between(program, ours, theirs):
            return None
    return next(iter((*reversed(theirs), *reversed(ours))), None)


def _is_read_by_rows(inputs: Data, targets: Data) -> bool:
    """Whether inputs may be pictures that a mixed table names row by row, which come in its order then."""
    return inputs.images and targets.is_table and inputs.source in IMAGE_READERS


def _are_dealt_anew(inputs: Data, targets: Data, ours: list[DataStep], theirs: list[DataStep]) -> bool:
    """Whether of rows that were loaded together one side alone is put in a drawn order: no seed, and no choice of
    rows after that, finds the pairs again.
    """
    loaded = inputs.place is not None and targets.place is not None and inputs.place.key == targets.place.key
    if not loaded or bool(ours) == bool(theirs) or any(step.name != "permutation" for step in (*ours, *theirs)):
        return False
    if not ours or targets.rows is not None or any(step.name == "window" for step in targets.steps[-1:]):
        return True
    return all(_is_stretch(step) or _node(step) in map(_node, inputs.steps) for step in targets.steps if _picks(step))


def _picks(step: DataStep) -> bool:
    return step.kind in (StepKind.SELECTED, StepKind.SHUFFLED, StepKind.SPLIT)


def _is_stretch(step: DataStep) -> bool:
    """Whether the rows are those between two bounds: `y[:1400]`."""
    node = step.place.node if step.place is not None else None
    return isinstance(node, cst.Subscript) and isinstance(node.slice[0].slice, cst.Slice)


def _is_dataset(data: Data) -> bool:
    return any(step.name == "from_tensor_slices" for step in data.steps)


def _before_dataset(data: Data) -> Data:
    """The data as they were before they became a dataset, which is mixed row by row with all its parts."""
    first = next((place for place, step in enumerate(data.steps) if step.name == "from_tensor_slices"), None)
    return data if first is None else replace(data, steps=data.steps[:first])


def _node(step: DataStep) -> object:
    return step.place.node if step.place is not None else None


def _mixing(data: Data) -> list[DataStep]:
    return [step for step in data.steps if step.kind in (StepKind.SHUFFLED, StepKind.SPLIT)]


def _call_of(program: Program, step: DataStep) -> Call | None:
    return _calls_by_node(program).get(_node(step))


@once
def _calls_by_node(program: Program) -> Mapping[object, Call]:
    """The first call of each expression."""
    found: dict[object, Call] = {}
    for call in (*program.calls, *program.method_calls):
        found.setdefault(call.place.node, call)
    return found


def _has_seed(program: Program, step: DataStep) -> bool:
    """Whether the step draws a fixed order, or none at all, or one that can't be told."""
    call = _call_of(program, step)
    if call is None:
        return True
    seed = call.arguments.value("random_state")
    fixed_order = call.arguments.value("shuffle") is not None and step.kind is StepKind.SPLIT
    return call.arguments.open or fixed_order or (seed is not None and not is_none(seed))


def _seeded_between(program: Program, ours: list[DataStep], theirs: list[DataStep]) -> bool:
    """Whether both sides are mixed and a seed is set anew before the second."""
    if not ours or not theirs:
        return False
    if ours[-1].name == theirs[-1].name == OWN_SHUFFLE:
        return True  # by two generators of one seed, it may be
    seeds = [program.line_of(call.place) for call in program.calls if call.name.endswith((".seed", ".set_state"))]
    lines = sorted(program.line_of(step.place) for step in (ours[-1], theirs[-1]) if step.place is not None)
    return len(lines) == 2 and any(lines[0] < line <= lines[1] for line in seeds)


def _related(fit: Fit) -> Iterator[Related]:
    if fit.x is not None and fit.x.place is not None:
        yield Related(fit.x.place, f"These inputs ({name_of(fit.x.place, 'here')}) keep another order.")
    if fit.y is not None and fit.y.place is not None:
        yield Related(fit.y.place, "The labels are passed here.")
