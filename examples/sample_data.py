"""Made-up stand-ins for three Keras data sets, for machines that cannot download the real ones.

Each function answers like `keras.datasets.<name>.load_data`, with the same shape of one sample, the same
types and ranges, but with far fewer samples. There is something to learn in them and something to memorize;
nothing measured on them says anything about the real data.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Split: TypeAlias = tuple[NDArray[Any], NDArray[Any]]

SEED = 20
CLASSES = 10


def fashion_mnist() -> tuple[Split, Split]:
    """Grey images as `uint8` (n, 28, 28) from 0 to 255, labels as `uint8` (n,) from 0 to 9."""
    random = np.random.default_rng(SEED)
    prototypes = _smooth_patterns(random, count=CLASSES, size=28, channels=1)[..., 0]
    train, test = (_noisy_images(random, prototypes, count, noise=0.25) for count in (3000, 500))
    return (train[0], _mislabel(random, train[1], share=0.1)), test


def cifar10() -> tuple[Split, Split]:
    """Colour images as `uint8` (n, 32, 32, 3) from 0 to 255, labels as `uint8` (n, 1) from 0 to 9."""
    random = np.random.default_rng(SEED)
    prototypes = _smooth_patterns(random, count=CLASSES, size=32, channels=3)
    train, test = (_noisy_images(random, prototypes, count, noise=0.15) for count in (3000, 500))
    return (train[0], train[1][:, np.newaxis]), (test[0], test[1][:, np.newaxis])


def imdb(num_words: int | None = None) -> tuple[Split, Split]:
    """Reviews as lists of word numbers, the more frequent word the lower; labels as `int64` 0 or 1.

    As in the real set 1 starts a review, words count from 4 and 2 stands for every word from `num_words` on.
    """
    random = np.random.default_rng(SEED)
    return _reviews(random, 2500, num_words), _reviews(random, 500, num_words)


def _smooth_patterns(random: np.random.Generator, count: int, size: int, channels: int) -> NDArray[np.float64]:
    coarse = random.random((count, 7, 7, channels))
    rows = np.linspace(0, 6, size)
    low = np.minimum(rows.astype(int), 5)
    share = rows - low
    tall = coarse[:, low] * (1 - share)[:, None, None] + coarse[:, low + 1] * share[:, None, None]
    patterns: NDArray[np.float64] = tall[:, :, low] * (1 - share)[:, None] + tall[:, :, low + 1] * share[:, None]
    return patterns


def _noisy_images(
    random: np.random.Generator, prototypes: NDArray[np.float64], count: int, noise: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    labels = random.integers(0, len(prototypes), count).astype(np.uint8)
    shifts = random.integers(-4, 5, (count, 2))
    shifted = np.stack([np.roll(prototypes[k], s, (0, 1)) for k, s in zip(labels, shifts, strict=True)])
    contrast = random.uniform(0.4, 1.0, (count,) + (1,) * (shifted.ndim - 1))
    images = contrast * shifted + random.normal(0, noise, shifted.shape)
    return (np.clip(images, 0, 1) * 255).astype(np.uint8), labels


def _mislabel(random: np.random.Generator, labels: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    wrong = random.random(len(labels)) < share
    return np.where(wrong, random.integers(0, CLASSES, len(labels)), labels).astype(np.uint8)


def _reviews(random: np.random.Generator, count: int, num_words: int | None) -> Split:
    words = 20000
    frequency = 1 / np.arange(1, words + 1)
    liking = np.exp(random.normal(0, 0.5, words))
    by_label = np.stack([frequency / liking, frequency * liking])
    by_label /= by_label.sum(axis=1, keepdims=True)
    labels = random.integers(0, 2, count)
    lengths = np.clip(random.lognormal(5.2, 0.6, count), 11, 2400).astype(int)
    reviews = np.empty(count, dtype=object)
    for index, (label, length) in enumerate(zip(labels, lengths, strict=True)):
        numbers = random.choice(words, length, p=by_label[label]) + 4
        if num_words is not None:
            numbers = np.where(numbers < num_words, numbers, 2)
        reviews[index] = [1, *numbers.tolist()]
    return reviews, labels
