"""What the rules about callbacks share: which numbers a training logs, and what a callback watches."""

from __future__ import annotations

import re

import libcst as cst

from scram_analyzers.source.keras_api.losses import loss_name
from scram_analyzers.source.program import Compile, Fit, Metric, Program
from scram_analyzers.source.reading.literals import string_value
from scram_analyzers.source.values import text

_ALWAYS = frozenset(("loss", "lr", "learning_rate"))
_NAMED = re.compile(r"__name__\s*=(?!=)")
"""A function that is given another name; not the guard of a script, `if __name__ == "__main__"`."""

_OWN_NAMES = {"F1Score": "f1_score", "R2Score": "r2_score", "FBetaScore": "fbeta_score"}


def logged_names(program: Program, fit: Fit) -> frozenset[str] | None:
    """The names under which the training logs, without `val_`; None when that can't be told."""
    compiled, model = fit.compile, fit.model
    if compiled is None or model is None or model.trains_itself or not _is_plain(compiled):
        return None
    if not model.outputs or program.mentions("add_metric") or fit.callbacks is None:
        return None
    if any(each.kind is None or each.kind.endswith("LambdaCallback") for each in fit.callbacks):
        return None  # it may log what it likes
    metrics = compiled.metrics or ()
    outputs = {loss.output for loss in compiled.losses} | {metric.output for metric in metrics}
    if len(model.outputs) == 1:
        outputs.clear()
    if None in outputs:
        return None  # which of several outputs each is of, and so how it is called, is only known of a dict
    names = {f"{output}_loss" for output in outputs}
    for metric in metrics:
        name = logged_name(program, metric)
        if name is None:
            return None
        names.add(f"{metric.output}_{name}" if outputs else name)
    return _ALWAYS | names


def _is_plain(compiled: Compile) -> bool:
    return compiled.metrics is not None and "weighted_metrics" not in compiled.arguments.keywords


def logged_name(program: Program, metric: Metric) -> str | None:
    """The name a metric is logged under: as written, as its `name=` says, its class in snake case, its function's."""
    node = metric.place.node
    if metric.function is not None and isinstance(metric.function.node, cst.FunctionDef):
        renamed = metric.function.decorators or program.matches(_NAMED)
        return None if renamed else metric.function.name
    if isinstance(node, cst.SimpleString):
        value = string_value(node)
        return value if isinstance(value, str) else None
    if metric.name is None:
        return None
    if isinstance(node, cst.Call):
        if metric.kind is not None:
            given, last = metric.arguments.get("name"), metric.kind.rpartition(".")[2]
            return text(given.value) if given is not None else _OWN_NAMES.get(last, loss_name(last))
        for call in program.calls:
            if call.place.node is node:
                given = call.arguments.get("name")
                last = call.name.rpartition(".")[2]
                return text(given.value) if given is not None else _OWN_NAMES.get(last, loss_name(last))
        return None
    return metric.name if isinstance(node, (cst.Name, cst.Attribute)) else None
