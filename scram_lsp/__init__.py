"""scram-lsp finds the mistakes that make Keras training fail in silence.

`ScramCallback` is the one line a training script needs::

    from scram_lsp import ScramCallback

    model.fit(x, y, callbacks=[ScramCallback()])

`scram_lsp.watch()` does the same for every `fit` from there on, and knows the exact place of every layer made after
it; `scram run train.py` does that without a change to the script. `scram_lsp.Watcher` watches a loop of your own.

Importing this package loads nothing else: no TensorFlow, no libcst, no language server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scram_lsp.training.callback import ScramCallback
    from scram_lsp.training.watch import watch
    from scram_lsp.training.watcher import Watcher

__all__ = ["ScramCallback", "Watcher", "__version__", "watch"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load what a training script needs on first use: most who import this package need something else."""
    if name == "ScramCallback":
        from scram_lsp.training.callback import ScramCallback

        return ScramCallback
    if name == "Watcher":
        from scram_lsp.training.watcher import Watcher

        return Watcher
    if name == "watch":
        from scram_lsp.training.watch import watch

        return watch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
