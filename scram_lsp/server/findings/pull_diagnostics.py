"""Diagnostics for clients that ask for them."""

from __future__ import annotations

from lsprotocol import types

from scram_lsp.server.analysis.workspace_reports import WorkspaceReport
from scram_lsp.server.language_server import ScramLanguageServer


def register(server: ScramLanguageServer) -> None:
    """Let the client ask."""
    options = types.DiagnosticOptions(inter_file_dependencies=False, workspace_diagnostics=True, identifier="scram")
    server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)(text_document_diagnostic)
    server.feature(types.WORKSPACE_DIAGNOSTIC)(workspace_diagnostic)


async def text_document_diagnostic(
    ls: ScramLanguageServer, params: types.DocumentDiagnosticParams
) -> types.DocumentDiagnosticReport:
    """What there is to show of a document, once its present text was looked at."""
    uri = params.text_document.uri
    await ls.analyzed(uri)
    document = ls.documents.get(uri)
    if document is None:
        return types.RelatedFullDocumentDiagnosticReport([])
    report = ls.publisher.report(document)
    if report.result_id == params.previous_result_id:
        return types.RelatedUnchangedDocumentDiagnosticReport(report.result_id)
    return types.RelatedFullDocumentDiagnosticReport(report.diagnostics, result_id=report.result_id)


async def workspace_diagnostic(
    ls: ScramLanguageServer, params: types.WorkspaceDiagnosticParams
) -> types.WorkspaceDiagnosticReport:
    """What there is to show of the files that are not open; without news it waits for some."""
    known = {each.uri: each.value for each in params.previous_result_ids}
    token = params.partial_result_token

    def send_part(items: list[WorkspaceReport]) -> None:
        assert token is not None, "parts are only made for a client that wants them"
        ls.progress(types.ProgressParams(token, types.WorkspaceDiagnosticReportPartialResult(items)))

    return types.WorkspaceDiagnosticReport(
        await ls.workspace_reports.answer(known, send_part if token is not None else None)
    )
