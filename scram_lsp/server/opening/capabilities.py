"""What the server can do, as it says before pygls is loaded: the same that pygls would say of its features."""

from __future__ import annotations

from typing import Any, TypeAlias

from scram_lsp import __version__

Json: TypeAlias = dict[str, Any]

ENCODINGS = ("utf-8", "utf-16", "utf-32")
"""What a client may count positions in; the protocol's default is the middle one."""


def section(capabilities: Json, *names: str) -> Json:
    """A part of what a client declared, by its path; empty where it declared nothing of the kind."""
    for name in names:
        found = capabilities.get(name)
        capabilities = found if isinstance(found, dict) else {}
    return capabilities


def encoding_of(client: Json) -> str:
    """The client's first choice of those known here."""
    wished = section(client, "general").get("positionEncodings") or ()
    return next((each for each in wished if each in ENCODINGS), "utf-16")


def pulls(client: Json) -> bool:
    """Whether the client asks for diagnostics. One that can't be called to ask again would miss what runs find."""
    asks = section(client, "textDocument").get("diagnostic") is not None
    return asks and bool(section(client, "workspace", "diagnostics").get("refreshSupport"))


def initialize_result(client: Json) -> Json:
    """The answer to a client that introduces itself with these capabilities."""
    capabilities: Json = {
        "positionEncoding": encoding_of(client),
        "textDocumentSync": {"openClose": True, "change": 2, "save": True},
        "hoverProvider": True,
        "codeActionProvider": {"codeActionKinds": ["quickfix", "source.fixAll.scram"], "resolveProvider": True},
        "codeLensProvider": {"resolveProvider": False},
        "executeCommandProvider": {"commands": ["scram.explain", "scram.showLastRun", "scram.clearRunFindings"]},
        "inlayHintProvider": {"resolveProvider": False},
        "workspace": {
            "workspaceFolders": {"supported": True, "changeNotifications": True},
            "fileOperations": _file_operations(client),
        },
    }
    if client.get("notebookDocument") is not None:
        capabilities["notebookDocumentSync"] = {"notebookSelector": [{"notebook": "*"}], "save": True}
    if pulls(client):
        capabilities["diagnosticProvider"] = {
            "identifier": "scram",
            "interFileDependencies": False,
            "workspaceDiagnostics": True,
        }
    return {"capabilities": capabilities, "serverInfo": {"name": "scram-lsp", "version": __version__}}


def _file_operations(client: Json) -> Json:
    supported = section(client, "workspace", "fileOperations")
    every_file = {"filters": [{"pattern": {"glob": "**/*"}, "scheme": "file"}]}
    return {name: every_file for name in ("didRename", "didDelete") if supported.get(name)}
