"""Constants and lists that grow: they must neither fill the machine nor leave the range of numbers."""

from __future__ import annotations

import pytest

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

HEAD = "import keras\nfrom project import data\ns, n, t, l = 'ab', 3, (1, 2), [1, 2]\n"
DOUBLED = [
    "s = s + s",
    "s = f'{s}{s}'",
    "s = s * 2",
    "n = n * n",
    "n = n ** n",
    "n = n << n",
    "n = int(str(n) + str(n))",
    "t = t + t",
    "l = l + l",
    "l += l",
    "l.extend(l)",
    "l = [*l, *l]",
    "t = (*t, *t)",
    "l = [a for a in l for b in (1, 2)]",
    "l = [l, l]",
    "t = (t, t)",
    "l = {'a': l, 'b': l}",
    "l = [l, data]; l = [l, l]",
    "l.append(l)",
]


@pytest.mark.parametrize("line", DOUBLED)
def test_what_doubles_with_each_line_is_followed_no_further_than_it_is_of_use(line: str) -> None:
    lines = "\n".join([line] * 64)
    layers = "model = keras.Sequential([keras.layers.Dense(n, name=s), *l])"
    text = f"{HEAD}{lines}\n{layers}\nmodel.compile(l, metrics=l)\nmodel.fit(t, l)\n"
    codes = {each.code for each in analyze_source(text, "train.py", RuleSet.default()).findings}
    assert "SCR901" not in codes


@pytest.mark.parametrize("digits", [300, 400, 4_000, 5_000])
@pytest.mark.parametrize(
    "used", ["Dense({0}, input_shape=({0},))", "Flatten()(keras.Input(({0}, {0})))", "Rescaling({0})"]
)
def test_a_number_of_many_digits_fails_nothing(used: str, digits: int) -> None:
    layer = used.format("9" * digits)
    text = f"import keras\nprint(f'{{{'9' * digits}}}')\nmodel = keras.Sequential([keras.layers.{layer}])\n"
    codes = {each.code for each in analyze_source(text, "train.py", RuleSet.default()).findings}
    assert "SCR901" not in codes
