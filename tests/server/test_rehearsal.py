"""After a rehearsal no message of a keystroke is met for the first time: nothing is compiled for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

KEYSTROKE = """
import sys
from lsprotocol import types
from scram_lsp.server.analysis.text_analysis import TextAnalysis
from scram_lsp.server.documents.configuration import Configuration
from scram_lsp.server.features import register
from scram_lsp.server.language_server import ScramLanguageServer
from scram_lsp.server.rehearsal import rehearsed

asks, is_rehearsed = (each == "True" for each in sys.argv[1:])
configuration = Configuration()
server = ScramLanguageServer(configuration, TextAnalysis(configuration), {})
register(server)
if is_rehearsed:
    list(rehearsed(server.protocol, client_asks=asks))

compiled = []
sys.addaudithook(lambda event, given: compiled.append(given) if event == "compile" else None)
place = {"start": {"line": 4, "character": 3}, "end": {"line": 4, "character": 4}}
params = {"textDocument": {"uri": "file:///train.py", "version": 7}, "contentChanges": [{"range": place, "text": "x"}]}
server.protocol.structure_message({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": params})
where = types.Range(types.Position(1, 0), types.Position(1, 4))
found = types.Diagnostic(where, "too high", code="SCR101", severity=types.DiagnosticSeverity.Error, source="scram")
if asks:
    params = {"textDocument": {"uri": "file:///train.py"}, "previousResultId": "a"}
    question = {"jsonrpc": "2.0", "id": "1", "method": "textDocument/diagnostic", "params": params}
    server.protocol.structure_message(question)
    report = types.RelatedFullDocumentDiagnosticReport([found], result_id="b")
    said = types.DocumentDiagnosticResponse("1", report)
else:
    said = types.PublishDiagnosticsNotification(types.PublishDiagnosticsParams("file:///train.py", (found,), 7))
server.protocol._converter.unstructure(said)
print(len(compiled))
"""


@pytest.mark.parametrize("client_asks", [False, True])
def test_nothing_is_compiled_at_the_first_keystroke(client_asks: bool) -> None:
    counts = [
        int(
            subprocess.run([sys.executable, "-c", KEYSTROKE, str(client_asks), str(each)], stdout=-1, check=True).stdout
        )
        for each in (False, True)
    ]
    assert counts[0] > 0
    assert counts[1] == 0
