"""The model's optimizer at work on values of ours: replaying a step must not touch the one that trains."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from scram_lsp.training.model.model_values import copies, optimizer_of

Update = tuple[list[Any], list[Any]]
"""New values of the trainable variables and of the optimizer's own."""


class StatelessOptimizer:
    """On JAX and torch Keras can apply an optimizer to given values."""

    def __init__(self, model: Any) -> None:
        self._optimizer = model.optimizer

    def apply(self, trainable: Sequence[Any], own: Sequence[Any], gradients: Sequence[Any]) -> Update:
        """One update; `gradients` are those of the scaled loss, as training gives them to the optimizer."""
        # On torch the update is written into the tensors that it is given.
        trainable, own = copies(trainable), copies(own)
        new_trainable, new_own = self._optimizer.stateless_apply(own, list(gradients), trainable)
        return list(new_trainable), list(new_own)


class TensorFlowOptimizer:
    """A copy of the optimizer that works on variables of its own; on TensorFlow Keras has no other way.

    Made from the optimizer as it is, not from its configuration, so that optimizers and schedules of the user's
    own are copied too. What can't be copied raises.
    """

    def __init__(self, model: Any) -> None:
        self._trainable = [_variable_copy(each) for each in model.trainable_variables]
        originals = [*model.trainable_variables, *model.optimizer.variables]
        own = {id(each): _variable_copy(each) for each in model.optimizer.variables}
        self._own = list(own.values())
        memo: dict[int, Any] = {id(model.optimizer._distribution_strategy): model.optimizer._distribution_strategy}
        for original, replica in zip(originals, [*self._trainable, *self._own], strict=True):
            memo[id(original)] = replica
            memo[id(original.value)] = replica.value
        self._optimizer = _optimizer_copy(model.optimizer, memo)

    def apply(self, trainable: Sequence[Any], own: Sequence[Any], gradients: Sequence[Any]) -> Update:
        """One update; `gradients` are those of the scaled loss, as training gives them to the optimizer."""
        import tensorflow as tf

        for variable, value in zip([*self._trainable, *self._own], [*trainable, *own], strict=True):
            variable.assign(value)
        self._optimizer.apply(list(gradients), self._trainable)
        return (
            [tf.identity(variable.value) for variable in self._trainable],
            [tf.identity(variable.value) for variable in self._own],
        )


Optimizer = StatelessOptimizer | TensorFlowOptimizer


def optimizer_replica(model: Any) -> Optimizer:
    """The replica for this backend."""
    import keras

    return TensorFlowOptimizer(model) if keras.backend.backend() == "tensorflow" else StatelessOptimizer(model)


def learning_rate_place(model: Any) -> int | None:
    """Which of the optimizer's variables a callback sets to change the learning rate; None with a schedule."""
    optimizer = optimizer_of(model)
    if optimizer is None:
        return None
    rate = getattr(getattr(optimizer, "inner_optimizer", optimizer), "_learning_rate", None)
    places = (place for place, variable in enumerate(optimizer.variables) if variable is rate)
    return next(places, None)


def _variable_copy(variable: Any) -> Any:
    """With the name, constraint and flags of the original and a value of its own."""
    import tensorflow as tf

    replica = copy.copy(variable)
    vars(replica)["_value"] = tf.Variable(variable.value, trainable=variable.trainable, dtype=variable.value.dtype)
    return replica


def _optimizer_copy(optimizer: Any, memo: dict[int, Any]) -> Any:
    replica = object.__new__(type(optimizer))
    memo[id(optimizer)] = replica
    inner = getattr(optimizer, "inner_optimizer", None)
    if inner is not None:
        _optimizer_copy(inner, memo)
    for name, value in vars(optimizer).items():
        if not name.startswith("_self_"):  # how TensorFlow keeps track of what to save
            vars(replica)[name] = copy.deepcopy(value, memo)
    # Variables are looked up by an id that the copies do not share.
    trainable = getattr(replica, "_trainable_variables", None) or []
    vars(replica)["_trainable_variables_indices"] = {
        replica._var_key(variable): place for place, variable in enumerate(trainable)
    }
    return replica
