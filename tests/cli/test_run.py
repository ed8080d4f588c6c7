"""`scram run`: the program is as Python would run it, and is watched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scram_lsp.cli.run import STARTUP_FOLDER, read_command_line
from scram_lsp.live.discovery import RUNTIME_DIR_VARIABLE
from scram_lsp.store.run_store import RunStore

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

TELL = """
import json, os, sys
import scram_lsp.training.watch as watch
print(json.dumps({
    "argv": sys.argv, "path": sys.path, "name": __name__, "file": __file__, "package": __package__,
    "main": sys.modules["__main__"].__dict__ is globals(), "is_watched": watch.current_watch() is not None,
    "spec": __spec__ and __spec__.name, "flags": list(sys.flags), "modules": sorted(set(sys.modules) & {"argparse"}),
}))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(RUNTIME_DIR_VARIABLE, str(tmp_path / "runtime"))
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").touch()
    monkeypatch.chdir(project)
    return project


def python(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


def scram_run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return python("-m", "scram_lsp", "run", *arguments, **options)


def test_our_options_end_where_the_program_begins() -> None:
    launch = read_command_line(
        ["--quiet", "--tensorboard", "logs", "train.py", "--quiet", "-m"], {"PYTHONPATH": "theirs", "A": "b"}
    )
    assert launch.arguments == ("train.py", "--quiet", "-m")
    assert launch.environment["A"] == "b"
    assert launch.environment["PYTHONPATH"] == os.pathsep.join([str(STARTUP_FOLDER), "theirs"])
    assert '"tensorboard": "logs"' in launch.environment["SCRAM_WATCH"]
    assert read_command_line(["-m", "package", "--quiet"], {}).arguments == ("-m", "package", "--quiet")
    assert read_command_line(["--", "-odd.py"], {}).arguments == ("-odd.py",)


def test_a_program_from_standard_input(folder: Path) -> None:
    program = "import sys; from scram_lsp.training import watch; print(sys.argv, watch.current_watch() is not None)"
    done = scram_run("--quiet", "-", "argument", input=program)
    assert (done.returncode, done.stdout) == (0, "['-', 'argument'] True\n")


LOOP = """
class Optimizer:
    def apply_gradients(self, pairs):
        print(len(pairs))

Optimizer().apply_gradients([])
"""


def test_a_loop_that_nobody_told_us_of_is_not_passed_over_in_silence(folder: Path) -> None:
    (folder / "loop.py").write_text(LOOP)
    ours = scram_run("loop.py")
    assert (ours.stdout, ours.returncode) == ("0\n", 0)
    assert ours.stderr.startswith("scram: no training was watched: this program trains in a loop of its own")
    assert scram_run("--quiet", "loop.py").stderr == ""


LACKS = """
import sys
sys.modules["{module}"] = None
import {module}
"""


@pytest.mark.parametrize(
    ("module", "environment", "said"),
    [
        (
            "tensorflow",
            {},
            "scram: tensorflow is not installed in this Python, {python}. Run this with one that has it,",
        ),
        (
            "sklearn",
            {"TERM_PROGRAM": "vscode"},
            " in the setting scram.interpreter, or install it: {python} -m pip install scikit-learn",
        ),
        ("my_layers", {"TERM_PROGRAM": "vscode"}, None),
    ],
)
def test_a_python_that_lacks_what_the_program_trains_with_is_named_in_a_line(
    folder: Path, module: str, environment: dict[str, str], said: str | None
) -> None:
    (folder / "train.py").write_text(LACKS.format(module=module))
    rest = {name: value for name, value in os.environ.items() if name != "TERM_PROGRAM"}
    plain, ours = (run("train.py", env={**rest, **environment}) for run in (python, scram_run))
    assert ours.returncode == plain.returncode == 1
    assert ours.stderr.startswith(plain.stderr)
    line = ours.stderr[len(plain.stderr) :]
    assert (said.format(python=sys.executable) in line and line.count("\n") == 1) if said else line == ""


TORCH_LOOP = """
import sys, types
sys.modules["{package}"] = types.ModuleType("{package}")

class Loss:
    def backward(self):
        pass

Loss().backward()
"""


@pytest.mark.parametrize(("package", "is_told"), [("keras", True), ("torch", False)])
def test_a_loop_on_torch_is_one_of_keras_where_keras_is_loaded(folder: Path, package: str, is_told: bool) -> None:
    (folder / "loop.py").write_text(TORCH_LOOP.format(package=package))
    done = scram_run("loop.py")
    assert done.returncode == 0
    assert done.stderr.startswith("scram: no training was watched") is is_told


@pytest.mark.parametrize("way", [["tell.py"], ["-m", "package.tell"]])
def test_a_program_finds_everything_as_python_leaves_it(folder: Path, way: list[str]) -> None:
    (folder / "package").mkdir()
    for file in ("tell.py", "package/__init__.py", "package/tell.py"):
        (folder / file).write_text(TELL if "tell" in file else "")
    plain, ours = (run(*way, "a b", "--flag") for run in (python, scram_run))
    assert ours.stderr == plain.stderr == ""
    assert ours.stdout == plain.stdout.replace('"is_watched": false', '"is_watched": true')


@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.exit(3)",
        "import sys; sys.exit('a message')",
        "def f():\n    raise ValueError('mine')\nf()",
        "syntax error",
        "import sys; print(sys.stdin.read()); print('to stderr', file=sys.stderr)",
        "import atexit; atexit.register(print, 'bye')",
        pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", marks=POSIX),
        pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGINT)", marks=POSIX),
    ],
)
def test_exit_codes_streams_and_tracebacks_are_the_programs_own(folder: Path, program: str) -> None:
    (folder / "train.py").write_text(program)
    plain, ours = (run("train.py", input="from stdin") for run in (python, scram_run))
    assert (ours.returncode, ours.stdout, ours.stderr) == (plain.returncode, plain.stdout, plain.stderr)


def test_processes_it_starts_are_watched_and_find_its_functions(folder: Path) -> None:
    (folder / "train.py").write_text("""
import multiprocessing, pickle
from scram_lsp.training.watch import current_watch
def work(number):
    return number + 1, current_watch() is not None
if __name__ == "__main__":
    assert pickle.loads(pickle.dumps(work)) is work
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(work, [1]))
""")
    done = scram_run("train.py")
    assert (done.stdout, done.stderr) == ("[(2, True)]\n", "")


def test_a_sitecustomize_of_the_users_own_is_imported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = folder / "site"
    theirs.mkdir()
    (theirs / "sitecustomize.py").write_text("print('theirs')\n")
    (folder / "train.py").write_text("import sitecustomize; print(sitecustomize.__file__)\n")
    monkeypatch.setenv("PYTHONPATH", str(theirs))
    done = scram_run("train.py")
    assert done.stdout.splitlines()[-2:] == ["theirs", str(theirs / "sitecustomize.py")]
    assert done.stderr == ""


@pytest.mark.parametrize(("arguments", "said"), [([], "nothing to run"), (["missing.py"], "no such file: missing.py")])
def test_nothing_to_run_is_one_line(folder: Path, arguments: list[str], said: str) -> None:
    done = scram_run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


HELPER = """
import keras

def block(units):
    return keras.layers.Dense(units, activation="relu")

def optimizer(rate):
    return keras.optimizers.Adam(learning_rate=rate)
"""

TRAIN = """
import sys
import numpy as np
import keras
from helper import block, optimizer

def main():
    x = np.random.default_rng(0).random((128, 8)).astype("float32")
    y = (x.sum(axis=1) > 4).astype("int32")
    model = keras.Sequential([keras.Input((8,)), block(16), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer(1e10), loss="binary_crossentropy")
    model.fit(x, y, epochs=3, batch_size=16, verbose=0)
    if "--fail" in sys.argv:
        model.fit(x[:, :3], y, epochs=1, verbose=0)

if __name__ == "__main__":
    main()
"""


@pytest.mark.tensorflow
def test_a_run_without_a_change_to_the_code_ends_on_the_number_to_change(folder: Path) -> None:
    pytest.importorskip("tensorflow")
    (folder / "helper.py").write_text(HELPER)
    (folder / "train.py").write_text(TRAIN)
    done = scram_run("train.py")
    assert done.returncode == 0, done.stderr
    with RunStore.open_for(folder / "train.py") as store:
        (run,) = store.runs()
        (finding,) = [each.finding for each in store.findings(run.run) if each.finding.code == "SCR101"]
    line = TRAIN.split("\n")[finding.range.start.line - 1]
    assert finding.filename == str(folder / "train.py")
    assert line[finding.range.start.column : finding.range.end.column] == "1e10"
    assert (run.status, run.script) == ("finished", str(folder / "train.py"))


@pytest.mark.tensorflow
def test_a_fit_that_raises_fails_as_ever_and_the_run_says_so(folder: Path) -> None:
    pytest.importorskip("tensorflow")
    (folder / "helper.py").write_text(HELPER)
    (folder / "train.py").write_text(TRAIN)
    done = scram_run("--quiet", "train.py", "--fail")
    assert done.returncode == 1
    trace = done.stderr[done.stderr.index("Traceback") : done.stderr.index("Graph execution error")]
    assert "train.py" in trace
    assert "scram_lsp" not in trace
    with RunStore.open_for(folder / "train.py") as store:
        assert sorted(run.status for run in store.runs()) == ["failed", "finished"]


@POSIX
def test_an_editor_may_bring_scram_lsp_for_a_python_without_it(folder: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    theirs, brought = folder / "theirs", folder / "brought"
    python("-m", "venv", "--without-pip", str(theirs))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = brought / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    for name in ("scram_lsp", "analyzers/scram_analyzers"):
        (packages / Path(name).name).symlink_to(root / name)
    (brought / "run.py").symlink_to(root / "vscode-extension" / "python" / "run.py")
    for place, word in ((packages, "brought"), (theirs / "lib" / version / "site-packages", "theirs")):
        (place / "both.py").write_text(f"word = {word!r}\n")
    (folder / "train.py").write_text(
        "import sys, both\nfrom scram_lsp.training.watch import current_watch\n"
        "print(sys.argv[1:], both.word, sys.path[-1], current_watch() is not None)\n"
    )
    done = subprocess.run(
        [theirs / "bin" / "python", brought / "run.py", "train.py", "--epochs"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"['--epochs'] theirs {packages} True\n", "")
