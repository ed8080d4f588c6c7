"""Which settings hold for which document: of its folder, of the editor, and of the editor for its folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import client_capabilities

from scram_analyzers.findings import Severity
from scram_lsp.server.documents.configuration import Configuration, EditorOptions
from scram_lsp.server.documents.settings_faults import SettingsFaults
from tests.server.editor import TRAIN, Editor

SOURCE = ("SCR101", "scram")


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def configuration(complaints: list[str]) -> Configuration:
    configuration = Configuration()
    configuration.complain_to(complaints.append)
    return configuration


def severity(configuration: Configuration, path: Path | None) -> Severity | None:
    return configuration.of(path).severity.get("SCR101")


def level(name: str) -> dict[str, object]:
    return {"severity": {"SCR101": name}}


def test_settings_that_are_read_again_and_are_the_same_keep_their_rules(
    configuration: Configuration, tmp_path: Path
) -> None:
    before = configuration.of(tmp_path / "train.py")
    configuration.take_folders([tmp_path])
    assert configuration.of(tmp_path / "train.py") is before
    configuration.take_editor_settings(level("hint"))
    assert configuration.of(tmp_path / "train.py") != before


def test_the_deepest_folder_of_the_editor_speaks_for_a_file(configuration: Configuration, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    configuration.take_folders([tmp_path, inner])
    assert configuration.take_editor_settings(level("info"))
    assert configuration.take_editor_settings(level("hint"), tmp_path)
    assert configuration.take_editor_settings(level("error"), inner)
    assert severity(configuration, inner / "deep" / "train.py") is Severity.ERROR
    assert severity(configuration, tmp_path / "train.py") is Severity.HINT
    assert severity(configuration, tmp_path.parent / "train.py") is Severity.INFO
    assert severity(configuration, None) is Severity.HINT, "a text without a file belongs to the first folder"
    configuration.take_folders([tmp_path])
    assert severity(configuration, inner / "train.py") is Severity.HINT


def test_settings_that_can_not_be_used_leave_the_last_ones(
    configuration: Configuration, complaints: list[str], tmp_path: Path
) -> None:
    assert configuration.take_editor_settings(level("info"))
    assert not configuration.take_editor_settings(level("loud"))
    assert not configuration.take_editor_settings(level("info")), "nothing has changed"
    assert severity(configuration, tmp_path / "train.py") is Severity.INFO
    assert len(complaints) == 1


def test_what_is_wrong_with_settings_is_known_until_it_is_mended(configuration: Configuration, tmp_path: Path) -> None:
    told: list[object] = []
    faults = SettingsFaults(lambda method, params: told.append(params), lambda: configuration.faults)
    faults.begin(types.ClientCapabilities(experimental={"scramSettingsFaults": True}))
    (tmp_path / "scram.toml").write_text('ignroe = ["SCR101"]')
    for document in (tmp_path / "a.py", tmp_path / "b.py", tmp_path / "deep" / "c.py"):
        configuration.of(document)
    assert len(configuration.faults) == 1
    assert "scram.toml" in configuration.faults[0]
    faults.tell()
    faults.tell()
    assert told == [{"faults": list(configuration.faults)}]
    configuration.take_editor_settings(level("loud"))
    assert len(configuration.faults) == 2
    configuration.take_editor_settings(level("info"))
    (tmp_path / "scram.toml").write_text('ignore = ["SCR101"]')
    for document in (tmp_path / "a.py", tmp_path / "deep" / "c.py"):
        configuration.of(document)
    faults.tell()
    assert configuration.faults == ()
    assert told[1:] == [{"faults": []}]


async def test_a_client_that_wants_to_hears_what_is_wrong_with_its_settings(editor: Editor, project: Path) -> None:
    heard: asyncio.Queue[list[str]] = asyncio.Queue()
    editor.client.feature("scram/settingsFaults")(lambda params: heard.put_nowait(list(params.faults)))
    capabilities = client_capabilities("visual-studio-code")
    capabilities.experimental = {"scramSettingsFaults": True}
    await editor.start(project, capabilities)
    (project / "scram.toml").write_text('ignroe = ["SCR101"]\n')
    uri = editor.open(project / "train.py", TRAIN)
    (fault,) = await heard.get()
    assert "ignroe" in fault
    (project / "scram.toml").write_text('ignore = ["SCR101"]\n')
    editor.replace(uri, types.Range(types.Position(0, 0), types.Position(0, 0)), "\n")
    assert await heard.get() == []


def test_a_change_that_nobody_has_told_of_can_be_seen(configuration: Configuration, tmp_path: Path) -> None:
    configuration.of(tmp_path / "train.py")
    assert configuration.is_as_read()
    (tmp_path / "scram.toml").write_text('ignore = ["SCR101"]')
    assert not configuration.is_as_read()
    configuration.of(tmp_path / "train.py")
    assert configuration.is_as_read()


def test_switches_are_read_in_either_spelling() -> None:
    assert EditorOptions.of({"inlayHints": False, "code-lenses": False}) == EditorOptions(False, False)
    assert EditorOptions.of({"inlayHints": "no", "other": 1}) == EditorOptions(True, True)


async def test_the_client_is_asked_for_the_settings_of_each_folder(editor: Editor, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = tmp_path / "one" / "train.py", tmp_path / "two" / "train.py"
    (tmp_path / "two" / "pyproject.toml").write_text('[tool.scram.severity]\nSCR101 = "info"\n')
    folders = [types.WorkspaceFolder(each.parent.as_uri(), each.parent.name) for each in (one, two)]
    editor.client.set_configuration({"scram": level("warning")})
    editor.client.set_configuration({"scram": {"ignore": ["SCR101"]}}, scope_uri=one.parent.as_uri())
    await editor.start(None, client_capabilities("visual-studio-code"))
    editor.change_folders(added=folders)
    first, second = editor.open(one, TRAIN), editor.open(two, TRAIN)
    outside = editor.open("untitled:Untitled-1", TRAIN)
    await editor.shows(first, [])
    await editor.shows_severity(second, types.DiagnosticSeverity.Warning)
    editor.client.set_configuration({"scram": {}})
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
    await editor.shows_severity(second, types.DiagnosticSeverity.Information)
    await editor.shows(outside, [])
    editor.change_folders(removed=folders[:1])
    await editor.shows(first, [SOURCE])


async def test_a_deleted_or_renamed_configuration_holds_no_more(code: Editor, project: Path) -> None:
    file = project / "scram.toml"
    file.write_text('ignore = ["SCR101"]\n')
    uri = code.open(project / "train.py", TRAIN)
    await code.shows(uri, [])
    file.rename(project / "old.toml")
    renamed = types.FileRename(file.as_uri(), (project / "old.toml").as_uri())
    code.client.workspace_did_rename_files(types.RenameFilesParams([renamed]))
    await code.shows(uri, [SOURCE])
    file.write_text('ignore = ["SCR101"]\n')
    await code.save(uri)
    await code.shows(uri, [])
    file.unlink()
    code.client.workspace_did_delete_files(types.DeleteFilesParams([types.FileDelete(file.as_uri())]))
    await code.shows(uri, [SOURCE])


async def test_the_client_is_asked_to_tell_of_files_and_settings(editor: Editor, project: Path) -> None:
    await editor.start(project, client_capabilities("visual-studio-code"))
    uri = editor.open(project / "train.py", TRAIN)
    await editor.shown(uri)
    await editor.hover(uri, 0, 0)
    methods = {each.method for each in editor.registrations}
    assert methods == {"workspace/didChangeWatchedFiles", "workspace/didChangeConfiguration"}
