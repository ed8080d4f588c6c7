"""Edits that let a model scale its own inputs: the first layer rescales pixels, or knows the columns of a table."""

from __future__ import annotations

import re

import libcst as cst

from scram_analyzers import fixes, layer_edits
from scram_analyzers.findings import Applicability, Fix, TextEdit
from scram_analyzers.rules.data.evidence import pretrained
from scram_analyzers.rules.data.evidence.bound_before import is_known_before
from scram_analyzers.rules.data.evidence.judging import judged_by, trained_on
from scram_analyzers.rules.data.evidence.raw_entries import unscaled_entry
from scram_analyzers.source.data import Data
from scram_analyzers.source.graph import InputSpec, Layer, Tensor
from scram_analyzers.source.imports import Spelling
from scram_analyzers.source.model import Model, ModelKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program
from scram_analyzers.source.reading.parents import added_to, ancestors, is_element

_SHAPE_ARGUMENTS = ("input_shape", "input_dim", "batch_input_shape")
_NAMES = ("normalization", "normalizer", "input_normalization")
"""What to call a layer that is made before the model."""


def fix_of(program: Program, fit: Fit) -> Fix | None:
    """What scales the inputs of a `fit`; None where no edit is right for certain."""
    data, model = fit.inputs, fit.model
    if data is None or model is None or fit.x is None or fit.x.place is None or _gets_scaled(program, model):
        return None
    if is_of_bytes(data) and pretrained.bare_network(model) is not None:
        title, edits = "Prepare the images as the network knows them", pretrained.preprocessing_edits(program, model)
        return Fix(title, Applicability.UNSAFE, edits) if edits else None
    factor = pixel_factor(data)
    if factor is not None:
        return _rescaling_fix(program, model, factor)
    return None if data.images or data.batched else _normalization_fix(program, model, data, fit.x.place)


def _gets_scaled(program: Program, model: Model) -> bool:
    """Whether the program gives the model scaled inputs somewhere: these it must not scale once more."""
    fits = [fit for fit in program.fits if fit.model is not None and fit.model.identity == model.identity]
    given = (each for fit in fits for each in (*trained_on(fit), *judged_by(program, fit)))
    return any(each.data.scaled for each in given)


def is_of_bytes(data: Data) -> bool:
    """Whether the data are pixels as files hold them, from 0 to 255."""
    return data.images and data.range is not None and data.range.low >= 0 and 200 <= data.range.high <= 255


def pixel_factor(data: Data) -> str | None:
    """What makes raw pixels numbers from 0 to 1 ("1 / 255"); None for what is no pixels, or none that begin at 0."""
    if not data.images:
        return None
    if data.range is None or is_of_bytes(data):
        return "1 / 255"
    return f"1 / {fixes.number_text(data.range.high)}" if data.range.low == 0 else None


def as_array(program: Program, data: Data, place: Place) -> Spelling:
    """Data as `adapt` takes them: of a table of pandas it would read the columns' names."""
    if not data.is_table:
        return Spelling(place.text)
    numpy = fixes.numpy(program)
    return Spelling(f'{numpy.text}.asarray({place.text}, "float32")', numpy.needs_import)


# -- pixels: a layer that needs no data


def _rescaling_fix(program: Program, model: Model, factor: str) -> Fix | None:
    layer = program.imports.spell("keras.layers.Rescaling")
    edits = _rescaling_edits(program, model, layer.text, factor)
    title = f"Scale the pixels in the model: Rescaling({factor})"
    return Fix(title, Applicability.UNSAFE, (*edits, *fixes.import_edits(program, (layer,)))) if edits else None


def _rescaling_edits(program: Program, model: Model, layer: str, factor: str) -> tuple[TextEdit, ...]:
    """Put the layer where the data enter: before the first element, statement, or argument that takes them."""
    entry = unscaled_entry(model)
    if entry is None or not isinstance(entry.producer, Layer):
        return ()
    if model.kind is ModelKind.FUNCTIONAL:
        return _wrapped_argument(program, entry, f"{layer}({factor})")
    if model.kind is ModelKind.SUBCLASSED:
        return layer_edits.put_before(program, entry.producer, f"{layer}({factor})", "rescale")
    first = _first_in_list(model)
    if first is None:
        return ()
    shape, moved = _moved_shape(program, first)
    content = f"{layer}({', '.join(filter(None, (factor, shape)))})"
    added = _before_first(program, first, content)
    return (*added, *moved) if added else ()


# -- a table: a layer that must be adapted to the data first


def _normalization_fix(program: Program, model: Model, data: Data, x: Place) -> Fix | None:
    layer, array = program.imports.spell("keras.layers.Normalization"), as_array(program, data, x)
    edits = _normalization_edits(program, model, x, layer.text, array.text)
    if not edits:
        return None
    title = f"Scale the columns in the model: Normalization() adapted to {x.text}"
    return Fix(title, Applicability.UNSAFE, (*edits, *fixes.import_edits(program, (layer, array))))


def _normalization_edits(program: Program, model: Model, x: Place, layer: str, array: str) -> tuple[TextEdit, ...]:
    """Make and adapt the layer before the statement in which the data enter the model, and put it there."""
    entry, name = unscaled_entry(model), _free_name(program)
    if entry is None or name is None:
        return ()
    if model.kind is ModelKind.FUNCTIONAL:
        wrapped = _wrapped_argument(program, entry, name) if _is_first(entry) else ()
        if not wrapped or entry.place is None or not is_known_before(program, x, entry.place):
            return ()
        return (fixes.statement_before(program, entry.place, *_made(name, f"{layer}()", array)), *wrapped)
    first = _first_in_list(model)
    if first is None:
        return ()
    if not is_known_before(program, x, first):
        return ()
    shape, moved = _moved_shape(program, first)
    added = _before_first(program, first, name, _made(name, f"{layer}({shape})", array))
    return (*added, *moved) if added else ()


def _made(name: str, layer: str, array: str) -> tuple[str, str]:
    return f"{name} = {layer}", f"{name}.adapt({array})"


def _free_name(program: Program) -> str | None:
    """What to call the layer: a name that the program does not have."""
    return next((each for each in _NAMES if not program.matches(re.compile(rf"\b{each}\b"))), None)


def _is_first(entry: Tensor) -> bool:
    """Whether nothing that changes the data's shape stands before: the layer is adapted to that shape."""
    return len(entry.inputs) == 1 and isinstance(entry.inputs[0].producer, InputSpec)


# -- where a model begins


def _first_in_list(model: Model) -> Place | None:
    """The first layer of a sequential model, when the statement that adds it adds no others later on."""
    if model.kind is not ModelKind.SEQUENTIAL or not model.layers:
        return None
    first = model.layers[0].place
    around = ancestors(model.place)
    repeated = any(isinstance(node, (cst.For, cst.While)) and node not in around for node in ancestors(first))
    return None if repeated else first


def _before_first(program: Program, first: Place, content: str, made: tuple[str, ...] = ()) -> tuple[TextEdit, ...]:
    """Put a layer before the first one of a sequential model, and the statements that make it before both."""
    model = added_to(first)
    if model is not None:
        return (fixes.statement_before(program, first, *made, f"{model}.add({content})"),)
    if not is_element(first):
        return ()
    before = (fixes.statement_before(program, first, *made),) if made else ()
    return (*before, fixes.element_before(program, first, content))


def _moved_shape(program: Program, first: Place) -> tuple[str, tuple[TextEdit, ...]]:
    """The shape that the first layer declares, as an argument of the new first one, and the edits that remove it."""
    for name in _SHAPE_ARGUMENTS:
        value, removal = fixes.argument_place(first, name), fixes.remove_argument(program, first, name)
        if value is not None and removal is not None:
            shape = f"input_shape=({value.text},)" if name == "input_dim" else f"{name}={value.text}"
            return shape, (removal,)
    return "", ()


def _wrapped_argument(program: Program, entry: Tensor, content: str) -> tuple[TextEdit, ...]:
    call = fixes.call_of(entry.place) if entry.place is not None else None
    if call is None or entry.place is None or len(call.args) != 1 or call.args[0].keyword is not None:
        return ()
    place = Place(entry.place.section, call.args[0].value)
    return (fixes.replace(program, place, f"{content}({place.text})"),)
