"""The server stays out of the way: large files, many files, its own faults, and memory."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import client_capabilities

from tests.server.editor import RATE, TRAIN, Editor

MEMORY_CEILING_MB = 150

FAILING_RULE = """
import sys
from scram_analyzers.rules.hyperparameters.learning_rate_too_low import LearningRateTooLow
from scram_lsp.server.main import run

def fail(self, program):
    raise RuntimeError("a fault of a rule")

LearningRateTooLow.check_program = fail
sys.exit(run())
"""

ENDLESS_ANALYSIS = """
import sys
import threading
import scram_lsp.checking
from scram_lsp.server.main import run

scram_lsp.checking.check_text = lambda *_: threading.Event().wait()
sys.exit(run())
"""

PART = '''

def build_{number}(units_{number}={units}):
    """A model of a large module."""
    model = keras.Sequential([
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D({units}, 3, activation="relu", name="first_{number}"),
        keras.layers.Flatten(),
        keras.layers.Dense(units_{number}, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
'''


def module(number: int, lines: int) -> str:
    """A module of its own, with the one mistake of `TRAIN`."""
    count = lines // (PART.count("\n"))
    parts = (PART.format(number=f"{number}_{each}", units=16 + (each + number) % 40) for each in range(count))
    return TRAIN + "".join(parts)


async def test_a_small_file_is_answered_while_a_large_one_is_analyzed(code: Editor, project: Path) -> None:
    large = code.open(project / "large.py", module(0, 10_000))
    small = code.open(project / "train.py", TRAIN)
    assert len(await code.shown(small)) == 1
    version = code.replace(small, RATE, "1e-3")
    assert not await code.shown(small, version)
    assert "SCR101" in [each.code for each in await code.shown(large)]
    assert next(each.uri for each in code.publications if each.uri in (small, large)) == small, (
        "nobody has waited for the large file"
    )


async def test_a_rule_that_fails_is_said_once_and_the_others_go_on(editor: Editor, project: Path) -> None:
    await editor.start(project, client_capabilities("visual-studio-code"), (sys.executable, "-c", FAILING_RULE))
    uri = editor.open(project / "train.py", TRAIN)
    assert sorted(str(each.code) for each in await editor.shown(uri)) == ["SCR101", "SCR901"]
    for _ in range(3):
        version = editor.replace(uri, types.Range(types.Position(0, 0), types.Position(0, 0)), "\n")
        assert len(await editor.shown(uri, version)) == 2
    told = [each.message for each in editor.client.log_messages if "a fault of a rule" in each.message]
    assert len(told) == 1
    assert editor.client.messages == [], "no pop-ups"


async def test_the_end_waits_for_no_analysis(editor: Editor, project: Path) -> None:
    command = (sys.executable, "-c", ENDLESS_ANALYSIS)
    await editor.start(project, client_capabilities("visual-studio-code"), command)
    editor.open(project / "train.py", TRAIN)
    server = editor.client._server
    assert server is not None
    await editor.client.shutdown_session()
    assert server.returncode == 0


async def test_a_hundred_open_files_keep_to_the_memory_ceiling(editor: Editor, project: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("reads the memory of the server's process")
    await editor.start(project, client_capabilities("visual-studio-code"))
    uris = [editor.open(project / f"train_{number}.py", module(number, 300)) for number in range(100)]
    for uri in uris:
        await editor.shown(uri)
    assert editor.client._server is not None
    status = Path(f"/proc/{editor.client._server.pid}/status").read_text()
    megabytes = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    assert megabytes < MEMORY_CEILING_MB
    assert len(await editor.fixes(uris[0], RATE)) == 2, "what is no longer kept is analyzed again"
