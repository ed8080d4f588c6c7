"""Losses that a training loop of the program's own calls: `loss_fn(labels, model(images))`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from scram_analyzers.source.data import PREDICTION, Data
from scram_analyzers.source.graph import Operation, Tensor
from scram_analyzers.source.interpreting import compiling
from scram_analyzers.source.keras_api.losses import CROSS_ENTROPIES, OF_LOGITS, REGRESSION, loss_name
from scram_analyzers.source.libraries import data_operations
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Loss, LossCall
from scram_analyzers.source.reading import parents, search
from scram_analyzers.source.values import Argument, Arguments, Ref, Unknown, Value, boolean

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter


def of_object(interpreter: Interpreter, loss: Ref, arguments: Arguments, place: Place) -> None:
    """Note a call of a loss object of Keras on a model's output."""
    output, labels, swapped = _sides(interpreter, arguments, ("y_true", "y_pred"))
    if output is not None:
        _note(interpreter, compiling.loss_of(interpreter, loss, place), output, labels, place, swapped=swapped)


def of_function(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> None:
    """Note a call of a loss function of Keras or TensorFlow on a model's output."""
    package, _, last = name.rpartition(".")
    if name in OF_LOGITS:
        output, labels, swapped = _sides(interpreter, arguments, ("labels", "logits"))
        loss = Loss(OF_LOGITS[name], place, True, arguments)
    elif package in ("keras.losses", "tensorflow.losses") and loss_name(last) in CROSS_ENTROPIES | REGRESSION:
        output, labels, swapped = _sides(interpreter, arguments, ("y_true", "y_pred"))
        given = arguments.get("from_logits", 2)
        from_logits = boolean(given.value) if given is not None else (None if arguments.open else False)
        loss = Loss(loss_name(last), place, from_logits, arguments)
    else:
        return
    if output is not None:
        _note(interpreter, loss, output, labels, place, swapped=swapped)


def of_difference(interpreter: Interpreter, output: Tensor, labels: Data, place: Place) -> None:
    """Note `model(x) - y`, of which a loop of the program's own makes its loss."""
    _note(interpreter, Loss("mean_squared_error", place, False), output, labels, place)


def fed_to(interpreter: Interpreter, output: Tensor) -> Fed | None:
    """The model that gave this very tensor, and the data that it was called on."""
    fact = interpreter.fact("fed", output)
    return fact if isinstance(fact, Fed) and fact.x is not None else None


def note_feeding(interpreter: Interpreter, model: Ref, output: Value, arguments: Arguments) -> None:
    """Remember which model was called, and on what data, for the loss that will judge its output."""
    if not isinstance(output, Tensor):
        return
    given = arguments.positional[0] if arguments.positional else arguments.get("inputs")
    data = _shown(interpreter, given.value) if given is not None else None
    x = Argument(data, given.place) if given is not None and data is not None else None
    interpreter.note("fed", output, Fed(interpreter.snapshot(model), x))


_JOINING = frozenset(("concat", "concatenate", "vstack"))


def _shown(interpreter: Interpreter, given: Value) -> Data | None:
    """The data that a model is called on, also where what another model made stands beside them."""
    producer = given.producer if isinstance(given, Tensor) else None
    if not isinstance(producer, Operation) or producer.name.rpartition(".")[2] not in _JOINING:
        return data_operations.as_data(given)
    first = producer.arguments.positional[0].value if producer.arguments.positional else None
    rows = interpreter.items_of(first or producer.arguments.value("values")) or ()
    told = [data_operations.as_data(each) for each in rows]
    return next((each for each in told if each is not None and each.source != PREDICTION), None)


@dataclass(frozen=True, eq=False, slots=True)
class Fed:
    """A model and the data that it was called on, None where nothing is known of them."""

    model: Model
    x: Argument | None


def _note(
    interpreter: Interpreter, loss: Loss, output: Tensor, labels: Value | None, place: Place, *, swapped: bool = False
) -> None:
    facts = (interpreter.fact("fed", tensor) for tensor in output.ancestors())
    feedings = [fact for fact in facts if isinstance(fact, Fed)]
    fed = next((each for each in feedings if each.x is not None), next(iter(feedings), None))
    call = LossCall(
        loss,
        output,
        place,
        targets=data_operations.as_data(labels),
        x=fed.x if fed is not None else None,
        model=fed.model if fed is not None else None,
        swapped=swapped,
    )
    interpreter.recording.loss_calls.append(call)


def _sides(
    interpreter: Interpreter, arguments: Arguments, parameters: tuple[str, str]
) -> tuple[Tensor | None, Value | None, bool]:
    """What a loss is given to judge, by which labels, and whether these two stand in each other's places."""
    first, second = arguments.value(parameters[0], 0), arguments.value(parameters[1], 1)
    if isinstance(second, Tensor):
        return second, first, False
    labels = data_operations.as_data(second)
    are_labels = _comes_second(arguments.get(parameters[1], 1)) if labels is None else labels.labels is not None
    if not isinstance(first, Tensor) or not are_labels:
        return None, None, False
    fed = any(isinstance(interpreter.fact("fed", each), Fed) for each in first.ancestors())
    return (first, second, True) if fed else (None, None, False)


def _comes_second(given: Argument | None) -> bool:
    """Whether what nothing is known of comes second in what a step is handed: `y` of `x, y = data`."""
    place = given.place if given is not None and isinstance(given.value, Unknown) else None
    if place is None or not isinstance(place.node, cst.Name):
        return False
    step = parents.function_around(place)
    if step is None or step.name.value != "train_step":
        return False
    handed = {each.name.value for each in step.params.params}
    for assigned in search.nodes(step.body, cst.Assign):
        target = assigned.targets[0].target
        if isinstance(assigned.value, cst.Name) and assigned.value.value in handed and isinstance(target, cst.Tuple):
            names = [each.value.value if isinstance(each.value, cst.Name) else "" for each in target.elements]
            return names[1:2] == [place.node.value]
    return False
