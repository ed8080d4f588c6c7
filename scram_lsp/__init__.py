"""scram-lsp finds the mistakes that make Keras training fail in silence.

`ScramCallback` is the one line a training script needs::

    from scram_lsp import ScramCallback

    model.fit(x, y, callbacks=[ScramCallback()])

Importing this package loads nothing else: no TensorFlow, no libcst, no language server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scram_lsp.training.callback import ScramCallback

__all__ = ["ScramCallback", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load `ScramCallback` on first use, because it needs Keras and the rest of the package does not."""
    if name == "ScramCallback":
        from scram_lsp.training.callback import ScramCallback

        return ScramCallback
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
