"""How texts are recognized as those that ran."""

from scram_lsp.store.digest import cell_now, cells_digest, is_digest_of, text_digest

CELLS = ["import keras", None, "model.fit(x, y)\n"]


def test_a_cell_is_found_where_it_is_now():
    digest = cells_digest(CELLS)
    assert [cell_now(digest, number, CELLS) for number in (1, 2, 3, 4, 0)] == [1, None, 3, None, None]
    assert cell_now(digest, 3, ["model.fit(x, y)", "import keras"]) == 1
    assert cell_now(digest, 3, ["x = 1", None, "model.fit(x, z)"]) is None, "it is not what ran"
    assert cell_now(digest, 1, ["import keras", "import keras"]) == 1, "of two alike the one in its place"
    assert cell_now(text_digest("import keras"), 1, CELLS) is None


def test_a_text_is_told_by_the_digest_of_itself_or_of_its_notebook():
    assert is_digest_of(text_digest("x = 1"), "x = 1")
    assert is_digest_of(cells_digest(CELLS), "model.fit(x, y)")
    assert not is_digest_of(cells_digest(CELLS), "model.fit(x, z)")
    assert not is_digest_of("", "x = 1")


def test_a_notebook_of_very_many_cells_is_not_recognized():
    assert cells_digest(["x = 1"] * 1_000) == ""
