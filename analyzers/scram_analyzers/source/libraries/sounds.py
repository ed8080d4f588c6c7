"""What librosa makes of sounds: numbers far from 1, each kind of them on a scale of its own."""

from __future__ import annotations

from scram_analyzers.source.data import Data, Interval
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, Symbol, Tuple, Unknown, Value, integer, number

COEFFICIENTS = "librosa.feature.mfcc"
WAVE = "scipy.io.wavfile.read"
"""What reads the samples of a wave as they are in the file: whole numbers of 16 bits, as a rule."""

_COUNT = 20
"""So many coefficients are worked out where the program does not say how many."""

_DECIBELS = frozenset(
    f"librosa.{name}" for name in ("power_to_db", "amplitude_to_db", "core.power_to_db", "core.amplitude_to_db")
)
MEASURING = _DECIBELS | {COEFFICIENTS, WAVE}
_LOUDEST = "numpy.max"
"""The reference with which the loudest of them is at 0."""

_TOP = 80
"""So much less than the loudest is the least that librosa gives by itself."""


def measured(name: str, arguments: Arguments, place: Place, roots: frozenset[int]) -> Value:
    """Cepstral coefficients, decibels, or the rate of a wave and its samples."""
    if name == WAVE:
        samples = Data(name, place, range=Interval(-(2**15), 2**15 - 1), dtype="int16", shape=(None,), roots=roots)
        return Tuple((Unknown(place), samples), place)
    if name == COEFFICIENTS:
        given = arguments.value("n_mfcc", 3)
        count = _COUNT if given is None and not arguments.open else integer(given)
        return Data(name, place, dtype="float32", shape=(count, None), roots=roots)
    reference, top = arguments.value("ref", 1), arguments.value("top_db", 3)
    below = _TOP if top is None else number(top)
    told = isinstance(reference, Symbol) and reference.name == _LOUDEST and below is not None
    interval = Interval(-below, 0) if told and below is not None else None
    return Data(name, place, range=interval, dtype="float32", shape=None, roots=roots)
