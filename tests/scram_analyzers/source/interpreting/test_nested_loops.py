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
    unread = program.unread  # on its own: a failed assertion would write out the whole program
    assert unread == ()
    assert layer_names(program) == ["Dense"]


def test_a_module_of_many_models_is_read_to_its_end() -> None:
    models = "\n".join(
        f"{'    ' * 2}def model_{number}():\n{'    ' * 3}return build({number})\n" for number in range(20)
    )
    program = program_of(
        f"""
        import keras

        def build(width):
            x = inputs = keras.Input((32,))
            for stage in range(4):
                for block in range(24):
                    y = keras.layers.Dense(width, activation="relu", name=str(stage) + str(block))(x)
                    y = keras.layers.Dense(width, activation="relu")(keras.layers.LayerNormalization()(y))
                    x = keras.layers.add([x, y * (stage + 1) + block * 2])
            return keras.Model(inputs, x)

{models}
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile(loss="mse")
        """
    )
    unread = program.unread  # on its own: a failed assertion would write out the whole program
    assert unread == ()
    assert layer_names(program) == ["Dense"]
