from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scram_analyzers.source.model import ModelKind
from scram_analyzers.source.values import integer, number, text
from tests.scram_analyzers.source.programs import layer_names, program_of

SEQUENTIAL = """
    import keras
    from keras import layers
    model = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(1)])
    model.compile("adam", "mse")
"""


def rate_of(text: str) -> float | None:
    (optimizer,) = program_of(text).optimizers
    return optimizer.learning_rate.value


@pytest.mark.parametrize(
    ("lines", "rate"),
    [
        ("a = 1e-3 * 10\nkeras.optimizers.Adam(a)", 0.01),
        ("a = {'lr': 0.5}\nkeras.optimizers.Adam(learning_rate=a['lr'] / 2)", 0.25),
        ("a, b = 0.1, 0.2\nkeras.optimizers.Adam(b)", 0.2),
        ("def f(rate=0.3):\n    return rate\nkeras.optimizers.Adam(f())", 0.3),
        ("f = lambda x: x ** 2\nkeras.optimizers.Adam(f(0.5))", 0.25),
        ("class C:\n    rate = 0.4\nkeras.optimizers.Adam(C.rate)", 0.4),
        ("class C:\n    def __init__(self): self.rate = 0.6\nkeras.optimizers.Adam(C().rate)", 0.6),
        ("rates = [0.1, 0.2, 0.3]\nkeras.optimizers.Adam(rates[-1])", 0.3),
        ("kwargs = dict(learning_rate=0.7)\nkeras.optimizers.Adam(**kwargs)", 0.7),
        ("from types import SimpleNamespace\nc = SimpleNamespace(rate=0.8)\nkeras.optimizers.Adam(c.rate)", 0.8),
        ("import types\nc = types.SimpleNamespace(rate=1)\nc.rate = 0.15\nkeras.optimizers.Adam(c.rate)", 0.15),
        ("keras.optimizers.SGD(lr=0.05)", 0.05),
        ("rate = 0.1\nif True:\n    rate = 0.2\nkeras.optimizers.Adam(rate)", 0.2),
        ("rate = 0.1 if __name__ == '__main__' else 0.9\nkeras.optimizers.Adam(rate)", 0.1),
        ("keras.optimizers.Adam(float('1e-2'))", 0.01),
    ],
)
def test_a_learning_rate_is_followed_to_its_value(lines: str, rate: float) -> None:
    assert rate_of(f"import keras\n{lines}\n") == pytest.approx(rate)


@pytest.mark.parametrize(
    "lines",
    [
        "import sys\nrate = 0.1\nif len(sys.argv) > 1:\n    rate = 5.0\nkeras.optimizers.Adam(rate)",
        "rate = 0.1\nfor step in steps():\n    rate = rate * 2\nkeras.optimizers.Adam(rate)",
        "from settings import rate\nkeras.optimizers.Adam(rate)",
        "import settings, types\nc = types.SimpleNamespace(rate=1, **settings.all)\nkeras.optimizers.Adam(c.rate)",
        "keras.optimizers.Adam(input())",
        "def f(rate):\n    return keras.optimizers.Adam(rate)",
    ],
)
def test_what_the_source_does_not_tell_is_unknown(lines: str) -> None:
    assert rate_of(f"import keras\n{lines}\n") is None


def test_a_default_that_a_caller_may_override_is_marked_as_assumed() -> None:
    (optimizer,) = program_of("import keras\ndef f(rate=5.0):\n    return keras.optimizers.Adam(rate)\n").optimizers
    assert optimizer.learning_rate.value == 5.0
    assert optimizer.learning_rate.assumed


@pytest.mark.parametrize(
    ("options", "use", "value"),
    [
        ('parser.add_argument("--lr", type=float, default=5.0)', "args.lr", 5.0),
        ('parser.add_argument("-l", "--learning-rate", type=float, default="5")', "args.learning_rate", 5.0),
        ('parser.add_argument_group("optimizer").add_argument("--lr", dest="rate", default=5.0)', "args.rate", 5.0),
        ('parser.add_argument("--lr", type=float)', "args.lr", None),
        ("pass", "args.lr", None),
    ],
)
def test_an_option_of_the_command_line_has_its_default(options: str, use: str, value: float | None) -> None:
    text = f"import argparse, keras\nparser = argparse.ArgumentParser()\n{options}\nargs = parser.parse_args()\n"
    program = program_of(f"{text}keras.optimizers.Adam({use})\n")
    (optimizer,) = program.optimizers
    assert optimizer.learning_rate.value == value
    if value is not None:
        assert optimizer.learning_rate.assumed
        assert optimizer.learning_rate.place is not None
        assert program.line_of(optimizer.learning_rate.place) == 3


def test_the_number_is_placed_where_it_is_written() -> None:
    program = program_of("import keras\nRATE = 5.0\nkeras.optimizers.Adam(RATE)\n")
    (optimizer,) = program.optimizers
    rate = optimizer.learning_rate
    assert rate.place is not None
    assert rate.use is not None
    assert (rate.place.text, program.line_of(rate.place)) == ("5.0", 2)
    assert (rate.use.text, program.line_of(rate.use)) == ("RATE", 3)


@pytest.mark.parametrize(
    "imports",
    [
        "import keras; from keras.layers import *; from keras.models import Sequential",
        "from tensorflow.keras.layers import Dense, Dropout; from tensorflow.keras import Sequential",
        "from tensorflow.python.keras.layers.core import Dense, Dropout; from keras.models import Sequential",
        "import tensorflow.compat.v2 as tf; Dense, Dropout = tf.keras.layers.Dense, tf.keras.layers.Dropout; "
        "Sequential = tf.keras.Sequential",
        "import keras as k; L = k.layers; Dense = L.Dense; Dropout = L.Dropout; Sequential = k.models.Sequential",
        "try:\n    from keras.layers import Dense, Dropout\n    from keras import Sequential\n"
        "except ImportError:\n    from tensorflow.keras.layers import Dense, Dropout\n"
        "    from tensorflow.keras import Sequential",
    ],
)
def test_layers_are_found_through_every_import(imports: str) -> None:
    program = program_of(
        f"{imports}\nmodel = Sequential([Dense(4), Dropout(0.2), Dense(1)])\nmodel.compile('sgd', 'mse')\n"
    )
    assert layer_names(program) == ["Dense", "Dropout", "Dense"]


@pytest.mark.parametrize(
    "lines",
    [
        "model = keras.Sequential()\nmodel.add(layers.Dense(4))\nmodel.add(layers.Dropout(0.2))\n"
        "model.add(layers.Dense(1))",
        "model = keras.Sequential()\n"
        "for layer in [layers.Dense(4), layers.Dropout(0.2), layers.Dense(1)]:\n    model.add(layer)",
        "stack = [layers.Dense(4), layers.Dropout(0.2)]\nstack.append(layers.Dense(1))\n"
        "model = keras.Sequential(stack)",
        "def block(model):\n    model.add(layers.Dense(4))\n    model.add(layers.Dropout(0.2))\n"
        "model = keras.Sequential()\nblock(model)\nmodel.add(layers.Dense(1))",
        "i = keras.Input((3,))\nx = layers.Dense(4)(i)\nx = layers.Dropout(0.2)(x)\n"
        "model = keras.Model(i, layers.Dense(1)(x))",
        "def block(x):\n    return layers.Dropout(0.2)(layers.Dense(4)(x))\n"
        "i = keras.Input((3,))\nmodel = keras.Model(inputs=i, outputs=layers.Dense(1)(block(i)))",
        "def build():\n    m = keras.Sequential([layers.Dense(4), layers.Dropout(0.2)])\n"
        "    m.add(layers.Dense(1))\n    return m\nmodel = build()",
        "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = layers.Dense(4)\n"
        "        self.b = layers.Dropout(0.2)\n        self.c = layers.Dense(1)\n    def call(self, x):\n"
        "        return self.c(self.b(self.a(x)))\nmodel = Net()",
        "inner = keras.Sequential([layers.Dense(4), layers.Dropout(0.2)])\n"
        "model = keras.Sequential([inner, layers.Dense(1)])",
    ],
    ids=["add", "loop", "list", "helper", "functional", "functional-helper", "builder", "subclass", "nested"],
)
def test_a_model_is_the_same_however_it_is_built(lines: str) -> None:
    program = program_of(f"import keras\nfrom keras import layers\n{lines}\nmodel.compile('adam', 'mse')\n")
    assert layer_names(program) == ["Dense", "Dropout", "Dense"]
    model = program.compiles[-1].model
    assert model is not None
    assert model.complete


def test_a_layer_added_on_one_path_only_leaves_the_model_incomplete() -> None:
    program = program_of(
        """
        import sys, keras
        from keras import layers
        model = keras.Sequential([layers.Dense(4)])
        if len(sys.argv) > 1:
            model.add(layers.Dense(8, activation="relu"))
        model.add(layers.Dense(1))
        model.compile("adam", "mse")
        """
    )
    model = program.compiles[0].model
    assert model is not None
    assert not model.complete


def test_a_model_chosen_by_a_branch_is_compiled_whichever_it_is() -> None:
    program = program_of(
        """
        import sys, keras
        from keras import layers
        if sys.argv[1] == "small":
            model = keras.Sequential([layers.Dense(1)])
        else:
            model = keras.Sequential([layers.Dense(9), layers.Dense(1)])
        model.compile("adam", "mse")
        """
    )
    sizes = sorted(len(each.model.layers) for each in program.compiles if each.model is not None)
    assert sizes == [1, 2]


def test_methods_that_nothing_calls_are_read_on_an_object_of_their_class() -> None:
    program = program_of(
        """
        import keras
        class Trainer:
            def __init__(self, rate=0.1):
                self.model = keras.Sequential([keras.layers.Dense(1)])
                self.rate = rate
            def train(self, x, y):
                self.model.compile(keras.optimizers.SGD(self.rate), "mse")
                self.model.fit(x, y, epochs=3)
        """
    )
    assert [fit.model.kind for fit in program.fits if fit.model] == [ModelKind.SEQUENTIAL]
    assert program.optimizers[0].learning_rate.value == 0.1


def test_compile_names_its_parts() -> None:
    program = program_of(
        SEQUENTIAL.replace(
            '"adam", "mse"', 'optimizer="rmsprop", loss=keras.losses.MeanAbsoluteError(), metrics=["acc"]'
        )
    )
    (compiled,) = program.compiles
    assert compiled.optimizer is not None
    assert compiled.optimizer.class_name == "RMSprop"
    assert [loss.name for loss in compiled.losses] == ["mean_absolute_error"]
    assert compiled.metrics is not None
    assert [metric.name for metric in compiled.metrics] == ["accuracy"]


@pytest.mark.parametrize(
    ("arguments", "has_validation"),
    [
        ("x, y, epochs=2", False),
        ("x, y, validation_split=0.1", True),
        ("x, y, validation_data=(a, b)", True),
        ("x, y, validation_split=0.0", False),
        ("x, y, validation_split=share()", None),
        ("x, y, **options()", None),
    ],
)
def test_fit_knows_whether_it_validates(arguments: str, has_validation: bool | None) -> None:
    program = program_of(
        f"import keras\nimport numpy as np\nx, y, a, b = (np.zeros((5, 2)) for i in range(4))\n"
        f"model = keras.Sequential([keras.layers.Dense(1)])\nmodel.fit({arguments})\n"
    )
    assert program.fits[0].has_validation is has_validation


STATEMENTS = st.sampled_from(
    [
        "x = keras.Input((4,))",
        "x = keras.layers.Dense(3)(x)",
        "model = keras.Model(x, x)",
        "model = keras.Sequential([x, model])",
        "model.add(model)",
        "model.compile(x, model, [x])",
        "model.fit(x, y, callbacks=[model])",
        "for x in [model, x, 1]: x.trainable = x",
        "def f(*a, **k): return f(a, k)",
        "f(x)(model)[0].y = f",
        "class A(keras.Model):\n    def call(self, x): return self(x)",
        "model = A(x)",
        "while x: x += model; break",
        "try:\n    raise x\nexcept Exception as x:\n    del x",
        "x, *y = model, x, [z for z in x]",
        "with x as (a, b): return",
        "x = {**x, 'a': model}; x['a'].layers[0] = x",
        "lambda: (yield x)",
        "import keras as model",
        "from keras import *",
        "x = x if model else -x ** 2 / 0",
        "global x; nonlocal y",
    ]
)


@given(st.lists(STATEMENTS, max_size=12))
def test_any_program_is_read_without_an_exception(statements: list[str]) -> None:
    program_of("import keras\n" + "\n".join(statements) + "\n")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    program_of("import keras\n" + text)


def test_a_scikit_learn_wrapper_trains_the_model_that_its_function_makes() -> None:
    program = program_of("""
        from keras import Sequential, layers
        from keras.datasets import mnist
        from keras.wrappers.scikit_learn import KerasClassifier

        def build(units=4):
            model = Sequential([layers.Dense(units), layers.Dense(10)])
            model.compile("adam", "categorical_crossentropy")
            return model

        (x, y), _ = mnist.load_data()
        estimator = KerasClassifier(build_fn=build, units=8, epochs=7)
        estimator.fit(x, y)
    """)
    (fit,) = program.fits
    assert fit.model is not None
    assert [layer.class_name for layer in fit.model.layers] == ["Dense", "Dense"]
    assert fit.inputs is not None
    assert fit.inputs.source == "keras.datasets.mnist.load_data"
    assert fit.targets is None, "the wrapper encodes labels itself"
    assert fit.epochs is not None


@pytest.mark.parametrize(
    ("lines", "form"),
    [
        ("y = keras.utils.to_categorical(labels)", "one-hot"),
        ("y = np.eye(10)[labels]", "one-hot"),
        ("y = np.argmax(keras.utils.to_categorical(labels), axis=1)", "integer"),
        ("y = np.random.rand(100)", "continuous"),
        ("y = np.round(np.random.rand(100))", None),
        ("y = np.sin(np.arange(9))", "continuous"),
        ("y = unknown(np.random.rand(100))", None),
        ("_, y = make_multilabel_classification()", "multi-hot"),
        ("_, y = make_moons()", "binary"),
        ("y = None\nif labels: y = np.random.rand(100)", "continuous"),
    ],
)
def test_labels_keep_the_form_that_they_were_given(lines: str, form: str | None) -> None:
    text = f"""
import keras, numpy as np, pandas as pd
from project import labels, unknown
from sklearn.datasets import make_moons, make_multilabel_classification
{lines}
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit([[0.0]], y)
"""
    targets = program_of(text).fits[-1].targets
    found = targets.labels if targets is not None else None
    assert (found.value if found is not None else None) == form


def test_a_loss_keeps_its_function_and_a_metric_its_arguments() -> None:
    text = """
import keras

def error(y_true, y_pred):
    return keras.ops.mean(y_true - y_pred)

model = keras.Sequential([keras.layers.Dense(1)])
model.compile("adam", error, metrics=["mae", keras.metrics.BinaryAccuracy(threshold=0.0)])
"""
    (compiled,) = program_of(text).compiles
    (loss,) = compiled.losses
    assert loss.function is not None
    assert loss.function.name == "error"
    named, made = compiled.metrics or ()
    assert (named.kind, made.kind) == (None, "keras.metrics.BinaryAccuracy")
    assert number(made.arguments.value("threshold")) == 0.0


def test_an_array_told_to_take_sizes_that_do_not_hold_it() -> None:
    program = program_of("""
        from keras.datasets import cifar10
        (x, y), (x_test, _) = cifar10.load_data()
        x = x.reshape(60000, 28 * 28, 3)
        x_test = x_test.reshape(-1, 32 * 32 * 3)
        y = y.repeat(3).reshape(10, 10)
    """)
    (impossible,) = program.impossible_reshapes
    assert (impossible.before, impossible.asked) == ((50000, 32, 32, 3), (60000, 784, 3))


def test_sizes_in_lists_and_a_layout_set_for_all_layers_reach_the_layer() -> None:
    program = program_of("""
        from keras import backend as K, layers
        K.set_image_dim_ordering("th")
        layers.Reshape([3, [4]])
        layers.Conv2D(4, [3, 5])
    """)
    reshape, convolution = program.layers
    assert reshape.value("target_shape") is not None
    kernel = convolution.value("kernel_size")
    assert [integer(item) for item in kernel.items] == [3, 5]  # type: ignore[union-attr]
    assert text(convolution.value("data_format")) == "channels_first"


def test_an_embedding_declares_the_length_of_its_input_and_not_its_vocabulary() -> None:
    program = program_of("""
        from keras import Sequential, layers
        model = Sequential([layers.Embedding(3000, 16, input_length=50), layers.Flatten(), layers.Dense(1)])
        model.compile("adam", "mse")
    """)
    model = program.compiles[0].model
    assert model is not None
    (source,) = [each.shape for each in model.tensors() if not each.inputs]
    assert source == (50,)


INNER = """
import keras
x = keras.Input((4,))
inner = keras.Model(x, keras.layers.Dense(2)(x))
outer = keras.Model(x, keras.layers.Dense(1)(inner(x)))
outer.compile("adam", "mse")
"""


@pytest.mark.parametrize(
    ("change", "frozen"),
    [
        ("inner.trainable = False", 1),
        ("inner.trainable = False\ninner.trainable = True", 0),
        ("for layer in inner.layers[1:]:\n    layer.trainable = False", 1),
        ("for layer in inner.layers[:1]:\n    layer.trainable = False", 0),
    ],
)
def test_freezing_an_inner_model_after_it_was_applied(change: str, frozen: int) -> None:
    (fit,) = program_of(f"{INNER}{change}\nouter.fit(a, b)\n").fits
    assert fit.model is not None
    assert sum(fit.model.is_frozen(layer) for layer in fit.model.layers) == frozen
