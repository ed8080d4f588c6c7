from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scram_lsp import files
from scram_lsp.files import (
    FileError,
    PathPatterns,
    SourceText,
    decode_source,
    find_files,
    read_source,
    write_source,
)


def nothing(path: Path, is_folder: bool) -> bool:
    return False


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("", encoding="utf-8")


def names(root: Path, *paths: str) -> list[str]:
    found = find_files([root / path for path in paths], nothing)
    assert found.errors == []
    return [path.relative_to(root).as_posix() for path in found.files]


def test_a_folder_stands_for_its_python_files_and_notebooks_in_order(tmp_path: Path) -> None:
    make(tmp_path, "b.py", "a/z.py", "a/b.txt", "a/c/d.py", "module.pyc", "a/x.ipynb")
    assert names(tmp_path, ".") == ["a/c/d.py", "a/x.ipynb", "a/z.py", "b.py"]


def test_a_named_file_is_taken_whatever_its_suffix_and_only_once(tmp_path: Path) -> None:
    make(tmp_path, "train.txt", "b.py")
    assert names(tmp_path, "train.txt", "b.py", ".", "b.py") == ["b.py", "train.txt"]


def test_gitignore_files_hold_for_what_lies_below_them(tmp_path: Path) -> None:
    make(tmp_path, "kept.py", "made/x.py", "sub/skip.py", "sub/deep/made.py", "other/skip.py", "deep/no.py")
    (tmp_path / ".gitignore").write_text("made/\n/deep\n", encoding="utf-8")
    (tmp_path / "sub" / ".gitignore").write_text("skip.py\n", encoding="utf-8")
    assert names(tmp_path, ".") == ["kept.py", "other/skip.py", "sub/deep/made.py"]


def test_a_deeper_gitignore_takes_back_what_an_upper_one_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a_test.py", "sub/a_test.py")
    (tmp_path / ".gitignore").write_text("*_test.py\n", encoding="utf-8")
    (tmp_path / "sub" / ".gitignore").write_text("!a_test.py\n", encoding="utf-8")
    assert names(tmp_path, ".") == ["sub/a_test.py"]


def test_gitignore_files_above_hold_up_to_the_repository(tmp_path: Path) -> None:
    make(tmp_path, "repository/package/made/x.py", "repository/package/y.py")
    (tmp_path / ".gitignore").write_text("y.py\n", encoding="utf-8")
    (tmp_path / "repository" / ".gitignore").write_text("made/\n", encoding="utf-8")
    assert names(tmp_path, "repository/package") == [
        "repository/package/made/x.py",
        "repository/package/y.py",
    ]
    (tmp_path / "repository" / ".git").mkdir()
    assert names(tmp_path, "repository/package") == ["repository/package/y.py"]


def test_an_ignored_file_is_taken_when_it_is_named(tmp_path: Path) -> None:
    make(tmp_path, "made.py")
    (tmp_path / ".gitignore").write_text("made.py\n", encoding="utf-8")
    assert names(tmp_path, "made.py") == ["made.py"]


def test_a_line_that_is_no_pattern_leaves_the_other_lines_standing(tmp_path: Path) -> None:
    make(tmp_path, "kept.py", "made.py")
    (tmp_path / ".gitignore").write_bytes(b"!\n\xff\nmade.py\n")
    assert names(tmp_path, ".") == ["kept.py"]


def test_what_the_configuration_excludes_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "venv/lib/x.py", "data/made.py")
    patterns = PathPatterns(tmp_path, ("venv", "data/*.py"))
    found = find_files([tmp_path], lambda path, is_folder: bool(patterns.decide(path, is_folder)))
    assert found.files == [tmp_path / "a.py"]


def test_a_folder_that_is_left_out_is_walked_when_it_is_named(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "build/made/a.py")
    (tmp_path / ".gitignore").write_text("made/\n", encoding="utf-8")
    patterns = PathPatterns(tmp_path, ("build",))
    found = find_files([tmp_path / "build/made"], lambda path, is_folder: bool(patterns.decide(path, is_folder)))
    assert found.files == [tmp_path / "build/made/a.py"]


@pytest.mark.parametrize("path", ["venv", "a/.venv/b.py", "a.venv", "venv/x.py", "a/venv.py", "VENV/a.py", "a/b.py"])
def test_mere_names_are_decided_as_the_library_does(tmp_path: Path, path: str) -> None:
    mere, spelled = PathPatterns(tmp_path, ("venv", ".venv")), PathPatterns(tmp_path, ("venv", ".venv", "**/no*body"))
    for is_folder in (False, True):
        assert mere.decide(tmp_path / path, is_folder) == spelled.decide(tmp_path / path, is_folder)


def test_a_path_is_decided_by_mere_names_without_the_library(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from scram_lsp.files import PathPatterns\n"
    program += "assert PathPatterns(None, ('venv', '.git')).decide(Path('/venv')); assert 'pathspec' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_patterns_without_a_root_look_at_names_only(tmp_path: Path) -> None:
    patterns = PathPatterns(None, ("build", "*.py"))
    assert patterns.decide(tmp_path / "build", True)
    assert patterns.decide(tmp_path / "build" / "a.txt") is None


def test_a_missing_path_is_one_line_and_the_others_are_found(tmp_path: Path) -> None:
    make(tmp_path, "a.py")
    found = find_files([Path("no/such.py"), tmp_path], nothing)
    assert found.files == [tmp_path / "a.py"]
    assert [str(error) for error in found.errors] == [f"no such file or folder: {Path('no/such.py')}"]


def test_an_unreadable_folder_is_one_line_and_the_others_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a.py", "closed/b.py")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find_files([tmp_path], nothing)
    assert found.files == [tmp_path / "a.py"]
    assert len(found.errors) == 1
    assert f"can't read {tmp_path / 'closed'}: permission denied" in str(found.errors[0])


def test_a_folder_that_is_linked_to_itself_is_walked_once(tmp_path: Path) -> None:
    make(tmp_path, "a.py")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert names(tmp_path, ".") == ["a.py"]


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        ("é = 1\r\n".encode(), "é = 1\r\n", "utf-8"),
        ("\ufeffé = 1\n".encode(), "é = 1\n", "utf-8-sig"),
        ("# coding: latin-1\né\r".encode("latin-1"), "# coding: latin-1\né\r", "iso-8859-1"),
        (b"", "", "utf-8"),
    ],
)
def test_text_is_read_in_its_encoding_and_written_back_the_same(
    tmp_path: Path, data: bytes, text: str, encoding: str
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(data)
    path.chmod(0o750)
    source = read_source(path)
    assert source == SourceText(text, encoding)
    write_source(path, source)
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o777 == 0o750
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"x = 1\n\ny = '\xe9'\n", "a.py: line 3 is not UTF-8; save the file as UTF-8"),
        (b"\xe9\n", "a.py: line 1 is not UTF-8"),
        (b"\x89PNG\r\n\0\0", "a.py is not a text file"),
        ("x = 1\n".encode("utf-16"), "a.py is UTF-16 text"),
        (b"# coding: klingon\n", "a.py: unknown encoding"),
        (b"# coding: hex\n", "a.py: its coding line names hex, which is no text encoding"),
    ],
)
def test_bytes_that_are_no_source_are_one_clear_line(data: bytes, words: str) -> None:
    with pytest.raises(FileError) as caught:
        decode_source(data, "a.py")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_left_since_it_was_found_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"can't read .*gone\.py: no such file"):
        read_source(tmp_path / "gone.py")


def test_a_link_keeps_pointing_at_the_written_file(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text("old", encoding="utf-8")
    (tmp_path / "link.py").symlink_to(tmp_path / "real.py")
    write_source(tmp_path / "link.py", SourceText("new", "utf-8"))
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real.py").read_text(encoding="utf-8") == "new"


def test_a_fix_outside_the_encoding_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("old", encoding="ascii")
    with pytest.raises(FileError, match="characters that ascii lacks"):
        write_source(path, SourceText("é", "ascii"))
    assert path.read_text(encoding="utf-8") == "old"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    path.write_text("old", encoding="utf-8")

    def refuse(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", refuse)
    with pytest.raises(FileError, match="no space left on device"):
        write_source(path, SourceText("new", "utf-8"))
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]
