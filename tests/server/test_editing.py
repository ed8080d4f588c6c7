"""What an editor shows while a program is written: diagnostics, quick fixes and hovers."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import client_capabilities

from tests.server.editor import DEADLINE_SECONDS, RATE, TRAIN, Editor, applied

pytestmark = pytest.mark.filterwarnings("error::pytest_lsp.LspSpecificationWarning")

SOURCE = "scram"


def position(line: int, character: int) -> types.Position:
    return types.Position(line, character)


def place(line: int, start: int, end: int) -> types.Range:
    return types.Range(position(line, start), position(line, end))


async def test_a_mistake_is_shown_on_its_expression_when_the_file_is_opened(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    (diagnostic,) = await code.shown(uri)
    assert diagnostic.range == RATE
    assert (diagnostic.code, diagnostic.source) == ("SCR101", SOURCE)
    assert diagnostic.severity is types.DiagnosticSeverity.Error
    assert "1e10" in diagnostic.message
    assert diagnostic.code_description is not None
    assert diagnostic.code_description.href.endswith("learning-rate-too-high.md")


async def test_the_quick_fix_mends_it(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    (diagnostic,) = await code.shown(uri)
    fix, suppress = await code.fixes(uri, diagnostic.range, [diagnostic])
    assert fix.title.startswith("Scram (SCR101): Set the learning rate to ")
    assert fix.kind == "quickfix"
    assert list(fix.diagnostics or ()) == [diagnostic]
    assert not fix.is_preferred, "a changed hyperparameter is never the obvious choice"
    assert suppress.title == "Suppress SCR101 on this statement"
    assert fix.edit is not None
    assert fix.edit.document_changes is not None
    (change,) = fix.edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document == types.OptionalVersionedTextDocumentIdentifier(uri, 1)
    (edit,) = change.edits
    assert isinstance(edit, types.TextEdit)
    assert edit == types.TextEdit(RATE, "0.001")
    version = code.replace(uri, edit.range, edit.new_text)
    assert not await code.shown(uri, version)


async def test_the_suppression_silences_it(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    (diagnostic,) = await code.shown(uri)
    actions = await code.fixes(uri, diagnostic.range, [diagnostic])
    edit = actions[1].edit
    assert edit is not None
    assert edit.document_changes is not None
    change = edit.document_changes[0]
    assert isinstance(change, types.TextDocumentEdit)
    (addition,) = [each for each in change.edits if isinstance(each, types.TextEdit)]
    text = applied(TRAIN, [addition])
    assert text.endswith(")  # scram: ignore[SCR101]\n")
    assert not await code.shown(uri, code.rewrite(uri, text))


async def test_a_client_without_versioned_edits_gets_plain_ones(editor: Editor, project: Path) -> None:
    await editor.start(project, types.ClientCapabilities())
    uri = editor.open(project / "train.py", TRAIN)
    (diagnostic,) = await editor.shown(uri)
    assert diagnostic.code_description is None
    assert diagnostic.data is None
    fix, _ = await editor.fixes(uri, diagnostic.range, [diagnostic])
    assert fix.edit is not None
    assert {key: list(edits) for key, edits in (fix.edit.changes or {}).items()} == {
        uri: [types.TextEdit(RATE, "0.001")]
    }
    assert list(fix.diagnostics or ()) == [diagnostic]


async def test_actions_keep_to_the_kind_and_the_place_asked_for(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shown(uri)
    assert await code.actions(uri, RATE, only=[types.CodeActionKind.SourceFixAll]) == []
    assert len(await code.fixes(uri, RATE, only=[types.CodeActionKind.QuickFix])) == 2
    assert await code.actions(uri, place(0, 0, 3)) == []


async def test_an_action_asked_for_right_after_a_keystroke_fits_the_new_text(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shown(uri)
    code.replace(uri, types.Range(position(0, 0), position(0, 0)), "# a comment\n")
    fix, _ = await code.fixes(uri, place(5, 50, 54))
    assert fix.edit is not None
    assert fix.edit.document_changes is not None
    change = fix.edit.document_changes[0]
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.version == 2
    assert list(change.edits) == [types.TextEdit(place(5, 50, 54), "0.001")]


async def test_the_hover_explains_the_finding(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shown(uri)
    text = await code.hover(uri, 4, 52)
    assert text is not None
    assert text.startswith("**learning-rate-too-high** · SCR101 · error")
    for part in ("1e10", "**Why it matters:**", "**How to mend it:**", "```python\n", "**References:**", "docs/rules/"):
        assert part in text
    assert await code.hover(uri, 0, 0) is None


async def test_edits_are_followed_and_each_publication_names_its_version(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    assert len(await code.shown(uri)) == 1
    version = code.change(
        uri,
        types.TextDocumentContentChangePartial(RATE, "1e-3"),
        types.TextDocumentContentChangePartial(types.Range(position(0, 0), position(0, 0)), "\n"),
    )
    assert not await code.shown(uri, version)
    version = code.replace(uri, place(5, 50, 54), "1e9")
    (diagnostic,) = await code.shown(uri, version)
    assert diagnostic.range == place(5, 50, 53)


async def test_in_a_burst_of_keystrokes_only_the_latest_text_counts(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shown(uri)
    await code.forget()
    for number in range(40):
        last = code.replace(uri, types.Range(position(0, 0), position(0, 0)), f"# {number}\n")
    (diagnostic,) = await code.shown(uri, last)
    assert diagnostic.range.start.line == RATE.start.line + 40
    versions = [each.version or 0 for each in code.publications if each.uri == uri]
    assert versions == sorted(set(versions)), "no version is published twice or after a newer one"


async def test_saving_publishes_again(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shown(uri)
    before = len(code.publications)
    await code.save(uri)
    await code.wait_for(lambda each: each in code.publications[before:], "a save")


async def test_closing_clears_the_diagnostics(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shown(uri)
    code.close(uri)
    assert not await code.shown(uri, None)


async def test_a_statement_that_does_not_parse_leaves_the_findings_of_the_others(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN + "\ndef broken(:\n    pass\n")
    assert [each.code for each in await code.shown(uri)] == ["SCR101"]


async def test_texts_without_anything_to_find_show_nothing(code: Editor, project: Path) -> None:
    texts = ["", "x = 1\n", "\x00\x01 keras", "keras(" * 5000, "# keras\r\r\n\u2028\x0c"]
    for number, text in enumerate(texts):
        assert not await code.shown(code.open(project / f"other_{number}.py", text))


@pytest.mark.parametrize(
    ("encoding", "width"),
    [
        (types.PositionEncodingKind.Utf8, 4),
        (types.PositionEncodingKind.Utf16, 2),
        (types.PositionEncodingKind.Utf32, 1),
    ],
)
async def test_columns_are_in_the_clients_units(
    editor: Editor, project: Path, encoding: types.PositionEncodingKind, width: int
) -> None:
    capabilities = client_capabilities("visual-studio-code")
    assert capabilities.general is not None
    capabilities.general.position_encodings = [encoding]
    result = await editor.start(project, capabilities)
    assert result.capabilities.position_encoding == encoding
    line = 'name = "🙂"; optimizer = keras.optimizers.Adam(1e10)\n'
    uri = editor.open(project / "train.py", "import keras\n" + line)
    (diagnostic,) = await editor.shown(uri)
    start = line.index("1e10") - 1 + width
    assert diagnostic.range == place(1, start, start + 4)
    fix, _ = await editor.fixes(uri, diagnostic.range, [diagnostic])
    assert fix.edit is not None
    assert fix.edit.document_changes is not None
    change = fix.edit.document_changes[0]
    assert isinstance(change, types.TextDocumentEdit)
    (edit,) = change.edits
    assert isinstance(edit, types.TextEdit)
    assert edit.range == diagnostic.range
    assert await editor.hover(uri, 1, start + 1) is not None
    assert not await editor.shown(uri, editor.replace(uri, edit.range, edit.new_text))


async def test_a_form_feed_is_no_line(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", "import keras\n\x0c\nrate = '\u2028'\n" + TRAIN)
    (diagnostic,) = await code.shown(uri)
    assert diagnostic.range == place(7, 50, 54)
    assert not await code.shown(uri, code.replace(uri, diagnostic.range, "1e-3"))


async def test_a_document_without_a_file_is_checked_too(code: Editor) -> None:
    uri = code.open("untitled:Untitled-1", TRAIN)
    assert [each.code for each in await code.shown(uri)] == ["SCR101"]


async def test_configuration_is_read_again_when_it_changes(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    assert len(await code.shown(uri)) == 1
    (project / "scram.toml").write_text('ignore = ["SCR101"]\n')
    change = types.FileEvent((project / "scram.toml").as_uri(), types.FileChangeType.Created)
    code.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
    await code.shows(uri, [])
    (project / "scram.toml").write_text('[severity]\nSCR101 = "hint"\n')
    (diagnostic,) = await code.shown(uri, code.replace(uri, place(0, 0, 0), "\n"))
    assert diagnostic.severity is types.DiagnosticSeverity.Hint, "a change nobody told of is seen too"


async def test_a_configuration_that_can_not_be_used_is_said_once_and_the_rest_goes_on(
    code: Editor, project: Path
) -> None:
    (project / "scram.toml").write_text('ignroe = ["SCR101"]\n')
    uri = code.open(project / "train.py", TRAIN)
    assert len(await code.shown(uri)) == 1
    assert len(await code.shown(uri, code.replace(uri, place(0, 0, 0), "\n"))) == 1
    complaints = [each.message for each in code.client.log_messages if "ignroe" in each.message]
    assert len(complaints) == 1
    assert "scram.toml" in complaints[0]
    assert code.client.messages == [], "no pop-ups"


async def test_the_editors_settings_come_over_the_files(editor: Editor, project: Path) -> None:
    settings = {"ignore": ["SCR101"], "interpreter": "python3"}
    await editor.start(project, client_capabilities("visual-studio-code"), initialization_options=settings)
    uri = editor.open(project / "train.py", TRAIN)
    assert not await editor.shown(uri)
    editor.client.workspace_did_change_configuration(
        types.DidChangeConfigurationParams({"scram": {"severity": {"SCR101": "info"}}})
    )
    (diagnostic,) = await editor.shows(uri, [("SCR101", SOURCE)])
    assert diagnostic.severity is types.DiagnosticSeverity.Information


async def test_a_file_that_the_project_leaves_out_shows_nothing(code: Editor, project: Path) -> None:
    folder = project / ".venv" / "lib"
    folder.mkdir(parents=True)
    assert not await code.shown(code.open(folder / "train.py", TRAIN))


async def test_neither_tensorflow_nor_keras_is_ever_imported(code: Editor, project: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("reads the memory map of the server's process")
    uri = code.open(project / "train.py", TRAIN)
    (diagnostic,) = await code.shown(uri)
    await code.actions(uri, diagnostic.range, [diagnostic])
    await code.hover(uri, 4, 52)
    assert code.client._server is not None
    mapped = Path(f"/proc/{code.client._server.pid}/maps").read_text()
    assert "libcst" in mapped
    assert "tensorflow" not in mapped


async def test_questions_about_documents_that_are_not_open_have_no_answer(code: Editor, project: Path) -> None:
    uri = (project / "unopened.py").as_uri()
    assert await code.hover(uri, 0, 0) is None
    assert await code.actions(uri, RATE) == []


async def test_positions_outside_the_text_are_borne(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shown(uri)
    assert await code.hover(uri, 10_000, 10_000) is None
    assert len(await code.fixes(uri, types.Range(position(0, 0), position(10_000, 10_000)))) == 2
    version = code.replace(uri, types.Range(position(90_000, 5), position(90_001, 7)), "# end\n")
    assert len(await code.shown(uri, version)) == 1


async def test_columns_follow_what_is_typed_before_them_on_the_line(code: Editor, project: Path) -> None:
    optimizer = "keras.optimizers.Adam(learning_rate=1e10)"
    text = TRAIN.replace(optimizer, "chosen").replace(
        "model.compile", f'name = "a"; chosen = {optimizer}\nmodel.compile'
    )
    uri = code.open(project / "train.py", text)
    (before,) = await code.shown(uri)
    version = code.replace(uri, place(3, 8, 9), "🙂")
    (after,) = await code.shown(uri, version)
    assert after.range.start == position(3, before.range.start.character + 1), "as many characters, one more unit"
    assert after.message == before.message


FAILING_SERVER = """
import sys
from scram_lsp.checking import check_text
from scram_lsp.server.analysis.text_analysis import TextAnalysis
from scram_lsp.server.documents.configuration import Configuration
from scram_lsp.server.features import register
from scram_lsp.server.language_server import ScramLanguageServer

def check(text, *others):
    if "boom" in text:
        raise RuntimeError("a fault of ours")
    return check_text(text, *others)

configuration = Configuration()
server = ScramLanguageServer(configuration, TextAnalysis(configuration, check), {})
register(server)
server.start_io()
"""


async def test_a_fault_of_ours_is_said_once_and_the_server_goes_on(editor: Editor, project: Path) -> None:
    capabilities = client_capabilities("visual-studio-code")
    await editor.start(project, capabilities, (sys.executable, "-c", FAILING_SERVER))
    uri = editor.open(project / "train.py", TRAIN)
    assert len(await editor.shown(uri)) == 1
    for _ in range(2):
        version = editor.replace(uri, place(0, 0, 0), "# boom\n")
        assert not await editor.shown(uri, version)
    assert await editor.actions(uri, RATE) == []
    assert len(await editor.shown(uri, editor.rewrite(uri, TRAIN))) == 1
    faults = [each.message for each in editor.client.log_messages if "a fault of ours" in each.message]
    assert len(faults) == 1
    assert editor.client.messages == [], "no pop-ups"


async def test_the_server_leaves_when_it_is_told_to(own_code: Editor) -> None:
    server = own_code.client._server
    assert server is not None
    await own_code.client.shutdown_session()
    assert server.returncode == 0


async def test_the_server_leaves_when_its_input_ends(own_code: Editor, runtime_folder: Path) -> None:
    server = own_code.client._server
    assert server is not None
    assert server.stdin is not None
    announcement = f"{server.pid}-*.json"
    while not list(runtime_folder.rglob(announcement)):
        await asyncio.sleep(0.05)
    server.stdin.close()
    assert await asyncio.wait_for(server.wait(), DEADLINE_SECONDS) == 1
    assert list(runtime_folder.rglob(announcement)) == [], "its announcement is withdrawn"


async def test_the_server_leaves_when_its_clients_process_is_gone(editor: Editor, project: Path) -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(600)")
    await editor.start(project, types.ClientCapabilities(), process_id=parent.pid)
    server = editor.client._server
    assert server is not None
    parent.kill()
    await parent.wait()
    assert await asyncio.wait_for(server.wait(), DEADLINE_SECONDS) == 1
    assert parent.pid != os.getpid()


async def test_a_document_that_is_opened_again_goes_on_with_its_new_text(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    assert len(await code.shown(uri)) == 1
    item = types.TextDocumentItem(uri, "python", 5, TRAIN.replace("1e10", "1e-3"))
    code.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    assert not await code.shown(uri, 5)
    await code.forget()
    code.client.set_configuration({"scram": {"severity": {"SCR101": "hint"}}})
    code.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({}))
    assert not await code.shown(uri, 5)
    assert {each.version for each in code.publications if each.uri == uri} == {5}, "nobody speaks of the first text"
