"""What the first keystroke would wait for, done before it while the client rests.

What reads or writes a kind of message is written and compiled when one of it comes by for the first time. For an edit
and the diagnostics after it that takes 20 ms, four times as long as all else that a keystroke asks for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from lsprotocol import types
from pygls.protocol import LanguageServerProtocol

REST_SECONDS = 0.5
"""So long after the start the client has been shown what it has opened, and has asked for what it shows beside it."""

PAUSE_SECONDS = 0.05
"""Between the parts of it others have their turn."""

_URI = "untitled:rehearsal"
_PLACE = types.Range(types.Position(0, 0), types.Position(0, 1))


async def rehearse(protocol: LanguageServerProtocol, *, client_asks: bool) -> None:
    """Go through the messages of a keystroke, once; nobody hears them. `client_asks` for diagnostics, or is told."""
    await asyncio.sleep(REST_SECONDS)
    for _ in rehearsed(protocol, client_asks=client_asks):
        await asyncio.sleep(PAUSE_SECONDS)


def rehearsed(protocol: LanguageServerProtocol, *, client_asks: bool) -> Iterator[None]:
    """The same without any rest."""
    edit = {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}, "text": "1"}
    document = {"uri": _URI, "version": 1}
    protocol.structure_message(_told(types.TEXT_DOCUMENT_DID_CHANGE, textDocument=document, contentChanges=[edit]))
    yield
    if client_asks:
        question = _told(types.TEXT_DOCUMENT_DIAGNOSTIC, textDocument={"uri": _URI})
        protocol.structure_message({**question, "id": 0})
        yield
    for _ in range(2):  # what is compiled first for an answer is forgotten again while that for its parts is
        protocol._converter.unstructure(_answer() if client_asks else _publication())
        yield


def _told(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def _diagnostic() -> types.Diagnostic:
    return types.Diagnostic(
        _PLACE,
        "",
        severity=types.DiagnosticSeverity.Warning,
        code="",
        code_description=types.CodeDescription(""),
        tags=[types.DiagnosticTag.Unnecessary],
        related_information=[types.DiagnosticRelatedInformation(types.Location(_URI, _PLACE), "")],
        data="",
    )


def _publication() -> types.PublishDiagnosticsNotification:
    return types.PublishDiagnosticsNotification(types.PublishDiagnosticsParams(_URI, (_diagnostic(),), 1))


def _answer() -> types.DocumentDiagnosticResponse:
    return types.DocumentDiagnosticResponse(
        0, types.RelatedFullDocumentDiagnosticReport((_diagnostic(),), result_id="")
    )
