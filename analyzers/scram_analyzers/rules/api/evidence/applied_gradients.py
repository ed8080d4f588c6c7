"""Gradients on their way to an optimizer: `optimizer.apply_gradients(zip(gradients, model.trainable_variables))`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from scram_analyzers.rules.api.evidence import tapes
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.dotted import dotted_name

_APPLYING = frozenset(("apply_gradients", "apply"))


@dataclass(frozen=True, eq=False, slots=True)
class Applied:
    """A call that pairs what a tape was asked for with weights; `owner` is how the program names their model."""

    asked: tapes.Gradients
    owner: str
    weights: str
    call: cst.Call

    @property
    def place(self) -> Place:
        """The call of the optimizer."""
        return Place(self.asked.section, self.call)

    def round_left(self) -> cst.For | cst.While | None:
        """The loop that asks for the gradients in each round, where they are applied only after its last."""
        above = self.asked.section.parsed.ancestors
        around = next((each for each in above(self.asked.call) if isinstance(each, (cst.For, cst.While))), None)
        if around is None or any(each is around for each in above(self.call)):
            return None
        return around


@once
def applied_of(tape: tapes.Tape) -> tuple[Applied, ...]:
    """Where the function around a tape hands on what the tape was asked for."""
    asked = {id(each.call): each for each in tapes.asked_of(tape)}
    return tuple(_applied(tape, asked)) if asked else ()


@once
def turned_round_of(tape: tapes.Tape) -> tuple[Place, ...]:
    """Where what the tape was asked for stands behind the weights it is for: `zip(weights, gradients)`."""
    zipped = _zipped(tape)
    return tuple(Place(tape.section, call) for call, *pair in zipped if _is_turned_round(tape, *pair))


def zipped_gradients(tape: tapes.Tape) -> Iterator[cst.BaseExpression]:
    """What stands for the gradients in each call of an optimizer around a tape."""
    return (gradients for _, gradients, _ in _zipped(tape))


def _is_turned_round(tape: tapes.Tape, first: cst.BaseExpression, second: cst.BaseExpression) -> bool:
    asking = f"{tape.name}.gradient"
    if _is_call_of(_given(tape, second), asking) and not _is_call_of(_given(tape, first), asking):
        return True
    return bool(_owner(tape, first)[0]) and not _owner(tape, second)[0]  # gradients that were clipped or gathered


def _is_call_of(node: cst.BaseExpression | None, name: str) -> bool:
    return isinstance(node, cst.Call) and dotted_name(node.func) == name


def _applied(tape: tapes.Tape, asked: dict[int, tapes.Gradients]) -> Iterator[Applied]:
    for call, gradients, zipped in _zipped(tape):
        given = _asked_for(tape, gradients, asked)
        owner, weights = _owner(tape, zipped)
        if given is not None and owner:
            yield Applied(given, owner, weights, call)


def _zipped(tape: tapes.Tape) -> Iterator[tuple[cst.Call, cst.BaseExpression, cst.BaseExpression]]:
    """The calls of an optimizer around a tape, with the two that `zip` puts together for each."""
    for call in search.within(tape.section, tape.around, cst.Call):
        if not isinstance(call.func, cst.Attribute) or call.func.attr.value not in _APPLYING or not call.args:
            continue
        zipped = call.args[0].value
        if isinstance(zipped, cst.Call) and dotted_name(zipped.func) == "zip" and len(zipped.args) == 2:
            yield call, zipped.args[0].value, zipped.args[1].value


def _owner(tape: tapes.Tape, node: cst.BaseExpression) -> tuple[str, str]:
    """How the program names the model whose weights these are, and the weights; "" where they are none."""
    weights = tapes.written_out(node, tape.section) or ""
    owner, _, attribute = weights.rpartition(".")
    return (owner, weights) if attribute in tapes.WEIGHTS else ("", weights)


def _asked_for(
    tape: tapes.Tape, gradients: cst.BaseExpression, asked: dict[int, tapes.Gradients]
) -> tapes.Gradients | None:
    """What the tape was asked for under this name, which is assigned once, or in this very place."""
    return asked.get(id(_given(tape, gradients)))


def _given(tape: tapes.Tape, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What a name is given around a tape, where that is done once; anything else is what it is.

    Gradients that are clipped are those that they were.
    """
    if not isinstance(node, cst.Name):
        return node
    named = [each for each in search.within(tape.section, tape.around, cst.Assign) if _assigns(each, node.value)]
    anew = [each for each in named if _clipped(each) is None]
    if not anew and len(named) == 1:
        held = _clipped(named[0])
        return _given(tape, held) if held is not None else None
    others = [held for each in named if (held := _clipped(each)) is not None and held.value != node.value]
    if others or len(anew) != 1 or len(anew[0].targets) != 1 or not isinstance(anew[0].targets[0].target, cst.Name):
        return None
    return anew[0].value


def _clipped(assigned: cst.Assign) -> cst.Name | None:
    """The name of what an assignment only clips: `g, _ = tf.clip_by_global_norm(g, 1.0)`,
    `g = [tf.clip_by_norm(each, 1.0) for each in g]`."""
    value, each = assigned.value, assigned.value
    if isinstance(value, cst.ListComp):
        each, target = value.elt, value.for_in.target
        taken = each.args[0].value if isinstance(each, cst.Call) and each.args else None
        if not isinstance(taken, cst.Name) or not isinstance(target, cst.Name) or taken.value != target.value:
            return None
    if not isinstance(each, cst.Call) or not each.args:
        return None
    if (dotted_name(each.func) or "").rpartition(".")[2] not in _CLIPPING:
        return None
    held = value.for_in.iter if isinstance(value, cst.ListComp) else each.args[0].value
    return held if isinstance(held, cst.Name) else None


_CLIPPING = frozenset(("clip_by_global_norm", "clip_by_norm", "clip_by_value"))


def _assigns(assigned: cst.Assign, name: str) -> bool:
    return any(each.value == name for target in assigned.targets for each in search.nodes(target, cst.Name))
