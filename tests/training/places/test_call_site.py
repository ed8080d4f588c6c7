import runpy

from scram_lsp.training.places.call_site import find_call_site


def run(tmp_path, text):
    script = tmp_path / "train.py"
    script.write_text(text)
    return script, runpy.run_path(str(script), {"find_call_site": find_call_site})


def test_the_line_of_the_users_own_call(tmp_path):
    script, names = run(tmp_path, "import functools\nsite = functools.partial(find_call_site)()\n")
    assert (names["site"].script, names["site"].line) == (script, 2)


def test_a_relative_script_becomes_absolute(tmp_path, monkeypatch):
    (tmp_path / "train.py").write_text("site = find_call_site()\n")
    monkeypatch.chdir(tmp_path)
    names = runpy.run_path("train.py", {"find_call_site": find_call_site})
    assert names["site"].script == tmp_path / "train.py"


def test_a_notebook_cell_keeps_its_name():
    names = {"find_call_site": find_call_site}
    exec(compile("site = find_call_site()", "<ipython-input-3-0a1b>", "exec"), names)
    assert (str(names["site"].script), names["site"].line) == ("<ipython-input-3-0a1b>", 1)
