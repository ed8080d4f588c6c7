"""What the rules about a training's numbers share: how many samples, batches and epochs it has, as far as known."""

from __future__ import annotations

import math

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.source.model import Model, ModelKind
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Fit, Program
from scram_analyzers.source.reading import parents
from scram_analyzers.source.values import integer, number

DEFAULT_BATCH_SIZE = 32
_READY = (ModelKind.APPLICATION, ModelKind.LOADED)


def samples(fit: Fit) -> int | None:
    """How many examples the training sees in an epoch, without those held back for validation."""
    data = fit.inputs
    if data is None or data.batched or data.samples is None:
        return None
    split = fit.arguments.get("validation_split")
    share = number(split.value) if split is not None else 0.0
    return math.ceil(data.samples * (1 - share)) if share is not None and 0 <= share < 1 else None


def batch_size(fit: Fit) -> int | None:
    """The examples in a batch: as given, or Keras's own 32."""
    if fit.batch_size is not None:
        return integer(fit.batch_size.value)
    return None if fit.arguments.open else DEFAULT_BATCH_SIZE


def generator_batch(fit: Fit) -> tuple[float, Place] | None:
    """The batch size that a generator of images was given, and where it is written."""
    data = fit.inputs
    for step in data.steps if data is not None else ():
        if step.name.startswith("flow") and step.number is not None and step.place is not None:
            place = fixes.argument_place(step.place, "batch_size")
            return (step.number, place) if place is not None else None
    return None


def dataset_batch(fit: Fit) -> tuple[float, Place] | None:
    """The size that a dataset was batched by, and where it is written."""
    data = fit.inputs
    batches = [step for step in data.steps if step.name == "batch"] if data is not None else []
    step = batches[0] if len(batches) == 1 else None  # several: windows first, then batches of them
    call = step.node if step is not None else None
    if step is None or step.place is None or step.number is None or not isinstance(call, cst.Call) or not call.args:
        return None
    return step.number, Place(step.place.section, call.args[0].value)


def epochs(fit: Fit) -> int | None:
    """The number of epochs: as given, or Keras's own 1."""
    if fit.epochs is not None:
        return integer(fit.epochs.value)
    return None if fit.arguments.open else 1


def takes_all_rows(fit: Fit) -> bool:
    """Whether a batch holds as many rows as there are, however many: `batch_size=len(x)`, or `len(i)` beside `x[i]`."""
    size = fit.batch_size.written_at if fit.batch_size is not None else None
    places = [each.place for each in (fit.x, fit.y) if each is not None and each.place is not None]
    names = [each.text for each in (*places, *filter(None, map(_picked_by, places)))]
    return size is not None and any(size.text in (f"len({name})", f"{name}.shape[0]") for name in names)


def _picked_by(place: Place) -> Place | None:
    """The numbers of the rows that are picked: `rows` of `x[rows]`."""
    node = place.node
    key = node.slice[0].slice if isinstance(node, cst.Subscript) and len(node.slice) == 1 else None
    return Place(place.section, key.value) if isinstance(key, cst.Index) and isinstance(key.value, cst.Name) else None


def is_one_batch_of_a_file(fit: Fit) -> bool:
    """Whether each epoch is one step over rows of a file, of which the source does not tell how many there are."""
    data, rounds = fit.inputs, epochs(fit)
    if fit.method != "fit" or data is None or data.samples is not None or not data.source.startswith(FILES):
        return False
    return rounds is not None and 1 < rounds < MANY_EPOCHS and takes_all_rows(fit)


FILES = ("pandas.read_", "numpy.load", "numpy.genfromtxt", "cv2.imread", "keras.utils.load_img")
"""What reads files, of which the source does not tell how many rows they have."""

MANY_EPOCHS = 1000
"""With more epochs than this a training by single steps is meant as one. Ours."""


def total_steps(fit: Fit) -> int | None:
    """How many batches the whole training has."""
    rows, size, rounds = samples(fit), batch_size(fit), epochs(fit)
    given = fit.arguments.get("steps_per_epoch")
    if given is not None:
        steps = integer(given.value)
        return steps * rounds if steps and rounds else None
    if rounds and takes_all_rows(fit):
        return rounds
    if rows is None or not size or not rounds:
        return None
    return math.ceil(rows / size) * rounds


def is_repeated(program: Program, fit: Fit) -> bool:
    """Whether the program trains this model more than once: in a loop, a helper, or further down."""
    same_place = sum(1 for each in program.fits if each.place.node is fit.place.node)
    same_model = sum(
        1 for each in program.fits if each.model and fit.model and each.model.identity == fit.model.identity
    )
    if same_place > 1 or same_model > 1:
        return True
    loop = next((node for node in parents.ancestors(fit.place) if isinstance(node, (cst.For, cst.While))), None)
    return loop is not None and not _is_made_in(loop, fit.model)


def _is_made_in(loop: cst.CSTNode, model: Model | None) -> bool:
    """Whether each turn of a loop makes the model anew, as for every fold of a cross-validation."""
    return model is not None and model.place is not None and loop in parents.ancestors(model.place)


def begins_trained(model: Model | None) -> bool:
    """Whether part of the model comes with trained weights."""
    return model is None or model.kind in _READY or any(nested.kind in _READY for nested in model.nested)
