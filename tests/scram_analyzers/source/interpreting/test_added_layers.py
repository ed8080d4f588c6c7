"""Sequential models that grow in branches and in loops of unknown length."""

import pytest

from scram_analyzers.source.graph import Opaque
from tests.scram_analyzers.source.programs import program_of

BEGIN = "import sys\nimport keras\nfrom keras import layers\nmodel = keras.Sequential([keras.Input((20,))])\n"
END = 'model.add(layers.Dense(3, activation="softmax"))\nmodel.compile("adam", "categorical_crossentropy")\n'


def classes_of(body: str) -> list[str]:
    """What the layers of the model are, first to last, with "?" for what is not known."""
    model = program_of(BEGIN + body + END).compiles[0].model
    assert model is not None
    producers = [each.producer for each in model.tensors() if each.inputs]
    return [
        ("..." if each.repeats else "?") if isinstance(each, Opaque) else getattr(each, "class_name", "")
        for each in reversed(producers)
    ]


@pytest.mark.parametrize("head", ["for i in range(int(sys.argv[1])):", "while more():"])
def test_a_loop_of_unknown_length_adds_its_layers_at_both_ends(head: str) -> None:
    body = f"{head}\n    model.add(layers.Dense(8))\n    model.add(layers.ReLU())\n"
    assert classes_of(body) == ["Dense", "ReLU", "...", "Dense", "ReLU", "Dense"]


def test_dropout_of_one_path_alone_stands_in_its_place() -> None:
    body = 'model.add(layers.Dense(8, activation="relu"))\nif len(sys.argv) > 1:\n    model.add(layers.Dropout(0.2))\n'
    assert classes_of(body) == ["Dense", "Dropout", "Dense"]


def test_a_pooling_of_one_path_alone_is_not_known() -> None:
    body = "model.add(layers.Conv1D(8, 3))\nif len(sys.argv) > 1:\n    model.add(layers.MaxPooling1D())\n"
    assert classes_of(body) == ["Conv1D", "?", "Dense"]


def test_branches_that_differ_in_the_declared_input_alone_add_one_layer() -> None:
    for other, expected in (("8", ["Dense", "Dense"]), ("9", ["?", "Dense"])):
        first, later = "model.add(layers.Dense(8, input_shape=(20,)))", f"model.add(layers.Dense({other}))"
        assert classes_of(f"if len(sys.argv) > 1:\n    {first}\nelse:\n    {later}\n") == expected
