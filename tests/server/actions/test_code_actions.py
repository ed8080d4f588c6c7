"""What the editor offers beyond one mend: all of a rule, all that is safe, silence, and an explanation."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import client_capabilities

from tests.server.editor import RATE, TRAIN, Editor, applied, edits_of

TWO_RATES = """\
import keras

first = keras.optimizers.Adam(learning_rate=1e10)
second = keras.optimizers.Adam(learning_rate=1e9)
"""
FIRST = types.Range(types.Position(2, 44), types.Position(2, 48))

SAFE = """\
import keras
from keras import layers

model = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.Conv2D(8, 3),
    layers.BatchNormalization(),
    layers.ReLU(),
    layers.Flatten(),
    layers.Dense(10),
])
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e10),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
"""
"""The bias that normalization takes away can go safely; the learning rate is the author's."""


def titled(actions: list[types.CodeAction], part: str) -> types.CodeAction:
    (action,) = [each for each in actions if part in each.title]
    return action


async def test_all_findings_of_a_rule_are_mended_at_once(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TWO_RATES)
    await code.shown(uri)
    action = titled(await code.actions(uri, FIRST), "Fix all of learning-rate-too-high")
    assert action.kind == "quickfix"
    assert applied(TWO_RATES, edits_of(action)) == TWO_RATES.replace("1e10", "0.001").replace("1e9", "0.001")


async def test_fix_all_makes_the_safe_mends_only(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", SAFE)
    await code.shown(uri)
    (action,) = await code.actions(uri, RATE, only=["source.fixAll"])
    assert action.kind == "source.fixAll.scram"
    assert applied(SAFE, edits_of(action)) == SAFE.replace("Conv2D(8, 3)", "Conv2D(8, 3, use_bias=False)")
    assert await code.actions(uri, RATE, only=["source.organizeImports"]) == []


async def test_fix_all_may_change_the_program_where_the_project_says_so(code: Editor, project: Path) -> None:
    (project / "scram.toml").write_text("unsafe-fixes = true\n")
    uri = code.open(project / "train.py", SAFE)
    await code.shown(uri)
    (action,) = await code.actions(uri, RATE, only=["source.fixAll.scram"])
    assert "learning_rate=0.001" in applied(SAFE, edits_of(action))


async def test_whoever_asks_to_fix_all_is_told_why_nothing_is_safe_to_fix(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shown(uri)
    asked = types.CodeActionTriggerKind.Invoked
    (action,) = await code.actions(uri, RATE, only=["source.fixAll"], trigger_kind=asked)
    assert action.disabled is not None
    assert "may change what is trained" in action.disabled.reason
    assert action.edit is None
    saving = types.CodeActionTriggerKind.Automatic
    assert await code.actions(uri, RATE, only=["source.fixAll"], trigger_kind=saving) == []
    version = code.rewrite(uri, "import keras\n")
    await code.shown(uri, version)
    assert await code.actions(uri, RATE, only=["source.fixAll"], trigger_kind=asked) == []


async def test_a_safe_mend_is_preferred(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", SAFE)
    await code.shown(uri)
    layer = types.Range(types.Position(5, 4), types.Position(5, 10))
    assert titled(await code.actions(uri, layer), "SCR308):").is_preferred


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import keras\n", "# scram: ignore-file[SCR101]\nimport keras\n"),
        (
            "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nimport keras\n",
            "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n# scram: ignore-file[SCR101]\nimport keras\n",
        ),
        ("import keras\n# scram: ignore-file[SCR301]\n", "import keras\n# scram: ignore-file[SCR301, SCR101]\n"),
    ],
)
async def test_a_rule_is_silenced_in_the_whole_file(code: Editor, project: Path, before: str, after: str) -> None:
    rest = "optimizer = keras.optimizers.Adam(1e10)\n"
    uri = code.open(project / "train.py", before + rest)
    await code.shown(uri)
    line = before.count("\n")
    place = types.Range(types.Position(line, 34), types.Position(line, 38))
    action = titled(await code.actions(uri, place), "Suppress SCR101 in this file")
    text = applied(before + rest, edits_of(action))
    assert text == after + rest
    assert "SCR101" not in [each.code for each in await code.shown(uri, code.rewrite(uri, text))]


async def test_a_client_that_resolves_gets_edits_only_for_what_it_chooses(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    (diagnostic,) = await code.shown(uri)
    context = types.CodeActionContext([diagnostic])
    offered = await code.client.text_document_code_action_async(
        types.CodeActionParams(types.TextDocumentIdentifier(uri), RATE, context)
    )
    fix = next(each for each in offered or () if isinstance(each, types.CodeAction))
    assert fix.edit is None
    assert edits_of(await code.client.code_action_resolve_async(fix)) == [types.TextEdit(RATE, "0.001")]
    code.replace(uri, types.Range(types.Position(0, 0), types.Position(0, 0)), "\n")
    with pytest.raises(JsonRpcException, match="has changed"):
        await code.client.code_action_resolve_async(fix)
    foreign = types.CodeAction("another server's", data={"uri": 7})
    assert (await code.client.code_action_resolve_async(foreign)).edit is None


async def test_a_rule_is_explained_in_a_document(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", TRAIN)
    await code.shown(uri)
    command = titled(await code.actions(uri, RATE), "Explain SCR101").command
    assert command is not None
    page = await code.execute(command)
    assert isinstance(page, str)
    assert page.startswith("# learning-rate-too-high (SCR101)")
    assert "## Why it matters" in page
    (shown,) = code.shown_documents
    assert Path(types_path(shown.uri)).read_text() == page


async def test_a_client_that_shows_no_documents_is_told_in_a_message(editor: Editor, project: Path) -> None:
    await editor.start(project, types.ClientCapabilities())
    await editor.execute(types.Command("", "scram.explain", arguments=["learning-rate-too-high"]))
    (message,) = editor.client.messages
    assert message.message.startswith("SCR101 learning-rate-too-high. ")
    with pytest.raises(JsonRpcException, match="did you mean"):
        await editor.execute(types.Command("", "scram.explain", arguments=["learning-rate-too-hihg"]))


async def test_findings_about_what_is_gone_are_struck_out(code: Editor, project: Path) -> None:
    text = "import keras\n\noptimizer = keras.optimizers.Adam(lr=0.01)\nx = 1  # scram: ignore[SCR301]\n"
    shown = await code.shown(code.open(project / "train.py", text))
    tags = {each.code: list(each.tags or ()) for each in shown}
    assert tags["SCR852"] == [types.DiagnosticTag.Deprecated]
    assert tags["SCR902"] == [types.DiagnosticTag.Unnecessary]


async def test_a_client_that_knows_no_tags_gets_none(editor: Editor, project: Path) -> None:
    capabilities = client_capabilities("visual-studio-code")
    assert capabilities.text_document is not None
    assert capabilities.text_document.publish_diagnostics is not None
    capabilities.text_document.publish_diagnostics.tag_support = None
    await editor.start(project, capabilities)
    text = "import keras\n\noptimizer = keras.optimizers.Adam(lr=0.01)\n"
    assert {each.tags for each in await editor.shown(editor.open(project / "train.py", text))} == {None}


def types_path(uri: str) -> str:
    return uri.removeprefix("file://")
