"""A program under watch that ended because this Python lacks what it trains with: often not the one that was meant."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping

_PACKAGES = {
    "cv2": "opencv-python",
    "jax": "jax",
    "keras": "keras tensorflow",
    "matplotlib": "matplotlib",
    "numpy": "numpy",
    "pandas": "pandas",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "tensorflow": "tensorflow",
    "tf_keras": "tf-keras",
    "torch": "torch",
}
"""What programs that train import, and what to install for it: Keras needs a backend besides. A module that is not
among them may be a file of the program's own."""


def note_of(error: BaseException, environment: Mapping[str, str]) -> str | None:
    """What to do about an import that failed; None for any other error."""
    if not isinstance(error, ModuleNotFoundError) or error.name not in _PACKAGES:
        return None
    is_in_vscode = environment.get("TERM_PROGRAM") == "vscode"
    remedy = (
        "Name one that has it in the setting scram.interpreter" if is_in_vscode else "Run this with one that has it"
    )
    install = shlex.join([sys.executable, "-m", "pip", "install", *_PACKAGES[error.name].split()])
    return f"scram: {error.name} is not installed in this Python, {sys.executable}. {remedy}, or install it: {install}"
