"""What a `tf.function` returns for a tensor of its graph, and what it was given, heard from outside of the graph."""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable
from types import CodeType, FrameType, ModuleType
from typing import Any

from scram_lsp.training.own_frames import leaving_no_trace

_MODULE = "tensorflow.python.eager.polymorphic_function.polymorphic_function"

_COPIES = frozenset(("Identity", "StopGradient"))
"""Operations that only hand their input on; TensorFlow puts one before each result."""

Given = tuple[tuple[Any, ...], dict[str, Any]]
"""The arguments of a call."""

Told = Callable[[Any, Given], None]


class FunctionResults:
    """Hears the value of a tensor each time that a compiled function which returns it is called.

    `Function._call` is wrapped from the first tensor that is to be heard until `close`.
    """

    def __init__(self) -> None:
        self._heard: weakref.WeakKeyDictionary[Any, _Heard] = weakref.WeakKeyDictionary()
        self._undo: Callable[[], None] | None = None

    def hear(self, tensor: Any, frame: FrameType, told: Told) -> None:
        """Have `told` called with the value of `tensor`, of a graph that is being traced at `frame`, and with what the
        function was given."""
        function = _outermost_function(frame)
        if function is None:
            return
        if self._undo is None:
            self._undo = _wrap(sys.modules[_MODULE], self._called)
        self._heard[function] = _Heard(tensor, told)

    def close(self) -> None:
        """Hear nothing any more."""
        self._heard.clear()
        undo, self._undo = self._undo, None
        if undo is not None:
            undo()

    def _called(self, function: Any, given: Given, result: Any) -> None:
        heard = self._heard.get(function)
        if heard is not None:
            heard.take(given, result)


class _Heard:
    """One tensor, and at which place of the function's results it comes out: known once the graph is done."""

    def __init__(self, tensor: Any, told: Told) -> None:
        self._tensor = tensor
        self._told = told
        self._place: int | None = None

    def take(self, given: Given, result: Any) -> None:
        import tensorflow as tf

        tensor, self._tensor = self._tensor, None
        if tensor is not None:
            outputs = getattr(tensor.graph, "outputs", ())
            self._place = next((place for place, each in enumerate(outputs) if _hands_on(each, tensor)), None)
        if self._place is None:
            return
        values = [each for each in tf.nest.flatten(result, expand_composites=True) if each is not None]
        if self._place < len(values) and hasattr(values[self._place], "numpy"):
            self._told(values[self._place], given)


def _hands_on(output: Any, tensor: Any) -> bool:
    while output is not tensor and output.op.type in _COPIES:
        output = output.op.inputs[0]
    return output is tensor


def _outermost_function(frame: FrameType | None) -> Any | None:
    """The `tf.function` that the program called, which traces what it calls in turn."""
    found = None
    while frame is not None:
        if frame.f_code.co_name == "_call" and frame.f_globals.get("__name__") == _MODULE:
            found = frame.f_locals.get("self", found)
        frame = frame.f_back
    return found


def runs_code(frame: FrameType, code: CodeType) -> bool:
    """Whether the `tf.function` that the program called, above `frame`, is made of this code, as AutoGraph may have
    written it anew: then they have the same parameters."""
    function = _outermost_function(frame)
    own = getattr(getattr(function, "python_function", None), "__code__", None)
    return isinstance(own, CodeType) and parameters_of(own) == parameters_of(code)


def parameters_of(code: CodeType) -> tuple[str, ...]:
    """The names of a function's parameters that may be given by their position."""
    return code.co_varnames[: code.co_argcount]


def _wrap(module: ModuleType, called: Callable[[Any, Given, Any], None]) -> Callable[[], None]:
    """Have `called` hear of each call of a function and its result; gives what takes the wrap away."""
    kind: Any = module.Function
    original = kind._call

    @functools.wraps(original)
    @leaving_no_trace
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        called(self, (args, kwargs), result)
        return result

    kind._call = call

    def undo() -> None:
        if kind._call is call:
            kind._call = original

    return undo
