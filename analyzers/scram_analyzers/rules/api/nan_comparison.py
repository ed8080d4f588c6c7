"""SCR862 nan-comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section
from scram_analyzers.source.reading.dotted import dotted_name
from scram_analyzers.source.reading.literals import string_value

_COMPARED = re.compile(r"(?i)[!=]=\s*[\w.(\"']*nan\b|\bnan[\"')]*\s*[!=]=")


class NanComparison(Rule):
    """A comparison with NaN, which nothing equals."""

    code = "SCR862"
    name = "nan-comparison"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    matters_in_tests = True
    summary = "a comparison with NaN by == or !="
    why = "NaN equals nothing, not even itself: == is always false and != always true, so missing values are not found."
    how = "Ask with isnan: np.isnan(x) for arrays, math.isnan(x) for a number, frame.isna() for pandas."
    references = (
        Reference("NumPy: constants, nan", "https://numpy.org/doc/stable/reference/constants.html#numpy.nan"),
        Reference("CodeSmile: Code smells in machine learning systems", "https://arxiv.org/abs/2203.00803"),
    )
    bad = (
        Example(
            "Looking for missing values",
            """
            import keras
            import numpy as np

            missing = x_train[»x_train == np.nan«]
            """,
            """
            import keras
            import numpy as np

            missing = x_train[np.isnan(x_train)]
            """,
        ),
        Example(
            "Keeping a model that did not diverge",
            """
            import math

            import keras

            history = model.fit(x, y, epochs=5)
            if »history.history["loss"][-1] != math.nan«:
                model.save("model.keras")
            """,
            """
            import math

            import keras

            history = model.fit(x, y, epochs=5)
            if (not math.isnan(history.history["loss"][-1])):
                model.save("model.keras")
            """,
        ),
    )
    good = (
        Example(
            "isnan",
            """
            import keras
            import numpy as np

            missing = x_train[np.isnan(x_train)]
            """,
        ),
        Example(
            "A name in quotation marks",
            """
            import keras

            mode = "nan"
            if mode == "nan":
                model = keras.Sequential()
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each == and != with NaN on one side."""
        for comparison in _comparisons(program):
            outcome = "false" if comparison.equal else "true"
            yield Report(
                place=comparison.place,
                message=f"This is always {outcome}: NaN equals nothing, not even itself.",
                recipe=comparison.recipe,
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Ask with isnan."""
        for comparison in _comparisons(program):
            if comparison.recipe and program.range_of(comparison.place) == finding.range:
                edits = (fixes.replace(program, comparison.place, comparison.recipe),)
                return Fix(f"Write {comparison.recipe}", Applicability.SAFE, edits)
        return None


@dataclass(frozen=True, slots=True)
class _NanComparison:
    place: Place
    equal: bool
    recipe: str


def _comparisons(program: Program) -> Iterator[_NanComparison]:
    for word in ("nan", "NaN", "NAN"):
        if not program.mentions(word) or not program.matches(_COMPARED):
            continue
        for place in (each for section in search.parts(program, word) for each in _equations(section)):
            node = place.node
            assert isinstance(node, cst.Comparison)
            operator, right = node.comparisons[0].operator, node.comparisons[0].comparator
            for nan, other in ((right, node.left), (node.left, right)):
                library = _library_of_nan(program, nan)
                if library is not None and word in Place(place.section, nan).text:
                    equal = isinstance(operator, cst.Equal)
                    yield _NanComparison(place, equal, _asked(library, Place(place.section, other).text, equal))
                    break


@once
def _equations(section: Section) -> tuple[Place, ...]:
    """The comparisons of two values by `==` or `!=`."""
    return tuple(
        Place(section, node)
        for node in section.parsed.nodes.get(cst.Comparison, ())
        if isinstance(node, cst.Comparison)
        and len(node.comparisons) == 1
        and isinstance(node.comparisons[0].operator, (cst.Equal, cst.NotEqual))
    )


def _library_of_nan(program: Program, node: cst.BaseExpression) -> str | None:
    """How the module calls the library whose NaN this is; empty for `float("nan")`, None for anything else."""
    if isinstance(node, cst.Attribute) and node.attr.value in ("nan", "NaN", "NAN"):
        owner = dotted_name(node.value)
        return owner if owner is not None and program.imports.names.get(owner) in ("numpy", "math") else None
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "float":
        given = node.args[0].value if len(node.args) == 1 else None
        value = string_value(given) if isinstance(given, cst.SimpleString) else None
        return "" if isinstance(value, str) and value.lower() == "nan" else None
    return None


def _asked(library: str, other: str, equal: bool) -> str:
    if not library:
        return ""
    asked = f"{library}.isnan({other})"
    if equal:
        return asked
    return f"(not {asked})" if library == "math" else f"(~{asked})"
