"""Fill `bundled/` with the wheels that the extension makes its own environment from.

    python scripts/bundle_wheels.py [--target linux-x64]

The wheel of scram-lsp is built from this repository; what it needs to serve an editor is downloaded for every
CPython that it supports on the target, one of VS Code's platform names.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

EXTENSION = Path(__file__).resolve().parent.parent
BUNDLED = EXTENSION / "bundled"

PYTHONS = ("3.10", "3.11", "3.12", "3.13")

PURE = ("attrs", "cattrs", "lsprotocol", "pathspec", "platformdirs", "pygls", "typing-extensions")
OLDEST_ONLY = ("exceptiongroup", "tomli")
"""Needed before Python 3.11 only."""
NATIVE = ("libcst",)  # the PyYAML that it asks for is used by its codemod command only

PLATFORMS = {
    "linux-x64": ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"),
    "linux-arm64": ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_28_aarch64"),
    "darwin-arm64": ("macosx_11_0_arm64",),
    "darwin-x64": ("macosx_10_13_x86_64", "macosx_10_12_x86_64", "macosx_11_0_x86_64"),
    "win32-x64": ("win_amd64",),
}


def main() -> int:
    """Make the folder anew; 0, or pip's exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", choices=sorted(PLATFORMS), default="linux-x64")
    target = parser.parse_args().target
    shutil.rmtree(BUNDLED, ignore_errors=True)
    BUNDLED.mkdir()
    try:
        _pip("wheel", "--no-deps", "--wheel-dir", str(BUNDLED), str(EXTENSION.parent))
        _download([*PURE, "pip"])
        for python in PYTHONS:
            options = ["--python-version", python, "--implementation", "cp"]
            for platform in PLATFORMS[target]:
                options += ["--platform", platform]
            _download(NATIVE, *options)
            if python == PYTHONS[0]:
                _download(OLDEST_ONLY, *options)
    except subprocess.CalledProcessError as error:
        return int(error.returncode)
    (BUNDLED / "requirements.txt").write_text(_requirements())
    size = sum(each.stat().st_size for each in BUNDLED.iterdir())
    print(f"{len(list(BUNDLED.glob('*.whl')))} wheels for {target}, {size / 2**20:.1f} MB")
    return 0


def _requirements() -> str:
    always = ["scram-lsp", *PURE, *NATIVE]
    return "\n".join([*always, *(f"{name}; python_version < '3.11'" for name in OLDEST_ONLY)]) + "\n"


def _download(names: tuple[str, ...] | list[str], *options: str) -> None:
    _pip("download", "--no-deps", "--only-binary=:all:", "--dest", str(BUNDLED), *options, *names)


def _pip(*arguments: str) -> None:
    quiet = ("--quiet", "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", "pip", arguments[0], *quiet, *arguments[1:]], check=True)


if __name__ == "__main__":
    sys.exit(main())
