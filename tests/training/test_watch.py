"""`watch()` on a stand-in for Keras, with the few classes that are hooked: what it does to a process, and undoes."""

import importlib
import sys
import traceback

import pytest

import scram_lsp
from scram_lsp.training import watch as watch_module
from scram_lsp.training.watch import OPTIONS_VARIABLE, current_watch, options_for_environment, watch_as_told

MODULES = {
    "keras/__init__.py": """
        import keras.src.utils.traceback_utils
        from keras.src.ops.operation import Operation
        from keras.src.optimizers.base_optimizer import BaseOptimizer
        from keras.src.losses.loss import Loss
        from keras.src.callbacks.callback_list import CallbackList
        class Dense(Operation):
            def __init__(self, units): self.units = int(units)
        class Adam(BaseOptimizer):
            def __init__(self, rate): super().__init__(rate)
        class Model(Operation):
            def __init__(self, fault=None): self.fault = fault
            def fit(self, callbacks=None):
                callbacks = CallbackList(callbacks, add_history=True, model=self)
                if self.fault: raise self.fault
                return callbacks.callbacks
            def evaluate(self):
                return CallbackList(None, add_history=True).callbacks
        import keras.later
    """,
    "keras/later.py": "",
    "keras/src/__init__.py": "",
    "keras/src/ops/__init__.py": "",
    "keras/src/ops/operation.py": """
        class Operation:
            def __new__(cls, *args, **kwargs): return super().__new__(cls)
    """,
    "keras/src/optimizers/__init__.py": "",
    "keras/src/optimizers/base_optimizer.py": """
        class BaseOptimizer:
            def __init__(self, rate):
                if rate < 0: raise ValueError("negative")
                self.rate = rate
    """,
    "keras/src/losses/__init__.py": "from keras.src.losses.loss import Loss",
    "keras/src/losses/loss.py": """
        class Loss:
            def __init__(self, name=None): self.name = name
    """,
    "keras/src/callbacks/__init__.py": "",
    "keras/src/callbacks/callback_list.py": """
        class CallbackList:
            def __init__(self, callbacks=None, add_history=False, model=None):
                self.callbacks = list(callbacks or [])
                self._async_train = True
                self._add_default_callbacks(add_history, False)
            def _add_default_callbacks(self, add_history, add_progbar):
                if add_history: self.callbacks.append("history")
    """,
    "keras/src/utils/__init__.py": "",
    "keras/src/utils/traceback_utils.py": "_EXCLUDED_PATHS = ('keras',)",
}


class Ours(scram_lsp.ScramCallback):
    """What a watch adds to a fit."""


@pytest.fixture
def keras(tmp_path, monkeypatch):
    """A function that imports the stand-in; whatever was imported under that name before is back afterwards."""
    for name, text in MODULES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(line[8:] for line in text.split("\n")) if "\n" in text else text)
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "keras"}
    for name in kept:
        del sys.modules[name]
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(watch_module, "_callback", lambda options: Ours(**options))
    yield lambda: importlib.import_module("keras")
    if current_watch() is not None:
        current_watch().stop()
    for name in [name for name in sys.modules if name.partition(".")[0] == "keras"]:
        del sys.modules[name]
    sys.modules.update(kept)


def state_of(keras):
    """Everything that a watch wraps."""
    names = ["ops.operation", "optimizers.base_optimizer", "losses.loss", "callbacks.callback_list"]
    modules = [importlib.import_module(f"keras.src.{name}") for name in names]
    classes = [value for module in modules for value in vars(module).values() if isinstance(value, type)]
    return [dict(vars(cls)) for cls in classes]


@pytest.mark.parametrize("when", ["before Keras is imported", "after"])
def test_every_fit_gets_a_callback_and_stop_gives_everything_back(keras, when):
    if when == "after":
        before = state_of(keras())
    watched = scram_lsp.watch()
    module = keras()
    assert [type(each) for each in module.Model().fit()] == [Ours, str]
    assert module.Model().evaluate() == ["history"]
    if when == "after":
        assert state_of(module) != before
    watched.stop()
    assert module.Model().fit() == ["history"]
    if when == "after":
        assert state_of(module) == before
    assert current_watch() is None


def test_a_second_watch_is_the_first_with_new_options(keras):
    first = scram_lsp.watch()
    assert scram_lsp.watch(quiet=True) is first
    with scram_lsp.watch(quiet=True) as again:
        assert again is first
        ours, _ = keras().Model().fit()
        assert ours._console._is_quiet
        assert isinstance(ours, Ours)
    assert current_watch() is None


def test_an_option_that_there_is_not_is_an_error_at_once(keras):
    with pytest.raises(TypeError, match="colour"):
        scram_lsp.watch(colour="blue")
    assert current_watch() is None


def test_a_callback_of_the_users_own_is_kept_and_none_added(keras):
    scram_lsp.watch()
    own = scram_lsp.ScramCallback(quiet=True)
    assert keras().Model().fit([own]) == [own, "history"]


def test_hooks_run_in_order_where_keras_would_run_them_at_once(keras):
    scram_lsp.watch()
    module = keras()

    def fit():
        return module.CallbackList(None, add_history=True)

    assert fit()._async_train is False
    assert module.CallbackList(None, add_history=True)._async_train is True, "not made by a fit"


def test_everything_made_is_known_by_its_place(keras):
    watched = scram_lsp.watch()
    module = keras()
    line = sys._getframe().f_lineno
    layer = module.Dense(3)
    optimizer = module.Adam(0.1)

    def helper():
        return module.Loss()

    loss = helper()
    lines = [[point.line - line for point in watched.creations.of(each)] for each in (layer, optimizer, loss)]
    assert [each[0] for each in lines] == [1, 2, 5]
    assert lines[2][1] == 7, "and where the helper was called"
    assert watched.creations.of(object()) == ()


def test_what_is_made_is_not_kept_alive(keras):
    watched = scram_lsp.watch()
    module = keras()
    for _ in range(100):
        module.Dense(3)
    assert len(watched.creations._chains) == 0


@pytest.mark.parametrize("fault", ["layer", "optimizer", "fit"])
def test_no_frame_of_ours_is_in_a_traceback(keras, fault):
    scram_lsp.watch()
    module = keras()
    calls = {
        "layer": lambda: module.Dense("many"),
        "optimizer": lambda: module.Adam(-1),
        "fit": lambda: module.Model(ValueError("in fit")).fit(),
    }
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        calls[fault]()
    files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert not any("scram_lsp" in name for name in files)


def test_our_frames_are_among_those_that_keras_leaves_out(keras):
    scram_lsp.watch()
    utils = keras().src.utils.traceback_utils
    assert any(path in watch_module.__file__ for path in utils._EXCLUDED_PATHS)
    current_watch().stop()
    assert utils._EXCLUDED_PATHS == ("keras",)


def test_another_process_is_told_with_the_same_options(keras, capsys):
    watch_as_told({})
    assert current_watch() is None
    watch_as_told(options_for_environment({"quiet": True}))
    assert current_watch()._options == {"quiet": True}
    current_watch().stop()
    watch_as_told({OPTIONS_VARIABLE: "nonsense"})
    assert current_watch() is None
    assert capsys.readouterr().err.startswith(f"scram: not watching, because {OPTIONS_VARIABLE} can't be used")
