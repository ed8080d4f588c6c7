"""Clients for the tests, and a project for each to open.

Starting a server costs more than a test, so most tests share one: each opens a folder of its own in it, and
closes it again. A test of how a server starts, ends or fails takes `editor` and starts its own.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from lsprotocol import types
from pytest_lsp import client_capabilities

from scram_lsp.live import discovery
from tests.server.editor import TRAIN, Editor, new_editor

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests and the server that they share run on one event loop."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and isinstance(item, pytest.Function) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the projects of the tests that share a server."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="session")
def runtime_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No server of these tests is found by others, nor finds them."""
    folder = tmp_path_factory.mktemp("runtime")
    before = os.environ.get(discovery.RUNTIME_DIR_VARIABLE)
    os.environ[discovery.RUNTIME_DIR_VARIABLE] = str(folder)
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    yield folder
    if before is None:
        del os.environ[discovery.RUNTIME_DIR_VARIABLE]
    else:
        os.environ[discovery.RUNTIME_DIR_VARIABLE] = before


@pytest.fixture(autouse=True)
def _own_runtime_folder(runtime_folder: Path) -> None:
    """Every test keeps to the runtime folder of these tests."""


@pytest.fixture
def project(server_folder: Path) -> Path:
    folder = server_folder / f"project_{next(_numbers)}"
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN)
    return folder


@pytest_asyncio.fixture(loop_scope="session")
async def editor() -> AsyncIterator[Editor]:
    """A client whose server is not started yet; it is ended after the test in any case."""
    async for each in new_editor():
        yield each


@pytest_asyncio.fixture(loop_scope="session")
async def own_code(editor: Editor, project: Path) -> Editor:
    """VS Code's client with the project open, in a server of its own."""
    await editor.start(project, client_capabilities("visual-studio-code"))
    return editor


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def _shared_code(server_folder: Path, runtime_folder: Path) -> AsyncIterator[Editor]:
    async for each in new_editor():
        await each.start(server_folder, client_capabilities("visual-studio-code"))
        yield each


@pytest_asyncio.fixture(loop_scope="session")
async def code(_shared_code: Editor, project: Path) -> AsyncIterator[Editor]:
    """VS Code's client with the project open, in the server that the tests share."""
    folder = types.WorkspaceFolder(project.as_uri(), project.name)
    _shared_code.change_folders(added=[folder])
    yield _shared_code
    _shared_code.close_all()
    _shared_code.change_folders(removed=[folder])
    await _shared_code.forget()
