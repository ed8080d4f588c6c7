"""SCR108 optimizer-epsilon-too-small."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Option, Reference, Related, Report, Rule
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Optimizer, Program
from scram_analyzers.source.values import is_none, number, text

_WITH_EPSILON = frozenset(("Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Lamb"))
_SETTERS = frozenset(("keras.config.set_floatx", "keras.backend.set_floatx"))


class OptimizerEpsilonTooSmall(Rule):
    """An epsilon that can't keep the optimizer from dividing by zero."""

    code = "SCR108"
    name = "optimizer-epsilon-too-small"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    summary = "an optimizer's epsilon too small for the numbers it is computed with"
    why = (
        "Adam and its relatives divide each step by the size of past gradients plus epsilon. Where a gradient has "
        "always been 0, an epsilon of 0 (or one that rounds to 0) gives 0/0: NaN, which spreads to all weights."
    )
    how = "Leave epsilon at its default, 1e-7, or take 1e-4 in float16."
    references = (
        Reference("Keras: Adam", "https://keras.io/api/optimizers/adam/"),
        Reference("TheDeepChecker", "https://arxiv.org/abs/2204.00694"),
    )
    options = (
        Option("float32-min", 1e-10, "smallest epsilon in float32 (papers use 1e-9)", "TheDeepChecker, relaxed"),
        Option("float16-min", 1e-4, "smallest epsilon in float16", "TheDeepChecker"),
    )
    bad = (
        Example(
            "No epsilon at all",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-3, epsilon=»0.0«), loss="mse")
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-3, epsilon=1e-7), loss="mse")
            """,
        ),
        Example(
            "The default rounds to almost nothing in float16",
            """
            import keras

            keras.config.set_floatx("float16")
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=»keras.optimizers.Adam(learning_rate=1e-3)«, loss="mse")
            """,
            """
            import keras

            keras.config.set_floatx("float16")
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-3, epsilon=1e-4), loss="mse")
            """,
        ),
    )
    good = (
        Example(
            "As in the Transformer paper",
            """
            import keras

            optimizer = keras.optimizers.Adam(1e-4, beta_1=0.9, beta_2=0.98, epsilon=1e-9)
            """,
        ),
        Example(
            "Mixed precision keeps its weights in float32",
            """
            import keras

            keras.mixed_precision.set_global_policy("mixed_float16")
            optimizer = keras.optimizers.Adam(1e-3)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each optimizer whose epsilon is below the limit of its number format."""
        half = _half_precision(program)
        limit = self.option("float32-min" if half is None else "float16-min")
        for optimizer in program.optimizers:
            epsilon = _epsilon(optimizer)
            if epsilon is None or epsilon >= limit:
                continue
            format_name = "float32" if half is None else "float16"
            given = optimizer.arguments.get("epsilon")
            yield Report(
                place=_place(optimizer),
                message=(
                    f"{optimizer.class_name}'s epsilon is {fixes.number_text(epsilon)}"
                    f"{'' if given is not None else ' by default'}; "
                    f"in {format_name} it should be at least {_usual(program)}."
                ),
                related=(Related(half, "All numbers are float16 from here on."),) if half is not None else (),
                recipe=f"epsilon={_usual(program)}",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write the usual epsilon."""
        for optimizer in program.optimizers:
            if optimizer.class_name not in _WITH_EPSILON or program.range_of(_place(optimizer)) != finding.range:
                continue
            if optimizer.arguments.get("epsilon") is None:
                edit = fixes.set_argument(program, optimizer.place, "epsilon", _usual(program))
            else:
                edit = fixes.replace(program, _place(optimizer), _usual(program))
            if edit is not None:
                return Fix(f"Set epsilon to {_usual(program)}", Applicability.UNSAFE, (edit,))
        return None


def _epsilon(optimizer: Optimizer) -> float | None:
    if optimizer.class_name not in _WITH_EPSILON:
        return None
    given = optimizer.arguments.get("epsilon")
    if given is None or is_none(given.value):
        return None if optimizer.arguments.open else 1e-7
    return number(given.value)


def _place(optimizer: Optimizer) -> Place:
    given = optimizer.arguments.get("epsilon")
    place = given.written_at if given is not None else None
    return place or optimizer.place


def _half_precision(program: Program) -> Place | None:
    """The call that makes float16 the format of all weights."""
    for call in program.calls_of(_SETTERS):
        if text(call.arguments.value("value", 0)) == "float16":
            return call.place
    return None


def _usual(program: Program) -> str:
    return "1e-7" if _half_precision(program) is None else "1e-4"
