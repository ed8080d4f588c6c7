"""A client that asks for diagnostics: it is answered, called to ask again, and never told by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import client_capabilities

from tests.server.editor import RATE, TRAIN, Editor
from tests.server.test_live_runs import StartRun, start_run

__all__ = ["start_run"]


def asking() -> types.ClientCapabilities:
    """VS Code's client as it is since 1.67."""
    capabilities = client_capabilities("visual-studio-code")
    assert capabilities.text_document is not None
    assert capabilities.workspace is not None
    capabilities.text_document.diagnostic = types.DiagnosticClientCapabilities()
    capabilities.workspace.diagnostics = types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
    return capabilities


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A folder that only the test's own server has open."""
    (tmp_path / "train.py").write_text(TRAIN)
    return tmp_path


async def ask(editor: Editor, uri: str, known: str | None = None) -> types.DocumentDiagnosticReport:
    identifier = types.TextDocumentIdentifier(uri)
    return await editor.client.text_document_diagnostic_async(
        types.DocumentDiagnosticParams(identifier, previous_result_id=known)
    )


async def ask_all(editor: Editor, known: dict[str, str]) -> dict[str, types.WorkspaceFullDocumentDiagnosticReport]:
    previous = [types.PreviousResultId(uri, value) for uri, value in known.items()]
    report = await editor.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(previous))
    full = [each for each in report.items if isinstance(each, types.WorkspaceFullDocumentDiagnosticReport)]
    return {each.uri: each for each in full}


def full(report: types.DocumentDiagnosticReport) -> types.RelatedFullDocumentDiagnosticReport:
    assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
    return report


async def test_a_client_that_is_told_is_not_invited_to_ask(editor: Editor, project: Path) -> None:
    capabilities = client_capabilities("neovim")  # it asks, but can't be called to ask again
    result = await editor.start(project, capabilities)
    assert result.capabilities.diagnostic_provider is None
    assert len(await editor.shown(editor.open(project / "train.py", TRAIN))) == 1


async def test_what_is_asked_for_is_never_told(editor: Editor, scripts: Path, start_run: StartRun) -> None:
    result = await editor.start(scripts, asking())
    assert result.capabilities.diagnostic_provider is not None
    uri = editor.open(scripts / "train.py", TRAIN)
    first = full(await ask(editor, uri))
    assert [(each.code, each.range) for each in first.items] == [("SCR101", RATE)]
    assert isinstance(await ask(editor, uri, first.result_id), types.RelatedUnchangedDocumentDiagnosticReport)

    editor.replace(uri, RATE, "1e-3")
    second = full(await ask(editor, uri, first.result_id))
    assert (list(second.items), second.result_id != first.result_id) == ([], True)
    editor.replace(uri, types.Range(RATE.start, types.Position(4, 54)), "1e10")
    await editor.save(uri)

    run = await start_run(script=scripts / "train.py")
    await run.find()
    await editor.called_to_ask()
    (confirmed,) = full(await ask(editor, uri, second.result_id)).items
    assert confirmed.source == "scram (run)"
    assert not full(await ask(editor, (scripts / "other.py").as_uri())).items
    assert editor.publications == []


async def test_a_change_of_settings_calls_the_client(editor: Editor, scripts: Path) -> None:
    await editor.start(scripts, asking())
    uri = editor.open(scripts / "train.py", TRAIN)
    first = full(await ask(editor, uri))
    (scripts / "scram.toml").write_text('ignore = ["SCR101"]\n')
    change = types.FileEvent((scripts / "scram.toml").as_uri(), types.FileChangeType.Created)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
    await editor.called_to_ask()
    assert not full(await ask(editor, uri, first.result_id)).items


async def test_files_that_are_not_open_are_asked_for_too(editor: Editor, scripts: Path) -> None:
    await editor.start(scripts, asking())
    (scripts / ".gitignore").write_text("ignored.py\n")
    (scripts / "ignored.py").write_text(TRAIN)
    (scripts / "other.py").write_text("x = 1\n")
    paths = [scripts / f"train_{number}.py" for number in range(2)]
    for path in paths:
        path.write_text(TRAIN)
    opened = editor.open(scripts / "train.py", TRAIN)
    first = await ask_all(editor, {})
    assert sorted(first) == sorted(path.as_uri() for path in paths), "an open file is asked for by itself"
    assert all([item.range for item in each.items] == [RATE] for each in first.values())

    known = {uri: each.result_id or "" for uri, each in first.items()}
    waiting = asyncio.ensure_future(ask_all(editor, known))
    await editor.hover(opened, 0, 0)
    assert not waiting.done(), "without news the answer waits"
    paths[0].write_text("x = 1\n")
    change = types.FileEvent(paths[0].as_uri(), types.FileChangeType.Changed)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
    second = await waiting
    assert list(second) == [paths[0].as_uri()]
    assert not second[paths[0].as_uri()].items
    editor.close(opened)
    del known[paths[0].as_uri()]
    assert list(await ask_all(editor, known)) == [opened]
