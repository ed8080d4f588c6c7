from __future__ import annotations

import gc

import pytest

import scram_lsp
from scram_lsp.cli.serve import main
from scram_lsp.server import main as server


def test_the_server_runs_and_its_exit_code_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> int:
        gc.enable()  # as the server does once it is loaded
        return 7

    monkeypatch.setattr(server, "run", run)
    assert main([]) == 7
    assert main(["--stdio"]) == 7


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"scram-lsp {scram_lsp.__version__}\n"
