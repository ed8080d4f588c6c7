import pytest

from scram_lsp.store.location import project_folder, projects_below, store_file


@pytest.mark.parametrize("mark", ["pyproject.toml", "scram.toml", ".git"])
def test_the_closest_marked_ancestor_is_the_project(tmp_path, mark):
    script = tmp_path / "project" / "src" / "train.py"
    script.parent.mkdir(parents=True)
    script.touch()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "project" / mark).touch()
    assert project_folder(script) == tmp_path / "project"


def test_without_marks_it_is_the_folder_of_the_script(tmp_path, monkeypatch):
    # The folders above a temporary one are not ours: pretend that they hold no mark.
    monkeypatch.setattr("scram_lsp.store.location._PROJECT_MARKS", ("no-such-mark",))
    script = tmp_path / "train.py"
    script.touch()
    assert project_folder(script) == tmp_path
    assert store_file(tmp_path) == tmp_path / ".scram" / "runs.sqlite"


def test_a_store_above_the_script_is_not_its_projects(tmp_path, monkeypatch):
    monkeypatch.setattr("scram_lsp.store.location._PROJECT_MARKS", ("no-such-mark",))
    (tmp_path / ".scram").mkdir()
    script = tmp_path / "alone" / "train.py"
    script.parent.mkdir()
    script.touch()
    assert project_folder(script) == script.parent


def test_a_notebook_cell_belongs_to_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "scram.toml").touch()
    monkeypatch.chdir(tmp_path)
    from pathlib import Path

    assert project_folder(Path("<ipython-input-3-abc>")) == tmp_path


def test_stores_of_scripts_in_folders_below_are_found(tmp_path):
    for folder in ("lone", "a/b/c", "a/b/c/too deep", ".venv/hidden", "node_modules"):
        store = store_file(tmp_path / folder)
        store.parent.mkdir(parents=True)
        store.touch()
    (tmp_path / "linked").symlink_to(tmp_path / "lone")
    found = [each.relative_to(tmp_path).as_posix() for each in projects_below(tmp_path)]
    assert found == ["lone", "a/b/c"]
    assert not list(projects_below(tmp_path / "gone"))
