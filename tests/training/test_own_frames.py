"""Wraps of ours leave no trace in what goes through them."""

import sys
import traceback
import types

import pytest

import scram_lsp.training.own_frames as own_frames
from scram_lsp.training.own_frames import leaving_no_trace

OURS = types.ModuleType("ours")
exec(compile("def hand_on(function):\n    return function()", own_frames.__file__, "exec"), vars(OURS))


def failing():
    raise ValueError("the program's own")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 keeps the frame that raises again")
def test_a_traceback_goes_from_the_caller_to_what_raised():
    with pytest.raises(ValueError, match="own") as caught:
        leaving_no_trace(OURS.hand_on)(failing)
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names == ["test_a_traceback_goes_from_the_caller_to_what_raised", "failing"]


def test_an_error_of_ours_keeps_its_trace():
    with pytest.raises(TypeError) as caught:
        leaving_no_trace(OURS.hand_on)(None)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "hand_on"


def test_what_is_returned_comes_through():
    assert leaving_no_trace(OURS.hand_on)(lambda: 3) == 3
