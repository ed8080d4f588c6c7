"""Edits that take a layer out of a model or put one before another, however the program builds the model.

A layer may be given to `model.add`, stand in a list, be applied where it is made (`Dense(8)(x)`), or be made in
`__init__` and applied in `call`. Each function gives no edits where the program does it in yet another way.
"""

from __future__ import annotations

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import SourceRange, TextEdit
from scram_analyzers.source.graph import Layer, Tensor
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.parents import added_to, ancestors, is_element


def take_out(program: Program, layer: Layer) -> tuple[TextEdit, ...]:
    """Remove a layer that takes and gives the same shape."""
    if added_to(layer.place) is not None:
        return fixes.remove_statement(program, layer.place)
    if is_element(layer.place):
        return _without_element(program, layer.place)
    applied = _applied_at(program, layer)
    if applied is None:
        return ()
    call, given = applied
    edits = _without_call(program, call, given)
    if call.node is not layer.place.node and _is_called_by(call, layer.place):
        return edits
    return (*fixes.remove_statement(program, layer.place), *edits) if _only_use(layer.place) and edits else ()


def put_before(program: Program, layer: Layer, content: str, name: str) -> tuple[TextEdit, ...]:
    """Put the layer that `content` makes before another; `name` is what to call it as an attribute of a model."""
    model = added_to(layer.place)
    if model is not None:
        return (fixes.statement_before(program, layer.place, f"{model}.add({content})"),)
    if is_element(layer.place):
        return (fixes.element_before(program, layer.place, content),)
    applied = _applied_at(program, layer)
    if applied is None:
        return ()
    call, given = applied
    if _is_called_by(call, layer.place):
        return (fixes.replace(program, given, f"{content}({given.text})"),)
    owner = _owner(layer.place)
    if owner is None or f"{owner}.{name}" in layer.place.section.parsed.text:
        return ()
    made = fixes.statement_before(program, layer.place, f"{owner}.{name} = {content}")
    return (made, fixes.replace(program, given, f"{owner}.{name}({given.text})"))


def _applied_at(program: Program, layer: Layer) -> tuple[Place, Place] | None:
    """The one call that applies the layer, and what it is applied to."""
    places = {tensor.place.key: tensor.place for tensor in _made_by(program, layer) if tensor.place is not None}
    if len(places) != 1:
        return None
    (place,) = places.values()
    call = fixes.call_of(place)
    if call is None or not call.args or call.args[0].keyword is not None or call.args[0].star:
        return None
    return place, Place(place.section, call.args[0].value)


def _made_by(program: Program, layer: Layer) -> list[Tensor]:
    models: list[Model] = [*program.models, *program.drafts]
    for model in models:
        models.extend(nested for nested in model.nested if nested not in models)
    return [tensor for model in models for tensor in model.tensors() if _is_producer(tensor, layer)]


def _is_producer(tensor: Tensor, layer: Layer) -> bool:
    return isinstance(tensor.producer, Layer) and tensor.producer.place.key == layer.place.key


def _is_called_by(call: Place, layer: Place) -> bool:
    return isinstance(call.node, cst.Call) and call.node.func is layer.node


def _without_call(program: Program, call: Place, given: Place) -> tuple[TextEdit, ...]:
    """`x = layer(x)` goes as a whole; of any other `layer(x)` the `x` is left."""
    above = ancestors(call)
    if above and isinstance(above[0], cst.Assign) and len(above[0].targets) == 1:
        target = above[0].targets[0].target
        if isinstance(target, cst.Name) and isinstance(given.node, cst.Name) and target.value == given.node.value:
            return fixes.remove_statement(program, call)
    return (fixes.replace(program, call, given.text),)


def _without_element(program: Program, place: Place) -> tuple[TextEdit, ...]:
    """Remove an element of a list with the comma that parts it from the others."""
    above = ancestors(place)
    if len(above) < 2 or not isinstance(above[1], (cst.List, cst.Tuple)):
        return ()
    elements = above[1].elements
    position = next(index for index, each in enumerate(elements) if each is above[0])
    here = program.range_of(place)
    if position + 1 < len(elements) and not fixes.holds_comment(elements[position].comma):
        following = program.range_of(Place(place.section, elements[position + 1].value))
        return (TextEdit(SourceRange(here.start, following.start), ""),)
    if position > 0 and not fixes.holds_comment(elements[position - 1].comma):
        before = program.range_of(Place(place.section, elements[position - 1].value))
        return (TextEdit(SourceRange(before.end, here.end), ""),)
    return ()


def _owner(place: Place) -> str | None:
    """`self`, when the node is all that a statement `self.name = ...` assigns."""
    attribute = _attribute(place)
    return attribute.value.value if attribute is not None and isinstance(attribute.value, cst.Name) else None


def _attribute(place: Place) -> cst.Attribute | None:
    above = ancestors(place)
    if not above or not isinstance(above[0], cst.Assign) or len(above[0].targets) != 1:
        return None
    target = above[0].targets[0].target
    return target if isinstance(target, cst.Attribute) else None


def _only_use(place: Place) -> bool:
    """Whether the attribute that holds the layer is read in one place of its class."""
    attribute, module = _attribute(place), place.section.parsed.module
    if attribute is None or module is None:
        return False
    return sum(1 for each in search.nodes(module, cst.Attribute) if each.attr.value == attribute.attr.value) == 2
