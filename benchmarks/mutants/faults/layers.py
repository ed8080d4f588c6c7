"""Layers of the wrong kind, shape or start."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

from program import Edit, Kinds, Mutant, Program, constant, given, keyword

RECURRENT = ("LSTM", "GRU", "SimpleRNN")


def _first_number(program: Program, names: tuple[str, ...], new: str) -> Iterator[Mutant]:
    for call in program.calls(*names):
        if len(call.args) == 1 and isinstance(constant(call.args[0]), float):
            yield program.mutant(program.replaced(call.args[0], new), at=(call,))


def zero_weights(program: Program) -> Iterator[Mutant]:
    """A hidden layer of zeros."""
    for call, following in pairwise(program.calls("Dense")):
        is_alike = isinstance(program.statement(following), type(program.statement(call)))
        if is_alike and given(call, "activation") == "relu" and keyword(call, "kernel_initializer") is None:
            yield program.mutant(program.with_argument(call, 'kernel_initializer="zeros"'), at=(call,))


def no_hidden_activation(program: Program) -> Iterator[Mutant]:
    """No hidden dense layer has an activation."""
    dense = list(program.calls("Dense"))
    hidden = [(call, keyword(call, "activation")) for call in dense[:-1] if given(call, "activation") == "relu"]
    other = list(program.calls("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU"))
    edits = [program.without_argument(call, argument) for call, argument in hidden if argument is not None]
    if edits and not other:
        yield program.mutant(*edits, at=tuple(call for call, _ in hidden))


def _hidden(program: Program, new: str) -> Iterator[Mutant]:
    for call in list(program.calls("Dense"))[:-1]:
        argument = keyword(call, "activation")
        if argument is not None and constant(argument.value) == "relu":
            yield program.mutant(program.replaced(argument.value, f'"{new}"'), at=(call,))


def relu_in_recurrent_layer(program: Program) -> Iterator[Mutant]:
    """A recurrent layer with relu."""
    for call in program.calls("LSTM", "GRU"):
        if keyword(call, "activation") is None and len(call.args) == 1:
            yield program.mutant(program.with_argument(call, 'activation="relu"'), at=(call,))


def no_flatten(program: Program) -> Iterator[Mutant]:
    """The only Flatten is gone."""
    found = list(program.calls("Flatten"))
    for call in found if len(found) == 1 else ():
        start, end = program.span(call)
        dense = tuple(program.calls("Dense"))
        if isinstance(program.parents[call], ast.List) and program.data[end : end + 1] == b",":
            yield program.mutant(Edit(start, end + 1, ""), at=dense)
        elif isinstance(program.parents[call], ast.Call) and isinstance(program.statement(call), ast.Expr):
            yield program.mutant(program.replaced(program.statement(call), "pass"), at=dense)


def no_sequences(program: Program) -> Iterator[Mutant]:
    """A recurrent layer gives the last step alone to the next one."""
    for call, following in pairwise(program.calls(*RECURRENT)):
        argument = keyword(call, "return_sequences")
        if argument is not None and constant(argument.value) is True and keyword(call, "return_state") is None:
            yield program.mutant(program.replaced(argument.value, "False"), at=(call, following))


def channels_in_front(program: Program) -> Iterator[Mutant]:
    """A picture's shape is declared with its channels first."""
    for call in program.calls("Conv2D", "Input"):
        argument = keyword(call, "input_shape", "shape")
        sizes = argument.value.elts if argument is not None and isinstance(argument.value, ast.Tuple) else []
        if argument is None or len(sizes) != 3 or not list(program.calls("Conv2D")):
            continue
        height, width, channels = (constant(each) for each in sizes)
        if channels in (1, 3) and height == width and isinstance(height, int) and height > 8:
            yield program.mutant(program.replaced(argument.value, f"({channels}, {height}, {width})"), at=(call,))


def words_left_out(program: Program) -> Iterator[Mutant]:
    """An embedding of a thousandth of the words."""
    for call in program.calls("Embedding"):
        for size in call.args[:1]:
            if isinstance(constant(size), int) or isinstance(size, ast.Name):
                yield program.mutant(program.replaced(size, "5"), at=(call,))


KINDS: Kinds = {
    "dropout of 0.95": partial(_first_number, names=("Dropout",), new="0.95"),
    "weight decay of 10": partial(_first_number, names=("l1", "l2", "L1", "L2"), new="10.0"),
    "weights of zeros": zero_weights,
    "no hidden activation": no_hidden_activation,
    "hidden softmax": partial(_hidden, new="softmax"),
    "relu in a recurrent layer": relu_in_recurrent_layer,
    "no Flatten": no_flatten,
    "no return_sequences": no_sequences,
    "channels in front": channels_in_front,
    "words left out": words_left_out,
}
