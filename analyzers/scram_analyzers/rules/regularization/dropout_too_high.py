"""SCR502 dropout-too-high."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.architecture.evidence.paths import models_of
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule, RunReport
from scram_analyzers.rules.candidates import is_candidate
from scram_analyzers.run.history import Moment, RunHistory
from scram_analyzers.run.learning import crawl, standstill, success
from scram_analyzers.run.records import LayerInfo, Subject, SubjectKind
from scram_analyzers.run.wording import named, rounded, share
from scram_analyzers.source.graph import InputSpec, Layer, Tensor
from scram_analyzers.source.keras_api.layers import RECURRENT
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.values import number

DROPOUTS = frozenset(
    ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianDropout")
)
USUAL_RATE = "0.3"

STEPS = 50
"""Of a shorter run, a test of the program say, nothing is told. Ours."""


class DropoutTooHigh(Rule):
    """A dropout rate that leaves too little of the signal."""

    code = "SCR502"
    name = "dropout-too-high"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    only_with = ("Dropout", "dropout")
    summary = "a dropout rate that throws away most of what the layer before it computes"
    why = (
        "Dropout sets this share of the values to zero at every training step. With most of them gone, what is left "
        "is noise, and the model underfits: accuracy in training stays lower than in validation."
    )
    how = (
        "Use a rate from 0.1 to 0.5. If you meant the share to keep, write one minus it: Keras takes the share to drop."
    )
    references = (
        Reference(
            "Srivastava et al.: Dropout: A Simple Way to Prevent Neural Networks from Overfitting (JMLR 2014)",
            "https://jmlr.org/papers/v15/srivastava14a.html",
        ),
        Reference("UMLAUT: high dropout rate", "https://doi.org/10.1145/3411764.3445538"),
    )
    false_alarms = "Very wide layers can stand rates up to 0.8; between 0.5 and 0.8 this is only a hint."
    prevents_learning = True
    options = (
        Option("hint-above", 0.5, "above this rate a hint", "Srivastava et al.: 0.5 is the highest usual rate"),
        Option("warn-from", 0.8, "from this rate a warning", "UMLAUT's study programs: 0.8 stops learning"),
    )
    bad = (
        Example(
            "Eight of ten values dropped",
            """
            from keras import layers

            x = layers.Dropout(»0.8«)
            """,
            """
            from keras import layers

            x = layers.Dropout(0.3)
            """,
        ),
        Example(
            "Nothing left",
            """
            from tensorflow.keras.layers import Dropout

            RATE = »1.0«
            x = Dropout(rate=RATE)
            """,
            """
            from tensorflow.keras.layers import Dropout

            RATE = 0.3
            x = Dropout(rate=RATE)
            """,
        ),
        Example(
            "Nine of ten values that a recurrent layer takes in",
            """
            from keras import layers

            x = layers.Bidirectional(layers.LSTM(64, dropout=»0.9«, recurrent_dropout=0.2))
            """,
            """
            from keras import layers

            x = layers.Bidirectional(layers.LSTM(64, dropout=0.3, recurrent_dropout=0.2))
            """,
        ),
    )
    good = (
        Example(
            "The usual rate",
            """
            from keras import layers

            x = layers.Dropout(0.5)
            """,
        ),
        Example(
            "A rate that can't be known",
            """
            from keras import layers
            from settings import p

            x = layers.Dropout(p)
            """,
        ),
        Example(
            "Rates that are compared",
            """
            from keras import layers
            from project import features, train

            for rate in [0, 0.2, 0.8]:
                train(layers.Dropout(rate)(features))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each dropout layer whose rate is known and high."""
        for layer, parameter in _rates(program):
            rate = number(layer.value(parameter))
            if rate is None or rate <= self.option("hint-above"):
                continue
            if layer.value("noise_shape") is not None:
                continue  # it drops whole examples or channels: stochastic depth
            place = _rate_place(layer, parameter)
            if place is not None and is_candidate(program, place):
                continue
            yield Report(
                place=place or layer.place,
                message=self._message(rate),
                related=()
                if place is None or program.range_of(layer.place).contains(program.range_of(place))
                else (Related(layer.place, "The layer that uses it."),),
                severity=self._severity_of(rate, passed_by=layer.identity in _passed_by(program)),
                recipe=f"{program.imports.spell(layer.kind).text}({USUAL_RATE})"
                if layer.class_name in DROPOUTS
                else f"{parameter}={USUAL_RATE}",
            )

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Confirm by a loss that stands still, or that is far better without the dropout."""
        layer = max(
            (each for each in history.info.layers if each.rate is not None and _drops(each)),
            key=lambda each: each.rate or 0.0,
            default=None,
        )
        stuck = standstill(history) or crawl(history)
        if layer is None or layer.rate is None or layer.rate <= self.option("hint-above"):
            return
        if stuck is None:
            yield from self._by_its_rate(history, layer, layer.rate)
            return
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, layer.name),
            message=(
                f"{named(layer.name)} drops {share(layer.rate)} of its inputs at each step. Confirmed in this run: "
                f"{stuck.clause}."
            ),
            step=stuck.step,
            epoch=stuck.epoch,
            severity=Severity.WARNING,
        )

    def _by_its_rate(self, history: RunHistory, layer: LayerInfo, rate: float) -> Iterator[RunReport]:
        """A rate that only the run knows, as the source would be reported for it; less loudly where it did no harm."""
        if rate < self.option("warn-from") or history.moment is not Moment.END or history.last_step < STEPS:
            return
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, layer.name),
            message=f"{named(layer.name)} drops {share(rate)} of its inputs at each step; 10% to 50% are usual.",
            step=history.last_step,
            epoch=history.last_epoch,
            severity=Severity.INFO if success(history) is not None else Severity.WARNING,
        )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write a usual rate in the place of the number."""
        for layer, parameter in _rates(program):
            place = _rate_place(layer, parameter)
            if (
                place is not None
                and program.range_of(place) == finding.range
                and isinstance(place.node, cst.BaseExpression)
            ):
                return Fix(
                    f"Set the dropout rate to {USUAL_RATE}",
                    Applicability.UNSAFE,
                    (fixes.replace(program, place, USUAL_RATE),),
                )
        return None

    def _severity_of(self, rate: float, *, passed_by: bool) -> Severity:
        if rate >= 1:
            return Severity.ERROR
        if rate < self.option("warn-from"):
            return Severity.HINT
        return Severity.INFO if passed_by else Severity.WARNING

    def _message(self, rate: float) -> str:
        named, share = f"A dropout rate of {fixes.number_text(rate)} drops", f"{rounded(100 * rate)}% of the values"
        if rate >= 1:
            return f"{named} every value: nothing can be learned through it."
        if rate >= self.option("warn-from"):
            return f"{named} {share} at every step; usual rates are 0.1 to 0.5."
        return f"{named} {share}, which may be too many; usual rates are 0.1 to 0.5."


def _drops(layer: LayerInfo) -> bool:
    return "Dropout" in layer.class_name or layer.class_name in RECURRENT


_MADE_OF_TENSORS = frozenset(("keras.Model", "keras.models.Model"))


@once
def _passed_by(program: Program) -> frozenset[int]:
    """The dropout layers that values can go around to every output they reach, as on one of two parallel ways."""
    found: set[int] = set()
    for outputs in _outputs(program):
        made = [tensor.producer for output in outputs for tensor in output.ancestors()]
        dropouts = {each.identity for each in made if isinstance(each, Layer) and each.class_name in DROPOUTS}
        found |= {each for each in dropouts if all(_reaches_input(output, each) for output in outputs)}
    return frozenset(found)


def _outputs(program: Program) -> Iterator[tuple[Tensor, ...]]:
    """What the models return, those included that are made and never compiled here."""
    yield from (model.outputs for model in models_of(program))
    for call in program.calls_of(_MADE_OF_TENSORS):
        output = call.arguments.value("outputs", 1)
        if isinstance(output, Tensor):
            yield (output,)


def _reaches_input(output: Tensor, without: int) -> bool:
    """Whether a way leads from an input to an output that does not go through the layer `without`."""
    waiting, seen = [output], set[int]()
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in seen or (isinstance(tensor.producer, Layer) and tensor.producer.identity == without):
            continue
        seen.add(id(tensor))
        if isinstance(tensor.producer, InputSpec):
            return True
        waiting.extend(tensor.inputs)
    return False


def _rates(program: Program) -> Iterator[tuple[Layer, str]]:
    """What drops values, with the parameter that says how many: of a recurrent layer inputs, and what it remembers."""
    for layer in program.layers:
        if layer.class_name in DROPOUTS:
            yield layer, "rate"
        elif layer.class_name in RECURRENT:
            yield layer, "dropout"
            yield layer, "recurrent_dropout"


def _rate_place(layer: Layer, parameter: str) -> Place | None:
    argument = layer.arguments.get(parameter)
    if argument is None:
        return None
    return argument.value.place or argument.place
