"""A program may go on in a folder that is gone, also one that is in no file: nothing of a watch may raise for it."""

import sys
from pathlib import Path

import pytest

from scram_lsp.config import load_settings
from scram_lsp.files import short_path
from scram_lsp.live.discovery import RUNTIME_DIR_VARIABLE, Announcement, servers_for
from scram_lsp.store.journal import RunJournal
from scram_lsp.training.places.call_site import find_call_site
from tests.run_histories import run_info

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there a folder in use can't be removed")


@pytest.fixture
def removed_folder(tmp_path, monkeypatch):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with pytest.raises(FileNotFoundError):
        Path.cwd()
    return folder


def test_places_are_named_as_they_are(removed_folder, tmp_path):
    assert short_path(tmp_path / "train.py") == str(tmp_path / "train.py")
    names = {"find_call_site": find_call_site}
    exec(compile("site = find_call_site()", "<stdin>", "exec"), names)
    assert names["site"].chain[0].filename == "<stdin>"
    exec(compile("site = find_call_site()", "somewhere/train.py", "exec"), names)
    assert names["site"].chain[0].filename == "somewhere/train.py"


def test_settings_are_the_usual_ones_and_no_server_is_found(removed_folder, tmp_path, monkeypatch):
    monkeypatch.setenv(RUNTIME_DIR_VARIABLE, str(tmp_path / "runtime"))
    announcement = Announcement(1234, "token")
    announcement.publish([tmp_path])
    script = Path("<stdin>")
    assert load_settings(script).rule_set(script)
    assert servers_for(script) == []
    announcement.withdraw()


def test_the_store_says_in_one_line_that_it_has_no_place(removed_folder):
    said = []
    journal = RunJournal(run_info(script="<stdin>"), "", said.append)
    journal.end("finished")
    assert not journal.is_stored
    assert len(said) == 1
    assert "can't be used" in said[0]
