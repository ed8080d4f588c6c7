"""SCR415 regression-loss-for-classification."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.output_and_loss.evidence import cases, heads
from scram_analyzers.rules.output_and_loss.evidence.cases import Case
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import LabelForm, Subject, SubjectKind
from scram_analyzers.run.task import REGRESSIONS, targets, the_output
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents


class RegressionLossForClassification(Rule):
    """Classes learned with a loss for numbers."""

    code = "SCR415"
    name = "regression-loss-for-classification"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "a classifier trained with a loss for measured numbers, such as mean squared error"
    why = (
        "Mean squared or absolute error measures distances between numbers. For classes it gives almost no gradient "
        "where the model is wrong and sure of it, so that training is slow or stuck; cross-entropy pushes hardest "
        "exactly there. Class numbers have no distances at all: class 9 isn't nine times class 1."
    )
    how = (
        "Use cross-entropy: binary_crossentropy with one sigmoid unit for yes or no; for one class of many a softmax "
        "unit for each class, with categorical_crossentropy (one-hot labels) or sparse_categorical_crossentropy "
        "(numbered labels)."
    )
    references = (
        Reference("Goodfellow, Bengio, Courville: Deep Learning, section 6.2.2", "https://www.deeplearningbook.org/"),
        Reference("Keras: Probabilistic losses", "https://keras.io/api/losses/probabilistic_losses/"),
        Reference(
            "NeuraLint: Nikanjam et al., Automatic Fault Detection for Deep Learning Programs (TOSEM 2021)",
            "https://arxiv.org/abs/2105.08095",
        ),
    )
    false_alarms = (
        "Squared error over probabilities on purpose (the Brier score), which trains, only slower; ranks or counts "
        "kept as class numbers."
    )
    bad = (
        Example(
            "One-hot digits under mean squared error",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            y_train = keras.utils.to_categorical(y_train, 10)
            model = keras.Sequential(
                [
                    layers.Rescaling(1 / 255),
                    layers.Flatten(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss=»"mse"«, metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            """,
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            y_train = keras.utils.to_categorical(y_train, 10)
            model = keras.Sequential(
                [
                    layers.Rescaling(1 / 255),
                    layers.Flatten(),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            """,
        ),
        Example(
            "Yes or no under mean absolute error",
            """
            import numpy as np
            from keras.layers import Dense
            from keras.models import Sequential

            x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
            y = np.array([[0], [1], [1], [0]])
            model = Sequential()
            model.add(Dense(8, activation="tanh", input_dim=2))
            model.add(Dense(1, activation="sigmoid"))
            model.compile(loss=»"mean_absolute_error"«, optimizer="sgd", metrics=["accuracy"])
            model.fit(x, y, epochs=1000)
            """,
            """
            import numpy as np
            from keras.layers import Dense
            from keras.models import Sequential

            x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
            y = np.array([[0], [1], [1], [0]])
            model = Sequential()
            model.add(Dense(8, activation="tanh", input_dim=2))
            model.add(Dense(1, activation="sigmoid"))
            model.compile(loss="binary_crossentropy", optimizer="sgd", metrics=["accuracy"])
            model.fit(x, y, epochs=1000)
            """,
        ),
        Example(
            "Labels added one by one, as a condition says",
            """
            import keras
            import numpy as np
            from project import games

            x, y = [], []
            for game in games:
                x.append(game.stones)
                if game.score > 0:
                    y.append(1)
                else:
                    y.append(0)
            model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="sgd", loss=»"mae"«, metrics=["accuracy"])
            model.fit(np.array(x) / 10, np.array(y), epochs=20)
            """,
            """
            import keras
            import numpy as np
            from project import games

            x, y = [], []
            for game in games:
                x.append(game.stones)
                if game.score > 0:
                    y.append(1)
                else:
                    y.append(0)
            model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1, activation="sigmoid")])
            model.compile(optimizer="sgd", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(np.array(x) / 10, np.array(y), epochs=20)
            """,
        ),
        Example(
            "Rows added one by one, one of two",
            """
            import keras
            import numpy as np
            from project import games

            x, y = [], []
            for game in games:
                x.append(game.stones)
                y.append([1, 0] if game.score > 0 else [0, 1])
            model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(2, activation="softmax")])
            model.compile(optimizer="sgd", loss=»"mae"«, metrics=["accuracy"])
            model.fit(np.array(x) / 10, np.array(y), epochs=20)
            """,
            """
            import keras
            import numpy as np
            from project import games

            x, y = [], []
            for game in games:
                x.append(game.stones)
                y.append([1, 0] if game.score > 0 else [0, 1])
            model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(2, activation="softmax")])
            model.compile(optimizer="sgd", loss="categorical_crossentropy", metrics=["accuracy"])
            model.fit(np.array(x) / 10, np.array(y), epochs=20)
            """,
        ),
    )
    good = (
        Example(
            "Cross-entropy",
            """
            import keras
            from keras import layers

            (x_train, y_train), _ = keras.datasets.mnist.load_data()
            model = keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10, "softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=5)
            """,
        ),
        Example(
            "An autoencoder measures pixels",
            """
            import keras
            from keras import layers

            (x_train, _), _ = keras.datasets.mnist.load_data()
            x_train = x_train.reshape(60000, 784) / 255
            model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(784, activation="sigmoid")])
            model.compile(optimizer="adam", loss="mse")
            model.fit(x_train, x_train, epochs=5)
            """,
        ),
        Example(
            "A least-squares GAN",
            """
            import keras
            import numpy as np
            from keras import layers

            judge = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(1, activation="sigmoid")])
            judge.compile(optimizer="adam", loss="mse", metrics=["accuracy"])
            judge.train_on_batch(np.random.rand(64, 10), np.ones((64, 1)))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each regression loss whose head or labels answer a question of class."""
        return program.each_of(cases.cases, self._of_case)

    def _of_case(self, program: Program, case: cases.Case) -> Iterator[Report]:
        sure = cases.classifies_with_regression_loss(case)
        if sure is None:
            return
        name = cases.right_loss(case)
        yield Report(
            place=case.loss.place,
            message=f"The loss {case.loss.name} measures distances between numbers, but {_evidence(case)}.",
            related=(*_head(case), *case.labels_related(), *_compiled(case)),
            severity=Severity.INFO if not sure else None,
            confidence=Confidence.MEDIUM if case.form is None else None,
            recipe=f'loss="{name}"' if name is not None else "",
        )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by one-hot labels or a softmax over several units under a regression loss."""
        output, labels = the_output(history), targets(history)
        if output is None or labels is None or output.loss not in REGRESSIONS or (output.units or 0) < 2:
            return
        if output.activation not in ("softmax", "sigmoid", "linear") or labels.label_form is not LabelForm.ONE_HOT:
            return
        yield RunReport(
            subject=Subject(SubjectKind.LOSS),
            message=(
                f"The targets are one-hot rows for {output.units} classes, and the loss is {output.loss}, which is "
                "made for measured numbers."
            ),
            severity=None if output.activation == "softmax" else Severity.INFO,
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """The cross-entropy that fits the head as it is."""
        case = cases.case_at(program, finding.range)
        name = cases.right_loss(case) if case is not None else None
        if case is None or name is None or case.head.activation == "linear":
            return None
        edits = heads.loss_edits(program, case.loss, name)
        return Fix(f"Use {name}", Applicability.UNSAFE, edits) if edits else None


def _evidence(case: Case) -> str:
    head = heads.layer_words(case.head)
    if case.form in cases.CLASS_FORMS and case.form is not None:
        return f"the labels are classes ({cases.FORM_WORDS[case.form]})"
    if case.head.activation == "softmax":
        return f"{head} with softmax picks one class of many"
    return f"{head} with sigmoid, judged by {case.accuracy.name if case.accuracy else 'accuracy'}, answers yes or no"


def _compiled(case: Case) -> tuple[Related, ...]:
    """The call that the loss goes to, where its name is written elsewhere."""
    if case.compiled is None or any(node is case.compiled.place.node for node in parents.ancestors(case.loss.place)):
        return ()
    return (Related(case.compiled.place, "It is the loss of this model."),)


def _head(case: Case) -> tuple[Related, ...]:
    return (Related(case.head.place, "The head it trains."),) if case.head.place is not None else ()
