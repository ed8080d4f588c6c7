"""Rates, epochs, batches and callbacks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from program import Kinds, Mutant, Program, constant, given, keyword

OPTIMIZERS = ("Adam", "RMSprop", "Nadam", "AdamW", "Adamax")
WATCHING = ("ModelCheckpoint", "EarlyStopping", "ReduceLROnPlateau")


def _rate(program: Program, new: str) -> Iterator[Mutant]:
    for call in program.calls(*OPTIMIZERS) if b"torch" not in program.data else ():
        argument = keyword(call, "learning_rate", "lr")
        value = argument.value if argument is not None else next(iter(call.args), None)
        if value is not None and isinstance(constant(value), float):
            yield program.mutant(program.replaced(value, new), at=(call,))


def _of_fit(program: Program, name: str, least: int, new: str) -> Iterator[Mutant]:
    for call in program.calls("fit"):
        argument = keyword(call, name)
        value = constant(argument.value) if argument is not None else None
        if argument is not None and isinstance(value, int) and value >= least:
            yield program.mutant(program.replaced(argument.value, new), at=(call,))


def callbacks_not_passed(program: Program) -> Iterator[Mutant]:
    """Keras's own callbacks are made, and not passed."""
    for call in program.calls("fit"):
        argument = keyword(call, "callbacks")
        listed = argument.value.elts if argument is not None and isinstance(argument.value, ast.List) else []
        made = [node for node in program.nodes if isinstance(node, ast.Assign) and _makes(node, listed)]
        if argument is not None and made:
            yield program.mutant(program.without_argument(call, argument), at=(call, *made))


def _makes(node: ast.Assign, listed: list[ast.expr]) -> bool:
    names = {each.id for each in listed if isinstance(each, ast.Name)}
    made = isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in names
    return made and any(name in ast.dump(node.value) for name in WATCHING)


def nothing_to_watch(program: Program) -> Iterator[Mutant]:
    """A callback watches the validation, and there is none."""
    watching = tuple(call for call in program.calls(*WATCHING) if "val_" in ast.dump(call))
    for call in program.calls("fit"):
        arguments = [each for each in call.keywords if each.arg in ("validation_data", "validation_split")]
        if len(arguments) == 1 and watching and keyword(call, "callbacks") is not None:
            yield program.mutant(program.without_argument(call, arguments[0]), at=(call, *watching))


def best_is_worst(program: Program) -> Iterator[Mutant]:
    """The highest loss or the lowest accuracy is taken for the best."""
    for call in program.calls(*WATCHING):
        watched = given(call, "monitor")
        if watched not in ("val_loss", "val_acc", "val_accuracy") or given(call, "save_best_only") is False:
            continue
        mode, wrong = keyword(call, "mode"), '"max"' if watched == "val_loss" else '"min"'
        edit = program.replaced(mode.value, wrong) if mode else program.with_argument(call, f"mode={wrong}")
        yield program.mutant(edit, at=(call,))


KINDS: Kinds = {
    "rate of 10": partial(_rate, new="10.0"),
    "rate of 0.5": partial(_rate, new="0.5"),
    "rate of a billionth": partial(_rate, new="1e-9"),
    "one epoch": partial(_of_fit, name="epochs", least=5, new="1"),
    "batches of one": partial(_of_fit, name="batch_size", least=8, new="1"),
    "callbacks not passed": callbacks_not_passed,
    "nothing to watch": nothing_to_watch,
    "best is worst": best_is_worst,
}
