"""Tensors of any backend as arrays of numpy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def as_array(tensor: Any) -> npt.NDArray[Any]:
    """The values of a dense tensor, not copied where they can be read as they lie.

    bfloat16, which numpy does not have, is read as the float32 that holds each of its values.
    """
    if hasattr(tensor, "detach"):  # of torch, which converts nothing that is elsewhere or has a gradient
        tensor = tensor.detach().cpu()
        tensor = tensor.float() if "bfloat16" in str(tensor.dtype) else tensor
    array = np.asarray(tensor)
    return array.astype(np.float32) if "bfloat16" in array.dtype.name else array
