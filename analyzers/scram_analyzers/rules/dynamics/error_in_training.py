"""SCR618 error-in-training."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Reference, Rule, RunReport
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import RunError, Subject, SubjectKind

_OF_MODELS_AND_DATA = frozenset(
    (
        "AttributeError", "FailedPreconditionError", "IndexError", "InvalidArgumentError", "NotImplementedError",
        "RuntimeError", "TypeError", "UnimplementedError", "ValueError", "XlaRuntimeError",
    )
)  # fmt: skip
"""Errors that speak of what the program asks for; not of a machine that is out of memory, or a file that is gone."""


class ErrorInTraining(Rule):
    """Keras ended the training with an error, for which the source or the data give a reason."""

    code = "SCR618"
    name = "error-in-training"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    holds_for_moving_targets = True
    summary = "a run that Keras or its backend ended with an error, together with the mistake that explains it"
    why = (
        "The error is raised deep inside the framework, at the first place where the shapes or values can't be worked "
        "with any more. That is seldom the place of the mistake."
    )
    how = (
        "Change the line that the finding stands on. Print the shapes of what goes into fit and call model.summary() "
        "to see what each layer expects."
    )
    references = (Reference("Keras: Debugging tips", "https://keras.io/examples/keras_recipes/debugging_tips/"),)
    false_alarms = "None known: nothing is said of an error without a reason, or of one that the program itself raises."
    symptom_of = (
        "SCR334", "SCR335", "SCR309", "SCR311", "SCR324", "SCR411", "SCR412", "SCR310", "SCR344", "SCR343", "SCR318",
        "SCR114", "SCR853", "SCR854", "SCR852", "SCR851", "SCR242", "SCR422", "SCR426", "SCR413", "SCR409", "SCR241",
        "SCR333", "SCR204", "SCR867", "SCR433",
    )  # fmt: skip
    needs_cause = True

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report the error that ended the run."""
        error = history.error
        if error is None or error.is_own or error.name not in _OF_MODELS_AND_DATA:
            return
        clause = f"training ended {_when(error)} with {error.name}"
        yield RunReport(
            subject=Subject(SubjectKind.LAYER, error.layer) if error.layer else Subject(SubjectKind.FIT),
            message=f"{clause[0].upper()}{clause[1:]}: {error.message}",
            step=error.step or history.last_step or None,
            epoch=error.epoch,
            clause=clause,
        )


def _when(error: RunError) -> str:
    if error.step is not None:
        return f"in step {error.step}"
    return f"in the validation of epoch {error.epoch}" if error.in_validation else f"in epoch {error.epoch}"
