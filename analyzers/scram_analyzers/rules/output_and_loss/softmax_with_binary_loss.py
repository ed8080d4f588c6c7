"""SCR407 softmax-with-binary-loss."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence import cases, heads
from scram_analyzers.source.data import LabelForm
from scram_analyzers.source.program import Loss, Program


class SoftmaxWithBinaryLoss(Rule):
    """One class of many under a loss of independent yes-or-no questions."""

    code = "SCR407"
    name = "softmax-with-binary-loss"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "softmax over several units under binary cross-entropy, which asks each unit a question of its own"
    why = (
        "Softmax makes the units compete for one class; binary cross-entropy judges each unit as a "
        "question of its own. The loss looks small from the start, because most answers are no, and "
        "accuracy counts right noes: the model seems good and is not."
    )
    how = (
        "One class of many: categorical_crossentropy for one-hot labels, sparse_categorical_crossentropy "
        "for numbered ones. Several labels for each example: sigmoid in the place of softmax."
    )
    references = (
        Reference("Keras: Probabilistic losses", "https://keras.io/api/losses/probabilistic_losses/"),
        Reference(
            "NeuraLint: Nikanjam et al., Automatic Fault Detection for Deep Learning Programs (TOSEM 2021)",
            "https://arxiv.org/abs/2105.08095",
        ),
    )
    false_alarms = "Two units with one-hot labels: the loss is then a scaled version of the right one."
    bad = (
        Example(
            "Ten classes",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss=»"binary_crossentropy"«)
            """,
        ),
    )
    good = (
        Example(
            "Two classes as one-hot rows, for which both losses are the same",
            """
            import keras
            from sklearn.datasets import load_breast_cancer

            x, y = load_breast_cancer(return_X_y=True)
            model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(2, activation="softmax")])
            model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
            model.fit(x, keras.utils.to_categorical(y, 2), validation_split=0.2)
            """,
        ),
        Example(
            "The loss for one class of many",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            """,
        ),
        Example(
            "Independent questions",
            """
            import keras
            from keras import layers

            model = keras.Sequential(
                [
                    keras.Input(shape=(20,)),
                    layers.Dense(32, activation="relu"),
                    layers.Dense(10, activation="sigmoid"),
                ]
            )
            model.compile(optimizer="adam", loss="binary_crossentropy")
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each softmax head of several units under binary cross-entropy."""
        copies = {case.loss.place.key for case in cases.cases(program) if case.reproduces_inputs}
        for head, loss in heads.heads_and_losses(program):
            if head.activation != "softmax" or loss.name != "binary_crossentropy" or loss.from_logits:
                continue
            if head.units is not None and head.units < 2:
                continue
            if head.units == 2 and label_form(program, loss) is LabelForm.ONE_HOT:
                continue  # of two shares that add up to 1, both losses are the same
            place, classes = head.activation_place or head.place, head.units or "several"
            yield Report(
                place=loss.place,
                message=(
                    f"{heads.layer_words(head)} with softmax picks one class of {classes}, but binary_crossentropy "
                    "judges each of them as a question of its own."
                ),
                related=(Related(place, "The head picks one class."),) if place is not None else (),
                confidence=Confidence.MEDIUM if head.units in (None, 2) else None,
                recipe=COPY if loss.place.key in copies else CLASSES,
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """The categorical loss that the labels fit, where their form is known."""
        pair = heads.pair_at(program, finding.range)
        form = label_form(program, pair[1]) if pair is not None else None
        if pair is None or form is None:
            return None
        name = "categorical_crossentropy" if form is LabelForm.ONE_HOT else "sparse_categorical_crossentropy"
        edits = heads.loss_edits(program, pair[1], name)
        return Fix(f"Use {name}", Applicability.UNSAFE, edits) if edits else None


def label_form(program: Program, loss: Loss) -> LabelForm | None:
    """The form of the labels that training gives to this loss."""
    for fit in program.fits:
        if fit.compile is None or loss.place.key not in {each.place.key for each in fit.compile.losses}:
            continue
        targets = fit.targets
        if targets is not None and targets.labels in (LabelForm.ONE_HOT, LabelForm.INTEGER):
            return targets.labels
    return None


COPY = 'activation="sigmoid"  # each output is a value of its own, as the inputs are'
CLASSES = 'loss="categorical_crossentropy"  # or "sparse_categorical_crossentropy" for numbered labels'
