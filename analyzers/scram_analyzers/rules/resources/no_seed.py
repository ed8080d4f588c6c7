"""SCR803 no-seed."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.source.program import Program

_SEEDING = ("set_random_seed", "set_seed", "random.seed", "manual_seed", "SeedGenerator", "default_rng(")


class NoSeed(Rule):
    """A training that comes out differently each time."""

    code = "SCR803"
    name = "no-seed"
    severity = Severity.INFO
    confidence = Confidence.HIGH
    summary = "a program that trains and never sets a seed for its random numbers"
    why = (
        "First weights, the order of the data and Dropout are random: the same program gives another result each time, "
        "so a small difference between two runs says nothing."
    )
    how = "Set the seed once, before the model is built."
    references = (
        Reference("Keras: reproducibility", "https://keras.io/examples/keras_recipes/reproducibility_recipes/"),
    )
    enabled_by_default = False
    bad = (
        Example(
            "No seed anywhere",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            »model.fit(x, y, epochs=5)«
            """,
            """
            import keras

            keras.utils.set_random_seed(42)

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, epochs=5)
            """,
        ),
    )
    good = (
        Example(
            "Seeded",
            """
            import keras

            keras.utils.set_random_seed(42)
            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, epochs=5)
            """,
        ),
        Example(
            "Nothing is trained here",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report the first training of a program without any seed."""
        if program.fits and not any(map(program.mentions, _SEEDING)):
            spelled = program.imports.spell("keras.utils.set_random_seed").text
            yield Report(
                place=program.fits[0].place,
                message="Nothing sets a seed before this training, so each run gives another result.",
                recipe=f"{spelled}(42)",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Set one before all else."""
        spelled = program.imports.spell("keras.utils.set_random_seed")
        edit = fixes.statement_after_imports(program, f"{spelled.text}(42)", spelled)
        return Fix("Set a seed", Applicability.UNSAFE, (edit,))
