import runpy

import pytest

from scram_lsp.live.discovery import RUNTIME_DIR_VARIABLE
from scram_lsp.store.run_store import RunStore
from scram_lsp.training.run_recorder import RunRecorder


class Project:
    """A folder with a training script, and what scram stored about its runs."""

    def __init__(self, folder):
        self.folder = folder
        self.script = folder / "train.py"

    def run(self, text, **names):
        """Run `text` as the script; gives its globals."""
        self.script.write_text(text)
        return runpy.run_path(str(self.script), names)

    def fit(self, model, *args, **kwargs):
        """Call `fit` from line 1 of the script."""
        names = {"model": model, "args": args, "kwargs": kwargs}
        return self.run("history = model.fit(*args, **kwargs)\n", **names)["history"]

    @property
    def runs(self):
        with RunStore.open_for(self.script) as store:
            return [(run.status, [each.finding for each in store.findings(run.run)]) for run in store.runs()]

    @property
    def codes(self):
        """The codes found in the newest run."""
        return [finding.code for finding in self.runs[0][1]]


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv(RUNTIME_DIR_VARIABLE, str(tmp_path / "runtime"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    monkeypatch.chdir(folder)
    return Project(folder)


@pytest.fixture
def histories(monkeypatch):
    """What was recorded of every run that ended."""
    found = []
    end = RunRecorder.end

    def keep(self, status, error=None):
        found.append(self._history)
        end(self, status, error)

    monkeypatch.setattr(RunRecorder, "end", keep)
    return found
