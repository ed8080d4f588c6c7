"""A client for each test, and a project for it to open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient, client_capabilities

from scram_lsp.live import discovery
from tests.server.editor import TRAIN, Editor


@pytest.fixture(autouse=True)
def runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No server of these tests is found by others, nor finds them."""
    folder = tmp_path / "runtime"
    monkeypatch.setenv(discovery.RUNTIME_DIR_VARIABLE, str(folder))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN)
    return folder


@pytest_asyncio.fixture
async def editor() -> AsyncIterator[Editor]:
    """A client whose server is not started yet; it is ended after the test in any case."""
    client = LanguageClient(converter_factory=default_converter)
    editor = Editor(client)
    yield editor
    process = client._server
    if process is not None and process.returncode is None:
        process.kill()
        await process.wait()
    await client.stop()  # type: ignore[no-untyped-call]


@pytest_asyncio.fixture
async def code(editor: Editor, project: Path) -> Editor:
    """VS Code's client, with the project open."""
    await editor.start(project, client_capabilities("visual-studio-code"))
    return editor
