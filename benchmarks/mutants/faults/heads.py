"""Last layers, losses and metrics that don't fit each other, in files of one compiled model."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from program import Kinds, Mutant, Program, constant, given, keyword

CATEGORICAL = ("categorical_crossentropy", "sparse_categorical_crossentropy")
BINARY = ("binary_crossentropy",)
SQUARES = ("mse", "mae", "mean_squared_error", "mean_absolute_error")


def heads(program: Program, activation: str) -> Iterator[tuple[ast.Call, ast.keyword]]:
    """The last dense layer with its activation, where that is the only one of this kind."""
    dense = list(program.calls("Dense"))
    found = [call for call in dense if given(call, "activation") == activation]
    if len(found) == 1 and found[0] is dense[-1] and (argument := keyword(found[0], "activation")) is not None:
        yield found[0], argument


def losses(program: Program, *names: str) -> Iterator[ast.expr]:
    """The loss of the only call of `compile`, where it is written as one of these strings."""
    compiles = list(program.calls("compile"))
    argument = keyword(compiles[0], "loss") if len(compiles) == 1 else None
    if argument is not None and constant(argument.value) in names:
        yield argument.value


def _activation(program: Program, names: tuple[str, ...], old: str, new: str) -> Iterator[Mutant]:
    for loss in losses(program, *names):
        for call, argument in heads(program, old):
            single = bool(call.args) and constant(call.args[0]) == 1
            if new == "softmax" and not single:
                continue
            edit = program.replaced(argument.value, f'"{new}"') if new else program.without_argument(call, argument)
            yield program.mutant(edit, at=(loss, call))


def _loss(program: Program, names: tuple[str, ...], activation: str, new: str) -> Iterator[Mutant]:
    for loss in losses(program, *names):
        for call, _ in heads(program, activation):
            if constant(loss) != new and (activation == "softmax" or (call.args and constant(call.args[0]) == 1)):
                yield program.mutant(program.replaced(loss, f'"{new}"'), at=(call,))


def categorical_to_sparse(program: Program) -> Iterator[Mutant]:
    """The loss reads numbered labels."""
    for loss in losses(program, "categorical_crossentropy"):
        yield program.mutant(program.replaced(loss, '"sparse_categorical_crossentropy"'), at=labels(program))


def sparse_to_categorical(program: Program) -> Iterator[Mutant]:
    """The loss reads one-hot labels."""
    for loss in losses(program, "sparse_categorical_crossentropy"):
        yield program.mutant(program.replaced(loss, '"categorical_crossentropy"'), at=labels(program))


def labels_not_encoded(program: Program) -> Iterator[Mutant]:
    """Labels stay numbers where rows are wanted."""
    encoded = [call for call in program.calls("to_categorical") if call.args]
    edits = [program.replaced(call, program.source(call.args[0])) for call in encoded]
    for loss in losses(program, "categorical_crossentropy"):
        if edits:
            yield program.mutant(*edits, at=(loss, *list(program.calls("Dense"))[-1:], *labels(program)))


def labels(program: Program) -> tuple[ast.Call, ...]:
    """Where the labels are handed over."""
    return tuple(program.calls("fit", "fit_generator"))


def one_unit_less(program: Program) -> Iterator[Mutant]:
    """A class more than the head has units."""
    for loss in losses(program, *CATEGORICAL):
        for call, _ in heads(program, "softmax"):
            units = constant(call.args[0]) if call.args else None
            if isinstance(units, int) and units > 2:
                yield program.mutant(program.replaced(call.args[0], str(units - 1)), at=(loss, call))


def one_unit(program: Program) -> Iterator[Mutant]:
    """One unit for all classes."""
    for loss in losses(program, *CATEGORICAL):
        for call, _ in heads(program, "softmax"):
            if call.args and not isinstance(call.args[0], ast.Starred):
                yield program.mutant(program.replaced(call.args[0], "1"), at=(loss, call))


def softmax_before_from_logits(program: Program) -> Iterator[Mutant]:
    """Softmax twice."""
    for call in program.calls("SparseCategoricalCrossentropy", "CategoricalCrossentropy"):
        for head in list(program.calls("Dense"))[-1:]:
            is_plain = len(head.args) == 1 and keyword(head, "activation") is None
            if is_plain and given(call, "from_logits") is True and not list(program.calls("Softmax", "softmax")):
                yield program.mutant(program.with_argument(head, 'activation="softmax"'), at=(call,))


def from_logits_left_out(program: Program) -> Iterator[Mutant]:
    """No softmax at all."""
    for call in program.calls("SparseCategoricalCrossentropy", "CategoricalCrossentropy", "BinaryCrossentropy"):
        argument = keyword(call, "from_logits")
        if argument is not None and constant(argument.value) is True:
            head = list(program.calls("Dense"))[-1:]
            yield program.mutant(program.without_argument(call, argument), at=(call, *head))


def accuracy_for_regression(program: Program) -> Iterator[Mutant]:
    """Right answers counted among measured numbers."""
    for loss in losses(program, *SQUARES):
        (call,) = program.calls("compile")
        argument = keyword(call, "metrics")
        if argument is None:
            yield program.mutant(program.with_argument(call, 'metrics=["accuracy"]'), at=(loss, call))
        elif "acc" not in program.source(argument.value):
            yield program.mutant(program.replaced(argument.value, '["accuracy"]'), at=(loss,))


KINDS: Kinds = {
    "softmax becomes sigmoid": partial(_activation, names=CATEGORICAL, old="softmax", new="sigmoid"),
    "softmax becomes relu": partial(_activation, names=CATEGORICAL, old="softmax", new="relu"),
    "softmax left out": partial(_activation, names=CATEGORICAL, old="softmax", new=""),
    "one sigmoid becomes softmax": partial(_activation, names=BINARY, old="sigmoid", new="softmax"),
    "sigmoid becomes relu": partial(_activation, names=BINARY, old="sigmoid", new="relu"),
    "sigmoid left out": partial(_activation, names=BINARY, old="sigmoid", new=""),
    "binary loss for softmax": partial(_loss, names=CATEGORICAL, activation="softmax", new=BINARY[0]),
    "squares for softmax": partial(_loss, names=CATEGORICAL, activation="softmax", new="mse"),
    "categorical loss for one sigmoid": partial(_loss, names=BINARY, activation="sigmoid", new=CATEGORICAL[0]),
    "sparse loss for rows of labels": categorical_to_sparse,
    "categorical loss for numbered labels": sparse_to_categorical,
    "labels not encoded": labels_not_encoded,
    "one unit less than classes": one_unit_less,
    "one unit for all classes": one_unit,
    "softmax before from_logits": softmax_before_from_logits,
    "from_logits left out": from_logits_left_out,
    "accuracy of numbers": accuracy_for_regression,
}
