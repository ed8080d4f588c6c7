"""What the editor shows of a program beside its findings: hints at layers, lenses at trainings, and their hovers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from scram_analyzers.findings import SourceRange
from scram_lsp.server.experimental import RUN_FILE_COMMAND, SHOW_RUN_OF_COMMAND, has_command
from scram_lsp.server.findings.diagnostics import clock_of
from scram_lsp.server.language_server import Analyzed, ScramLanguageServer

if TYPE_CHECKING:
    from scram_lsp.server.programs.last_observations import LastObservations
    from scram_lsp.server.programs.outline import LayerUse

SHOW_RUN_COMMAND = "scram.showLastRun"
CLEAR_COMMAND = "scram.clearRunFindings"


def register(server: ScramLanguageServer) -> None:
    """Connect the server to this part of the protocol."""
    server.feature(types.TEXT_DOCUMENT_INLAY_HINT)(inlay_hint)
    server.feature(types.TEXT_DOCUMENT_CODE_LENS)(code_lens)


async def inlay_hint(ls: ScramLanguageServer, params: types.InlayHintParams) -> list[types.InlayHint] | None:
    """The output shape and parameter count behind each layer."""
    analyzed = await ls.analyzed(params.text_document.uri)
    if analyzed is None or not ls.configuration.options.inlay_hints:
        return None
    asked = analyzed.document.positions.range_from_client(params.range)
    hints: list[types.InlayHint] = []
    for use in (await ls.outline(analyzed)).layers:
        shown = analyzed.unit.range_in_document(use.place)
        if shown is None or shown[0] is not analyzed.document or not shown[1].overlaps(asked):
            continue
        label = _label(use)
        if label:
            position = analyzed.document.positions.to_client(shown[1].end)
            tooltip = "What this layer puts out, without the batch dimension, and how many weights it has."
            hints.append(types.InlayHint(position, label, padding_left=True, tooltip=tooltip))
    return hints


async def code_lens(ls: ScramLanguageServer, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """Over each training: to run it, when it ran last, how that ended, and what was found."""
    analyzed = await ls.analyzed(params.text_document.uri)
    if analyzed is None or not ls.configuration.options.code_lenses:
        return None
    trainings = (await ls.outline(analyzed)).trainings
    last = await seen_by_last_run(analyzed) if trainings else None
    capabilities = ls.client_capabilities
    can_run = has_command(capabilities, RUN_FILE_COMMAND) and analyzed.document.path is not None
    show = SHOW_RUN_OF_COMMAND if has_command(capabilities, SHOW_RUN_OF_COMMAND) else SHOW_RUN_COMMAND
    commands = list(_lens_commands(analyzed.document.uri, last, show, can_run=can_run))
    lenses: list[types.CodeLens] = []
    for training in trainings:
        shown = analyzed.unit.range_in_document(training.place)
        if shown is not None and shown[0] is analyzed.document:
            place = analyzed.document.positions.range_to_client(shown[1])
            lenses += [types.CodeLens(place, command) for command in commands]
    return lenses


def _lens_commands(uri: str, last: LastObservations | None, show: str, *, can_run: bool) -> Iterator[types.Command]:
    if can_run:
        yield types.Command("Run with SCRAM", RUN_FILE_COMMAND, arguments=[uri])
    if last is None:
        return
    yield types.Command(_lens(last), show, arguments=[uri])
    if last.findings:
        count = len(last.findings)
        yield types.Command(f"Clear {count} finding{'s'[: count > 1]} of the run", CLEAR_COMMAND, arguments=[uri])


async def hover_words(
    ls: ScramLanguageServer, analyzed: Analyzed, position: types.Position
) -> tuple[str, SourceRange] | None:
    """What there is to say of the layer, the training or the learning rate at a position, and its place there."""
    from scram_lsp.server.programs.outline import smallest_around
    from scram_lsp.server.programs.run_words import fit_words, layer_words, rate_words

    at = analyzed.document.positions.from_client(position)
    inside = analyzed.unit.range_in_text(analyzed.document, SourceRange(at, at))
    outline = await ls.outline(analyzed)
    layers = {each.place: each for each in outline.layers}
    rates = {rate for each in outline.trainings for rate in each.rates}
    place = smallest_around([*layers, *rates, *(each.place for each in outline.trainings)], inside)
    shown = analyzed.unit.range_in_document(place) if place is not None else None
    if place is None or shown is None:
        return None
    last = await seen_by_last_run(analyzed)
    if place in layers:
        return layer_words(layers[place], last), shown[1]
    words = (rate_words(last) if place in rates else fit_words(last)) if last is not None else None
    return (words, shown[1]) if words is not None else None


async def seen_by_last_run(analyzed: Analyzed) -> LastObservations | None:
    """The newest stored run of the document's script."""
    from scram_lsp.server.programs.last_observations import last_observations

    path: Path | None = analyzed.unit.path
    if path is None:
        return None
    return await asyncio.to_thread(last_observations, path, analyzed.document.text)


def _label(use: LayerUse) -> str:
    from scram_lsp.server.programs.outline import shape_text

    parts = [f"→ {shape_text(use.output_shape)}"] if use.output_shape is not None else []
    if use.parameters:
        parts.append(f"{use.parameters:,} weights")
    return " · ".join(parts)


def _lens(last: LastObservations) -> str:
    count = len(last.findings)
    found = f"{count} finding{'s'[: count != 1]}" if count else "no findings"
    clock = clock_of(last.run.started)
    return f"Last run{f' {clock}' if clock else ''}: {last.state}, {found}"
