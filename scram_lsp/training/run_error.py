"""The error that ended a run, as rules read it: what it says, where in the run it came, and whose it is."""

from __future__ import annotations

import dis
import re
from collections.abc import Iterable

from scram_analyzers.run.records import RunError
from scram_lsp.training.places.call_points import is_library

LONGEST_MESSAGE = 500
"""Characters of the first line of an error that are kept; a backend goes on with pages."""

_LONGEST_TEXT = 20_000

_RAISES = frozenset((dis.opmap["RAISE_VARARGS"], dis.opmap["RERAISE"]))

_FRAMEWORKS = frozenset(("keras", "tf_keras", "tensorflow", "jax", "jaxlib", "torch"))

_OF_A_LAYER = "Exception encountered when calling "
"""What Keras says before what was raised within the call of a layer."""

_OF_A_GRAPH, _NODE = "Graph execution error:", "[[{{node"
"""What TensorFlow begins with, and the line after what the operation says."""

_PYTHON_TRACE = "Traceback (most recent call last)"
"""What TensorFlow repeats of Python code that it called, such as a generator."""

_NAMES = re.compile(r"""[Ll]ayer ["'](?P<layer>[^"']+)["']|node (?P<node>[\w/.]+)""")


def run_error(
    error: BaseException, layers: Iterable[str], epoch: int, step: int | None = None, *, in_validation: bool = False
) -> RunError:
    """The record of an error that ended a run; `layers` are the Keras names of the model's."""
    text = str(error)[:_LONGEST_TEXT]
    return RunError(
        name=type(error).__name__,
        message=_telling_line(text)[:LONGEST_MESSAGE],
        epoch=epoch,
        step=step,
        in_validation=in_validation,
        layer=_layer_in(text, frozenset(layers)),
        is_own=_is_own(error, text),
    )


def _telling_line(text: str) -> str:
    """The first line, but of an error within a graph that of its operation, which comes after how it was made."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and lines[0] == _OF_A_GRAPH:
        place = next((place for place, line in enumerate(lines) if line.startswith(_NODE)), 0)
        return lines[place - 1] if place > 1 else lines[0]
    return lines[0] if lines else ""


def _layer_in(text: str, layers: frozenset[str]) -> str | None:
    """The first layer that the text names, or the operation of a graph that lies in one."""
    for match in _NAMES.finditer(text):
        for name in (match["layer"] or match["node"]).split("/"):
            if name in layers:
                return name
    return None


def comes_from_framework(error: BaseException) -> bool:
    """Whether Keras or its backend raised it, as far as can be told, and not the program or another package."""
    return not _is_own(error, str(error)[:_LONGEST_TEXT])


def _is_own(error: BaseException, text: str) -> bool:
    if type(error).__module__.partition(".")[0] in _FRAMEWORKS:
        return _PYTHON_TRACE in text
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    frame = trace.tb_frame
    if str(frame.f_globals.get("__name__")).partition(".")[0] in _FRAMEWORKS:
        return False
    if is_library(frame):
        return True
    return _OF_A_LAYER not in text or frame.f_code.co_code[trace.tb_lasti] in _RAISES
