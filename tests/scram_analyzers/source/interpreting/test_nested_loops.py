"""Loops within loops: followed item by item while that is bearable, and once where it is not."""

from __future__ import annotations

from tests.scram_analyzers.source.programs import layer_names, program_of


def test_layers_of_loops_in_a_loop_are_all_there() -> None:
    program = program_of(
        """
        import keras

        model = keras.Sequential()
        for size in (16, 32, 64):
            for _ in range(2):
                model.add(keras.layers.Dense(size, activation="relu"))
        model.compile(loss="mse")
        """
    )
    assert layer_names(program) == ["Dense"] * 6


def test_loops_nested_deep_leave_enough_for_what_follows() -> None:
    program = program_of(
        """
        import keras

        n = 20
        for i in range(n):
            for j in range(n):
                for k in range(n):
                    for m in range(n):
                        total = distance[i][j] + distance[k][m] * 2 - max(total, 0)

        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile(loss="mse")
        """
    )
    assert not program.unread
    assert layer_names(program) == ["Dense"]
