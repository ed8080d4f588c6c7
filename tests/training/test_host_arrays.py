"""What is asked of a tensor to read it; torch's are stood in for."""

import numpy as np

from scram_lsp.training.host_arrays import as_array


class Elsewhere:
    """As a tensor of torch on another device, part of a graph of gradients, of numbers that numpy does not have."""

    dtype = "torch.bfloat16"

    def __init__(self, *done):
        self.done = done

    def __getattr__(self, name):
        if name not in ("detach", "cpu", "float"):
            raise AttributeError(name)
        return lambda: Elsewhere(*self.done, name)

    def __array__(self, dtype=None, copy=None):
        if self.done != ("detach", "cpu", "float"):
            raise TypeError("can't convert this tensor to numpy")
        return np.ones(3, np.float32)


def test_a_tensor_of_torch():
    assert as_array(Elsewhere()).tolist() == [1, 1, 1]


def test_an_array_is_not_copied():
    array = np.arange(3)
    assert as_array(array) is array
