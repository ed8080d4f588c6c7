"""SCR315 weight-without-gradient."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Rule, RunReport
from scram_analyzers.rules.references import THE_DEEP_CHECKER
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import Subject, SubjectKind
from scram_analyzers.run.wording import listed, named

PROBES = 2

_WARNED = re.compile(r"[Gg]radients do not exist for variables (.*?)(?:when minimizing|$)", re.DOTALL)
_PATH = re.compile(r"path=([\w/.-]+)|'([\w/.-]+)'")


class WeightWithoutGradient(Rule):
    """Trainable weights that the loss does not depend on."""

    code = "SCR315"
    name = "weight-without-gradient"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "trainable weights that get no gradient"
    why = (
        "The loss does not depend on these weights as far as the backend can see, so training leaves them as "
        "they began."
    )
    how = (
        "Connect the layer to the output that the loss reads, and keep argmax, round, casts to integers and "
        "numpy out of the path between them."
    )
    references = (THE_DEEP_CHECKER,)
    false_alarms = "Layers that are kept for later, such as an unused pooling layer of a pretrained model."

    def check_run(self, history: RunHistory) -> Iterator[RunReport]:
        """Report layers that got no gradient at the newest probes while others did."""
        newest = list(history.probes)[-PROBES:]
        lost: set[str] | None = None
        for probe in newest:
            without = {weight.layer for weight in probe.weights if weight.gradient_norm is None}
            connected = {weight.layer for weight in probe.weights if weight.gradient_norm is not None}
            lost = without - connected if lost is None else lost & (without - connected)
            if not connected:
                return
        layers = (
            [layer for layer in dict.fromkeys(weight.layer for weight in newest[-1].weights) if layer in (lost or ())]
            if newest
            else []
        )
        if layers and len(newest) == PROBES:
            yield RunReport(
                subject=Subject(SubjectKind.LAYER, layers[0]),
                message=(
                    f"The weights of {listed(map(named, layers))} get no gradient: the loss does not depend on them."
                ),
                step=newest[-1].step,
                epoch=newest[-1].epoch,
            )
            return
        yield from self._warned(history)

    def _warned(self, history: RunHistory) -> Iterator[RunReport]:
        """What Keras says of it, with a line of the program."""
        for warning in history.warnings:
            found = _WARNED.search(warning.message)
            if found is not None:
                paths = ["".join(groups) for groups in _PATH.findall(found.group(1))]
                layers = list(dict.fromkeys(path.split("/")[-2] if "/" in path else path for path in paths))
                named_layers = f" ({listed(map(named, layers))})" if layers else ""
                yield RunReport(
                    subject=Subject(SubjectKind.LAYER, layers[0]) if layers else Subject(SubjectKind.MODEL),
                    message=(
                        f"Keras reports weights without a gradient{named_layers}: the loss does not depend on them."
                    ),
                    step=warning.step,
                )
                return
