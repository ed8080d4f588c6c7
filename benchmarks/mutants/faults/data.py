"""Data that are not scaled, are mixed up, or judge the model though it knows them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from program import Kinds, Mutant, Program, constant, keyword

SCALING = ("Rescaling", "Normalization", "BatchNormalization", "preprocess_input", "StandardScaler", "MinMaxScaler")


def pixels_not_divided(program: Program) -> Iterator[Mutant]:
    """All divisions by 255 go."""
    divided = [node for node in program.nodes if _divides(node)]
    kept = [node.left if isinstance(node, ast.BinOp) else None for node in divided]
    edits = [
        program.replaced(node, program.source(left) if left is not None else "pass")
        for node, left in zip(divided, kept, strict=True)
    ]
    trained = tuple(program.calls("fit"))
    if edits and trained and program.data.count(b"255") == len(edits) and not list(program.calls(*SCALING)):
        yield program.mutant(*edits, at=(*divided, *trained, *program.calls("load_data")))


def _divides(node: ast.expr | ast.stmt) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return constant(node.right) in (255, 255.0)
    return isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div) and constant(node.value) in (255, 255.0)


def generator_without_rescale(program: Program) -> Iterator[Mutant]:
    """No generator scales its pictures."""
    made = [(call, keyword(call, "rescale")) for call in program.calls("ImageDataGenerator")]
    edits = [program.without_argument(call, argument) for call, argument in made if argument is not None]
    if edits and b"preprocess" not in program.data and not list(program.calls(*SCALING)):
        trained = program.calls("fit", "fit_generator", "flow_from_directory")
        yield program.mutant(*edits, at=(*(call for call, _ in made), *trained))


def inputs_shuffled_alone(program: Program) -> Iterator[Mutant]:
    """The inputs are mixed, the targets are not."""
    for call in program.calls("fit"):
        names = [program.source(each) for each in call.args[:2] if isinstance(each, ast.Name)]
        if len(set(names)) == 2 and b"import numpy as np" in program.data:
            edit = program.line_before(program.statement(call), f"np.random.shuffle({names[0]})")
            yield program.mutant(edit, at=(call,))


def validated_on_training_data(program: Program) -> Iterator[Mutant]:
    """The arrays to train on validate as well."""
    for call in program.calls("fit"):
        argument = keyword(call, "validation_data")
        if argument is not None and isinstance(argument.value, ast.Tuple) and len(call.args) > 1:
            new = f"({program.source(call.args[0])}, {program.source(call.args[1])})"
            yield program.mutant(program.replaced(argument.value, new), at=(call,))


def evaluated_on_training_data(program: Program) -> Iterator[Mutant]:
    """The arrays to train on are evaluated, and nothing else judges the model."""
    for trained, judged in _trained_and_judged(program):
        if keyword(trained, "validation_data") is None:
            edits = [
                program.replaced(old, program.source(new))
                for old, new in zip(judged.args[:2], trained.args[:2], strict=True)
            ]
            yield program.mutant(*edits, at=(judged,))


def trained_on_test_data(program: Program) -> Iterator[Mutant]:
    """The arrays to test on train the model."""
    for trained, judged in _trained_and_judged(program):
        edits = [
            program.replaced(old, program.source(new))
            for old, new in zip(trained.args[:2], judged.args[:2], strict=True)
        ]
        yield program.mutant(*edits, at=(trained, judged))


def labels_of_other_rows(program: Program) -> Iterator[Mutant]:
    """The inputs to train on get the labels of the test."""
    for trained, judged in _trained_and_judged(program):
        if isinstance(judged.args[1], ast.Name):
            yield program.mutant(program.replaced(trained.args[1], program.source(judged.args[1])), at=(trained,))


def _trained_and_judged(program: Program) -> Iterator[tuple[ast.Call, ast.Call]]:
    """The only calls of `fit` and of `evaluate`, where both are handed inputs and targets, and other ones."""
    fits = [call for call in program.calls("fit") if len(call.args) > 1]
    judged = [call for call in program.calls("evaluate") if len(call.args) > 1]
    if not len(fits) == len(judged) == 1 or list(program.calls("predict")):
        return
    if program.source(fits[0].args[0]) != program.source(judged[0].args[0]):
        yield fits[0], judged[0]


def pictures_in_order(program: Program) -> Iterator[Mutant]:
    """Pictures to train on come class by class."""
    for call in program.calls("flow_from_directory"):
        folder = program.source(call.args[0]) if call.args else ""
        if "train" in folder.lower() and keyword(call, "shuffle") is None:
            yield program.mutant(program.with_argument(call, "shuffle=False"), at=(call,))


KINDS: Kinds = {
    "pixels not divided": pixels_not_divided,
    "generator without rescale": generator_without_rescale,
    "inputs shuffled alone": inputs_shuffled_alone,
    "validated on training data": validated_on_training_data,
    "evaluated on training data": evaluated_on_training_data,
    "trained on test data": trained_on_test_data,
    "labels of other rows": labels_of_other_rows,
    "pictures in order": pictures_in_order,
}
