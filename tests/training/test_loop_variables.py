"""The names that loops around a line bind before it."""

import sys

from scram_lsp.training.loop_variables import loop_variables


def here():
    return loop_variables(sys._getframe(1))


def test_names_of_all_loops_around_the_line_and_what_they_assign_before_it() -> None:
    rows = [(1, 2)]
    for epoch in range(1):
        lines = [epoch]
        for step, (x, y) in enumerate(rows):
            both = x, y
            found = here()
            later = step
    assert found == ("epoch", "lines", "step", "x", "y", "both")
    assert (later, lines, both) == (0, [0], (1, 2))


def test_loops_of_other_functions_are_not_around_the_line() -> None:
    for _ in range(1):

        def inner():
            for _own in range(1):
                found = here()
            return found

        assert inner() == ("_own",)
    assert here() == ()


def test_a_text_that_is_not_there() -> None:
    space = {"here": here}
    exec("for x in (1,):\n    found = here()\n", space)
    assert space["found"] == ()
