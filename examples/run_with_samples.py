"""Run an example whether or not its data set can be downloaded.

    python examples/run_with_samples.py examples/movie_review_sentiment.py

Keras's own loader is tried first. Where it cannot download, a small made-up sample (sample_data.py) takes its
place, and a line says so. With `--offline` the sample is used without trying.
"""

from __future__ import annotations

import argparse
import runpy
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import sample_data

Loader: TypeAlias = Callable[..., Any]

LOADERS: dict[str, Loader] = {
    "fashion_mnist": sample_data.fashion_mnist,
    "cifar10": sample_data.cifar10,
    "imdb": sample_data.imdb,
}
CONNECT_SECONDS = 10.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("script", type=Path)
    parser.add_argument("--offline", action="store_true", help="use the samples without trying to download")
    options = parser.parse_args()
    if not options.script.is_file():
        parser.error(f"there is no script at {options.script}")
    socket.setdefaulttimeout(CONNECT_SECONDS)
    _replace_loaders(options.offline)
    sys.argv = [str(options.script)]
    runpy.run_path(str(options.script.resolve()), run_name="__main__")


def _replace_loaders(offline: bool) -> None:
    """Put a loader that falls back on a sample wherever a script can reach Keras's own."""
    import keras
    import tensorflow

    for datasets in (keras.datasets, tensorflow.keras.datasets):
        for name, make_sample in LOADERS.items():
            module = getattr(datasets, name)
            module.load_data = _with_sample(name, None if offline else module.load_data, make_sample)


def _with_sample(name: str, download: Callable[..., Any] | None, make_sample: Callable[..., Any]) -> Callable[..., Any]:
    def load_data(*arguments: Any, **options: Any) -> Any:
        reason = "as asked by --offline"
        if download is not None:
            try:
                return download(*arguments, **options)
            except Exception as error:  # Keras wraps whatever its download raised in a bare Exception
                reason = f"because it could not be downloaded ({error})"
        print(f"note: a small made-up sample takes the place of {name}, {reason}", flush=True)
        return make_sample(*arguments, **options)

    return load_data


if __name__ == "__main__":
    main()
