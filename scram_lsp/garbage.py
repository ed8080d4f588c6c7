"""Has Python look for garbage seldom, in a process of our own.

The collector comes by whenever 700 more objects have been made than are gone, and a file that is read becomes tens of
thousands, all in use until it is done with. Then they go by themselves, but for some hundred that hold each other and
wait for the collector: looking for those so often takes a twentieth to a tenth of the time of an analysis.
"""

from __future__ import annotations

import gc

OBJECTS = 50_000
"""How many more objects than are gone bring the collector: some 5 MB of what a process can be left with at most."""


def collect_seldom() -> None:
    """From now on have garbage looked for once in so many objects."""
    gc.set_threshold(OBJECTS)
