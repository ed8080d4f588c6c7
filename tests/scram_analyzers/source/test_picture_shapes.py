"""The shapes of pictures as programs read, resize and recolor them."""

from __future__ import annotations

import pytest

from tests.scram_analyzers.source.test_data_flow import inputs_of

IMPORTS = "import cv2\nimport skimage\nfrom skimage.color import rgb2gray\nfrom skimage.transform import resize\n"


@pytest.mark.parametrize(
    ("picture", "shape"),
    [
        ("cv2.imread('a.jpg')", (None, None, 3)),
        ("cv2.imread('a.jpg', 0)", (None, None)),
        ("cv2.imread('a.jpg', cv2.IMREAD_GRAYSCALE)", (None, None)),
        ("cv2.imread('a.jpg', cv2.IMREAD_UNCHANGED)", None),
        ("cv2.imread('a.jpg', mode)", None),
        ("cv2.resize(cv2.imread('a.jpg'), (64, 32))", (32, 64, 3)),
        ("cv2.resize(cv2.imread('a.jpg'), (size, size))", (None, None, 3)),
        ("cv2.resize(cv2.imread('a.jpg'), size)", None),
        ("cv2.cvtColor(cv2.imread('a.jpg'), cv2.COLOR_BGR2RGB)", (None, None, 3)),
        ("cv2.cvtColor(cv2.imread('a.jpg'), cv2.COLOR_BGR2GRAY)", (None, None)),
        ("cv2.cvtColor(cv2.imread('a.jpg', 0), cv2.COLOR_GRAY2RGB)", (None, None, 3)),
        ("cv2.cvtColor(cv2.imread('a.jpg'), code)", None),
        ("resize(skimage.io.imread('a.png'), (64, 32))", None),
        ("resize(skimage.io.imread('a.png'), (64, 32, 3))", (64, 32, 3)),
        ("rgb2gray(resize(skimage.io.imread('a.png'), (64, 32, 3)))", (64, 32)),
        ("keras.utils.img_to_array(cv2.resize(cv2.imread('a.jpg', 0), (64, 32)))", (32, 64, 1)),
    ],
)
def test_the_shape_of_a_picture(picture: str, shape: tuple[int | None, ...] | None) -> None:
    assert inputs_of(f"{IMPORTS}x = {picture}").shape == shape
