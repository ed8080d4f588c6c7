"""Garbage that is looked for seldom does not pile up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

READ = """
import gc
from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet
from scram_lsp.garbage import OBJECTS, collect_seldom

PROGRAM = '''
import keras
from keras import layers

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.last = layers.Dense({units}, activation="softmax")

    def call(self, x):
        return self.last(x)

model = Net()
model.compile("sgd", "mse")
for epoch in range({units}):
    model.fit(*keras.datasets.mnist.load_data()[0])
'''
collect_seldom()
rules = RuleSet.default()
most = 0
for units in range(200):
    analyze_source(PROGRAM.format(units=units), f"file_{units}.py", rules)
    first = first if units else len(gc.get_objects())
    most = max(most, len(gc.get_objects()) - first)
assert most < 2 * OBJECTS, most
"""


def test_it_does_not_pile_up_over_many_files() -> None:
    subprocess.run([sys.executable, "-c", READ], check=True)


LINTED = """
import gc
import sys
from scram_lsp.cli.lint import main
from scram_lsp.garbage import OBJECTS

before = gc.get_threshold()
main(["--isolated", "--exit-zero", *sys.argv[1:]])
assert gc.get_threshold() == before, "in somebody else's process"
sys.argv[1:1] = ["--isolated", "--exit-zero"]
main()
assert gc.get_threshold()[0] == OBJECTS
"""


def test_scram_lint_looks_for_it_seldom_in_its_own_process(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import keras\n")
    subprocess.run([sys.executable, "-c", LINTED, str(script)], check=True)
