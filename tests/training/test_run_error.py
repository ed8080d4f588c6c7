"""Whose an error is that ended a run, and what it speaks of."""

import types

import pytest

from scram_lsp.training.run_error import comes_from_framework, run_error

OF_KERAS = types.ModuleType("keras.src.layers.core.dense")
exec("def call(x):\n    raise ValueError('the shapes do not fit')", vars(OF_KERAS))


def raised(act):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        act()
    return caught.value


def programs_own():
    raise ValueError("a negative rate")


def within_a_layer():
    text = "Exception encountered when calling Dense.call().\n\nMatrix size-incompatible"
    exec(compile("def call(text): return open(text)", "model.py", "exec"), names := {"open": fail})
    names["call"](text)


def fail(text):
    raise ValueError(text)


def test_an_error_is_of_those_who_raised_it():
    assert comes_from_framework(raised(lambda: OF_KERAS.call(1)))
    assert not comes_from_framework(raised(programs_own))
    assert not comes_from_framework(raised(lambda: int("x")))


def test_an_error_within_a_layers_call_is_not_the_programs_unless_it_raised_it():
    error = raised(within_a_layer)
    assert not comes_from_framework(error)
    frames = error.__traceback__
    while frames.tb_frame.f_code.co_filename != "model.py":
        frames = frames.tb_next
    frames.tb_next = None  # as Keras shortens it
    assert comes_from_framework(error)


def test_an_error_of_the_backend_that_repeats_one_of_the_programs_is_its_own():
    kind = type("InvalidArgumentError", (Exception,), {"__module__": "tensorflow.python.framework.errors_impl"})
    assert comes_from_framework(kind("indices[0,0] = 2037 is not in [0, 1000)"))
    assert not comes_from_framework(kind("ValueError: x\nTraceback (most recent call last):\n  File"))


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("Input 0 of layer 'dense_1' is incompatible with the layer", "dense_1"),
        ('Input 0 of layer "dense_1" is incompatible with the layer', "dense_1"),
        ("Graph execution error:\n\nDetected at node sequential_1/words/GatherV2 defined at", "words"),
        ("Input 0 of layer 'sequential' is incompatible with the layer", None),
        ("no layer at all", None),
    ],
)
def test_an_error_speaks_of_a_layer_of_the_model(text, layer):
    seen = run_error(ValueError(text), ("words", "dense_1"), 1, 3)
    assert (seen.layer, seen.message) == (layer, text.splitlines()[0])


def test_of_an_error_within_a_graph_what_its_operation_says_is_told():
    text = (
        "Graph execution error:\n\nDetected at node judge_1/words/GatherV2 defined at (most recent call last):\n"
        '  File "train.py", line 1, in <module>\n\nindices[0,1] = 556 is not in [0, 300)\n'
        "\t [[{{node judge_1/words/GatherV2}}]] [Op:__inference_multi_step_on_iterator_1648]"
    )
    assert run_error(ValueError(text), (), 1).message == "indices[0,1] = 556 is not in [0, 300)"
