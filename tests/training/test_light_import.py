import subprocess
import sys

HEAVY = ("tensorflow", "keras", "pygls", "lsprotocol", "libcst", "numpy", "rich", "sqlite3")


def loaded_after(statement):
    program = f"import sys\n{statement}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_importing_the_package_or_the_callback_loads_nothing_heavy():
    assert loaded_after("import scram_lsp") == []
    assert loaded_after("from scram_lsp import ScramCallback; ScramCallback()") == []


def test_what_a_run_needs_never_holds_the_editor_side():
    assert loaded_after("import scram_lsp.training.publication") == []
    loaded = loaded_after("import scram_lsp.training.run_recorder")
    assert not {"pygls", "lsprotocol", "tensorflow", "keras"} & set(loaded)
