"""What the editor shows of layers and trainings: hints, lenses, hovers, the last run, and a bar for a live one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsprotocol import types
from pytest_lsp import client_capabilities

from scram_analyzers.engine import analyze_source
from scram_analyzers.findings import SourceRange
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.run.records import EpochRecord, LayerObservation, ProbeRecord, WeightObservation
from scram_lsp.live.messages import End, Progress, Stop, encode
from scram_lsp.server.programs.outline import keras_name, outline_of, shape_text
from tests.server.editor import Editor
from tests.server.test_live_runs import Run, StartRun, named, run_finding, start_run, store_run

__all__ = ["start_run"]

CONVOLUTION = """\
import keras
from keras import layers

model = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.Conv2D(8, 3, activation="relu"),
    layers.Flatten(),
    layers.Dense(16, activation="relu"),
    layers.Dense(10, activation="softmax", name="head"),
])
model.compile(keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=3)
"""
WHOLE = types.Range(types.Position(0, 0), types.Position(99, 0))
RECORDS = (
    EpochRecord(1, 10, (("loss", 2.25), ("learning_rate", 0.001)), 0.001),
    EpochRecord(2, 20, (("loss", 1.5), ("learning_rate", 0.0005)), 0.0005),
    ProbeRecord(
        step=20,
        epoch=2,
        rows=8,
        loss=1.5,
        layers=(
            LayerObservation("conv2d", 0.5, 0.25, 2.0, 0.5, dead_share=0.25),
            LayerObservation("dense_7", 0.0, 0.0, 0.0, 1.0, dead_share=1.0),
            LayerObservation("head", 0.1, 0.01, 0.2, 0.0),
        ),
        weights=(
            WeightObservation("conv2d/kernel", "conv2d", 1.0, 0.3),
            WeightObservation("conv2d/bias", "conv2d", 1.0, 0.4),
        ),
    ),
)


def test_the_outline_has_shapes_and_weights_of_each_layer() -> None:
    program = analyze_source(CONVOLUTION, "train.py", RuleSet()).program
    assert program is not None
    outline = outline_of(program)
    assert [(each.class_name, each.output_shape, each.parameters) for each in outline.layers] == [
        ("Conv2D", (26, 26, 8), 80),
        ("Flatten", (5408,), 0),
        ("Dense", (16,), 86544),
        ("Dense", (10,), 170),
    ]
    assert [each.number for each in outline.layers if each.class_name == "Dense"] == [0, 1]
    assert [each.method for each in outline.trainings] == ["fit"]


def test_names_and_shapes_are_as_people_know_them() -> None:
    names = {each: keras_name(each) for each in ("Dense", "Conv2D", "BatchNormalization", "LSTM", "GRU")}
    assert list(names.values()) == ["dense", "conv2d", "batch_normalization", "lstm", "gru"]
    assert [shape_text(each) for each in ((), (28, None, 8))] == ["scalar", "28×?×8"]


async def hints(editor: Editor, uri: str, place: types.Range = WHOLE) -> list[tuple[int, object]]:
    params = types.InlayHintParams(types.TextDocumentIdentifier(uri), place)
    found = await editor.client.text_document_inlay_hint_async(params)
    return [(each.position.line, each.label) for each in found or ()]


async def test_each_layer_says_what_it_puts_out(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", CONVOLUTION)
    assert await hints(code, uri) == [
        (5, "→ 26×26×8 · 80 weights"),
        (6, "→ 5408"),
        (7, "→ 16 · 86,544 weights"),
        (8, "→ 10 · 170 weights"),
    ]
    assert await hints(code, uri, types.Range(types.Position(6, 0), types.Position(6, 30))) == [(6, "→ 5408")]
    assert await hints(code, code.open(project / "other.py", "x = (")) == []


async def test_hints_and_lenses_are_switched_off(editor: Editor, project: Path) -> None:
    options = {"inlayHints": False, "codeLenses": False}
    await editor.start(project, client_capabilities("visual-studio-code"), initialization_options=options)
    uri = editor.open(project / "train.py", CONVOLUTION)
    assert await hints(editor, uri) == []
    assert await editor.client.text_document_code_lens_async(lenses_of(uri)) is None


async def test_hints_and_lenses_are_asked_for_again_when_switched(editor: Editor, project: Path) -> None:
    capabilities = client_capabilities("visual-studio-code")
    assert capabilities.workspace is not None
    capabilities.workspace.inlay_hint = types.InlayHintWorkspaceClientCapabilities(refresh_support=True)
    await editor.start(project, capabilities)
    uri = editor.open(project / "train.py", CONVOLUTION)
    assert await hints(editor, uri)
    editor.client.set_configuration({"scram": {"inlayHints": False}})
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
    await editor.refreshed("hints", 1)
    await editor.refreshed("lenses", 1)
    assert await hints(editor, uri) == []


async def test_lenses_are_asked_for_again_when_a_run_begins_finds_and_ends(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    code.open(project / "train.py", CONVOLUTION)
    before = code.asked_again["lenses"]
    run = await start_run()
    await code.refreshed("lenses", before + 1)
    await run.find(SourceRange.of(12, 0, 12, 9), "SCR601")
    await code.refreshed("lenses", before + 2)
    run.writer.write(encode(End(status="finished")))
    await code.refreshed("lenses", before + 3)


async def test_a_hover_tells_how_far_a_run_has_come_since_it_looked(code: Editor, project: Path) -> None:
    script = project / "train.py"
    script.write_text(CONVOLUTION)
    uri = code.open(script, CONVOLUTION)
    later = EpochRecord(9, 4000, (("loss", 0.5),), 0.001)
    store_run(script, CONVOLUTION, run_finding(script, named("r1", script)), records=(*RECORDS, later))
    convolution = await code.hover(uri, 5, 12) or ""
    assert "at step 20, the last look at it; the run has come to step 4,000 since." in convolution


async def test_hovers_tell_what_the_last_run_saw(code: Editor, project: Path) -> None:
    script = project / "train.py"
    script.write_text(CONVOLUTION)
    uri = code.open(script, CONVOLUTION)
    assert "**Conv2D** · 28×28×1 → 26×26×8 · 80 weights" in (await code.hover(uri, 5, 12) or "")
    store_run(script, CONVOLUTION, run_finding(script, named("r1", script)), records=RECORDS)

    convolution = await code.hover(uri, 5, 12) or ""
    assert "gradient norm 0.5; output 0.5 ± 0.25; 25% of its units dead; at step 20." in convolution
    assert "100% of its units dead" in (await code.hover(uri, 7, 12) or ""), "Keras counts names over all models"
    assert "**Dense** `head`" in (await code.hover(uri, 8, 12) or "")
    fit = await code.hover(uri, 11, 8) or ""
    assert "| epoch | loss | learning_rate |\n| ---: | ---: | ---: |\n| 1 | 2.25 | 0.001 |\n| 2 | 1.5 |" in fit
    assert "the learning rate went 0.001 (epoch 1), 0.0005 (epoch 2)." in (await code.hover(uri, 10, 40) or "")
    code.replace(uri, types.Range(types.Position(11, 23), types.Position(11, 24)), "4")
    assert "(before the last changes)" in (await code.hover(uri, 11, 8) or "")


async def test_a_learning_rate_is_told_wherever_it_comes_from(code: Editor, project: Path) -> None:
    script = project / "train.py"
    schedule = "keras.optimizers.schedules.ExponentialDecay(0.05, 200, 0.7)"
    text = CONVOLUTION.replace("1e-3", "learning_rate=rate").replace("model = ", f"rate = {schedule}; model = ", 1)
    script.write_text(text)
    store_run(script, text, run_finding(script, named("r1", script)), records=(EpochRecord(1, 10, (), 0.05),))
    uri = code.open(script, text)
    for column in (30, 40, 52):  # its optimizer, the argument's name and its value
        assert "the learning rate stayed at 0.05." in (await code.hover(uri, 10, column) or "")
    assert "the learning rate stayed at 0.05." in (
        await code.hover(uri, 3, text.split("\n")[3].index("0.05") + 1) or ""
    )


async def test_lenses_open_the_last_run_and_clear_what_it_found(code: Editor, project: Path) -> None:
    script = project / "train.py"
    script.write_text(CONVOLUTION)
    found = run_finding(script, named("r1", script), SourceRange.of(12, 0, 12, 9), "SCR601")
    store_run(script, CONVOLUTION, found, records=RECORDS)
    uri = code.open(script, CONVOLUTION)
    await code.shows(uri, [("SCR701", "scram"), ("SCR601", "scram (run)")])
    lenses = await code.client.text_document_code_lens_async(lenses_of(uri)) or ()
    show, clear = [each.command for each in lenses if each.command is not None]
    assert {each.range.start.line for each in lenses} == {11}
    assert "finished, 1 finding" in show.title
    page = await code.execute(show)
    assert "## Epochs" in page
    assert "**learning-rate-too-high** (SCR601, error) at train.py:12: The loss became NaN" in page
    assert clear.title == "Clear 1 finding of the run"
    await code.execute(clear)
    await code.shows(uri, [("SCR701", "scram")])


async def test_without_a_run_there_is_no_lens(code: Editor, project: Path) -> None:
    uri = code.open(project / "train.py", CONVOLUTION)
    assert not await code.client.text_document_code_lens_async(lenses_of(uri))
    assert await code.execute(types.Command("", "scram.showLastRun", arguments=[uri])) is None


async def test_a_client_that_runs_files_is_offered_to(editor: Editor, project: Path) -> None:
    capabilities = client_capabilities("visual-studio-code")
    capabilities.experimental = {"commands": {"commands": ["scram.runFile"]}}
    await editor.start(project, capabilities)
    uri = editor.open(project / "train.py", CONVOLUTION)
    (lens,) = await editor.client.text_document_code_lens_async(lenses_of(uri)) or ()
    assert lens.range.start.line == 11
    assert lens.command is not None
    assert (lens.command.title, lens.command.command) == ("Run with SCRAM", "scram.runFile")
    assert list(lens.command.arguments or ()) == [uri]
    unsaved = editor.open("untitled:Untitled-1", CONVOLUTION)
    assert not await editor.client.text_document_code_lens_async(lenses_of(unsaved)), "there is no file to run"


async def test_a_client_with_a_page_for_runs_shows_them_there(editor: Editor, project: Path) -> None:
    capabilities = client_capabilities("visual-studio-code")
    capabilities.experimental = {"commands": {"commands": ["scram.showRunOf"]}}
    await editor.start(project, capabilities)
    script = project / "train.py"
    script.write_text(CONVOLUTION)
    store_run(script, CONVOLUTION, records=RECORDS, status="failed")
    uri = editor.open(script, CONVOLUTION)
    (lens,) = await editor.client.text_document_code_lens_async(lenses_of(uri)) or ()
    assert lens.command is not None
    assert lens.command.title.endswith("did not finish, no findings")
    assert (lens.command.command, list(lens.command.arguments or ())) == ("scram.showRunOf", [uri])


def lenses_of(uri: str) -> types.CodeLensParams:
    return types.CodeLensParams(types.TextDocumentIdentifier(uri))


async def test_a_live_run_has_a_bar_until_it_ends_or_is_hidden(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    run = await start_run()
    run.writer.write(encode(Progress(epoch=2, step=340, epochs=10, loss=0.512)))
    begin = await code.progress(lambda each: isinstance(each, types.WorkDoneProgressBegin))
    assert isinstance(begin, types.WorkDoneProgressBegin)
    assert (begin.title, begin.message, begin.percentage, begin.cancellable) == (
        "Training train.py",
        "epoch 2/10, step 340, loss 0.512",
        10,
        True,
    )
    run.writer.write(encode(Progress(epoch=3, step=400, epochs=10, loss=None)))
    report = await code.progress(lambda each: isinstance(each, types.WorkDoneProgressReport))
    assert (report.message, report.percentage) == ("epoch 3/10, step 400", 20)
    run.writer.write(encode(End(status="finished")))
    end = await code.progress(lambda each: isinstance(each, types.WorkDoneProgressEnd))
    assert end.message == "finished"


async def test_a_bar_that_is_cancelled_does_not_come_back(code: Editor, project: Path, start_run: StartRun) -> None:
    run = await start_run()
    token = await bar_of(code, run)
    code.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
    await code.progress(lambda each: isinstance(each, types.WorkDoneProgressEnd))
    run.writer.write(encode(Progress(epoch=1, step=2)))
    await run.find()  # answered, so what was said before has been heard
    await code.wait_for(lambda each: each.uri.endswith("train.py"), "the finding")
    assert len(code.progress_seen[token]) == 2
    assert code.questions == [], "this run can't be stopped"


async def test_to_cancel_a_bar_stops_the_training_once_the_user_has_said_so(
    code: Editor, project: Path, start_run: StartRun
) -> None:
    kept, stopped = await start_run("kept", can_stop=True), await start_run("stopped", minutes=1, can_stop=True)
    for count, run, answer in ((1, kept, "Only hide its progress"), (2, stopped, "Stop Training")):
        code.answer = answer
        token = await bar_of(code, run)
        code.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
        await code.progress(lambda each: isinstance(each, types.WorkDoneProgressEnd))
        while len(code.questions) < count:
            await asyncio.sleep(0.01)
    assert await stopped.hear() == Stop()
    await kept.find()  # its answer is the first thing that it hears
    assert len(code.questions) == 2
    assert "Stop the training of train.py?" in code.questions[0].message


async def bar_of(code: Editor, run: Run) -> int | str:
    """The token of the bar of a run that says for the first time how far it is."""
    code.progress_seen.clear()
    run.writer.write(encode(Progress(epoch=1, step=1)))
    await code.progress(lambda each: isinstance(each, types.WorkDoneProgressBegin))
    (token,) = code.progress_seen
    return token
