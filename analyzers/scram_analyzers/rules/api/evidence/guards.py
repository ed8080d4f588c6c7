"""What keeps a number away from 0 in a function that computes with tensors, and what may well be 0."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section

EPSILON = "1e-7"
TRUTH = re.compile(r"true|target|label|actual|^y$|^t$", re.IGNORECASE)
PREDICTION = re.compile(r"pred|prob|y_?hat|^p$", re.IGNORECASE)

_SUMS = frozenset(("sum", "reduce_sum", "count_nonzero"))
_EXTREMES = frozenset(("max", "amax", "reduce_max"))
_SPREADS = frozenset(("std", "reduce_std", "norm", "var", "reduce_variance"))
_PASSED_ON = frozenset(("cast", "reshape", "expand_dims", "squeeze", "abs", "square", "sqrt", "mean", "reduce_mean"))
_CHANCES = frozenset(("sigmoid", "softmax"))
_ENDS = ({"max", "min"}, {"reduce_max", "reduce_min"}, {"amax", "amin"})
_MAX_DEPTH = 8


@dataclass(frozen=True)
class Computation:
    """A function that computes with tensors: a loss (with the labels' and the predictions' name) or a layer's call."""

    place: Place
    name: str
    truth: str | None
    prediction: str | None
    inputs: tuple[str, ...]
    assigned: dict[str, cst.BaseExpression | None]

    @property
    def is_loss(self) -> bool:
        """Whether it judges predictions."""
        return self.prediction is not None

    def value_of(self, node: cst.BaseExpression) -> cst.BaseExpression:
        """What a name was assigned, when it was assigned once; any other expression itself."""
        for _ in range(_MAX_DEPTH):
            assigned = self.assigned.get(node.value) if isinstance(node, cst.Name) else None
            if assigned is None:
                break
            node = assigned
        return node

    def is_given(self, node: cst.CSTNode, *names: str | None) -> bool:
        """Whether an expression is one of these arguments of the function as the caller gave it."""
        return isinstance(node, cst.Name) and node.value in names and node.value not in self.assigned


@once
def computations(section: Section) -> tuple[Computation, ...]:
    """The loss functions and the layers' `call` methods of a section."""
    return tuple(_computations(section))


def _computations(section: Section) -> Iterator[Computation]:
    for function in section.parsed.nodes.get(cst.FunctionDef, ()):
        assert isinstance(function, cst.FunctionDef)
        place = Place(section, function)
        names = [parameter.name.value for parameter in function.params.params]
        given = [name for name in names if name != "self"]
        is_loss = len(given) >= 2 and TRUTH.search(given[0]) and PREDICTION.search(given[1])
        is_call = function.name.value == "call" and names[:1] == ["self"] and given
        if is_loss:
            yield Computation(place, function.name.value, given[0], given[1], (), _assigned(function))
        elif is_call:
            yield Computation(place, "call", None, None, tuple(given), _assigned(function))


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of one argument within a computation, with the function as it is written (`tf.math.log`)."""

    computation: Computation
    place: Place
    function: str
    argument: Place


def distances(section: Section) -> Iterator[Computation]:
    """Functions named for a distance: of two tensors, where they compute by Keras's or TensorFlow's functions."""
    for function in section.parsed.nodes.get(cst.FunctionDef, ()):
        assert isinstance(function, cst.FunctionDef)
        names = [parameter.name.value for parameter in function.params.params]
        if _DISTANCE.search(function.name.value) and names and names[0] != "self":
            yield Computation(Place(section, function), function.name.value, None, None, (), _assigned(function))


_DISTANCE = re.compile("distance|euclid", re.IGNORECASE)


def calls(
    section: Section,
    name: str,
    is_meant: Callable[[Computation, cst.BaseExpression], bool],
    within: Iterable[Computation] | None = None,
) -> tuple[FunctionCall, ...]:
    """The calls of a function of this last name, within computations, whose only argument is of the kind meant."""
    return tuple(
        FunctionCall(computation, Place(section, call), Place(section, call.func).text, Place(section, argument))
        for computation in (computations(section) if within is None else within)
        for call in search.nodes(computation.place.node, cst.Call)
        if called(call) == name and len(call.args) == 1 and is_meant(computation, argument := call.args[0].value)
    )


def trained_with(program: Program, computation: Computation) -> Place | None:
    """Where a model is compiled with a loss function of the module."""
    return _losses(program).get(computation.place.node)


@once
def _losses(program: Program) -> Mapping[cst.CSTNode, Place]:
    """The functions of this module that models are compiled with as losses, and where each is named."""
    losses = [loss for compiled in program.compiles for loss in compiled.losses]
    return {loss.function.node: loss.use or loss.place for loss in losses if loss.function is not None}


def _assigned(function: cst.FunctionDef) -> dict[str, cst.BaseExpression | None]:
    """The local names with the one expression that each is assigned; None where there are several."""
    found: dict[str, cst.BaseExpression | None] = {}
    for statement in search.nodes(function.body, cst.Assign):
        for each in statement.targets:
            for name in search.nodes(each.target, cst.Name):
                is_only = name is each.target and name.value not in found
                found[name.value] = statement.value if is_only else None
    for augmented in search.nodes(function.body, cst.AugAssign):
        if isinstance(augmented.target, cst.Name):
            found[augmented.target.value] = None
    return found


def called(node: cst.CSTNode) -> str | None:
    """The last name of the function that a call calls ("log" of `tf.math.log(x)`)."""
    if not isinstance(node, cst.Call):
        return None
    return node.func.attr.value if isinstance(node.func, cst.Attribute) else None


def may_be_zero(computation: Computation, node: cst.BaseExpression, depth: int = _MAX_DEPTH) -> bool:
    """Whether a divisor is of a kind that is 0 for some data: labels, sums, spreads. Anything unknown is not."""
    node = computation.value_of(node)
    if depth == 0:
        return False
    if computation.is_given(node, computation.truth, *computation.inputs[:1]):
        return True
    name = called(node)
    if isinstance(node, cst.Call) and node.args:
        first = node.args[0].value
        if name in _SUMS | _EXTREMES:
            return not _is_positive(computation, first, depth - 1)
        return name in _SPREADS or (name in _PASSED_ON and may_be_zero(computation, first, depth - 1))
    if isinstance(node, cst.BinaryOperation):
        return _result_may_be_zero(computation, node, depth)
    return False


def _result_may_be_zero(computation: Computation, node: cst.BinaryOperation, depth: int) -> bool:
    left, right = (may_be_zero(computation, side, depth - 1) for side in (node.left, node.right))
    calls = {called(computation.value_of(side)) for side in (node.left, node.right)}
    if isinstance(node.operator, cst.Add):
        return (left and right) or ((left or right) and calls <= _SUMS)
    if isinstance(node.operator, cst.Multiply):
        return left or right
    return isinstance(node.operator, cst.Subtract) and ((left and right) or calls in _ENDS)


def _is_positive(computation: Computation, node: cst.BaseExpression, depth: int) -> bool:
    """Whether what is summed is above 0 somewhere, or may be: a batch of chances is, one of labels need not be."""
    node = computation.value_of(node)
    if depth == 0:
        return True
    if isinstance(node, cst.Name):
        return not computation.is_given(node, computation.truth, *computation.inputs)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.Multiply, cst.Power)):
        return _is_positive(computation, node.left, depth - 1) and _is_positive(computation, node.right, depth - 1)
    if isinstance(node, cst.Call) and node.args:
        if called(node) == "round":
            return False
        if called(node) in (*_PASSED_ON, "clip"):
            return _is_positive(computation, node.args[0].value, depth - 1)
    return True


def may_be_exactly_zero_chance(computation: Computation, node: cst.BaseExpression) -> bool:
    """Whether a logarithm's argument is a chance as a model or softmax gives it, 1 minus it, or made of these."""
    node = computation.value_of(node)
    if isinstance(node, cst.BinaryOperation):
        one_minus = isinstance(node.operator, cst.Subtract) and isinstance(node.left, (cst.Integer, cst.Float))
        ratio = isinstance(node.operator, cst.Divide)
        if one_minus:
            return may_be_exactly_zero_chance(computation, node.right)
        if isinstance(node.operator, (cst.Multiply, cst.Add)):  # y * p + (1 - y) * (1 - p), the chance of what is true
            sides = (may_be_exactly_zero_chance(computation, side) for side in (node.left, node.right))
            return any(sides) if isinstance(node.operator, cst.Multiply) else all(sides)
        return ratio and may_be_exactly_zero_chance(computation, node.left)
    if called(node) in _CHANCES:
        return True
    if called(node) == "where" and isinstance(node, cst.Call) and len(node.args) == 3:
        return any(may_be_exactly_zero_chance(computation, branch.value) for branch in node.args[1:])
    return computation.is_given(node, computation.prediction, computation.truth, *computation.inputs[:1])
