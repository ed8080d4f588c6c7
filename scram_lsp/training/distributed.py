"""Which process speaks for a distributed run, and what it can look at without asking the others."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from scram_lsp.training.keras_flavour import flavour_of

_RANK_VARIABLES = ("RANK", "OMPI_COMM_WORLD_RANK")
_SIZE_VARIABLES = ("WORLD_SIZE", "OMPI_COMM_WORLD_SIZE")


def is_first_process(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process is the chief, so that each finding is told once; true for a run of one process."""
    ranks = (environment.get(name, "") for name in _RANK_VARIABLES)
    return all(rank in ("", "0") for rank in ranks) and _is_chief(environment.get("TF_CONFIG", ""))


def is_only_process(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether no other process trains with this one: they would wait for ever for one that stops."""
    return all(environment.get(name, "") in ("", "1") for name in _SIZE_VARIABLES)


def _is_chief(tf_config: str) -> bool:
    """TensorFlow's own rule: the task "chief", or without one the first worker."""
    try:
        config = json.loads(tf_config or "{}")
        task, cluster = config.get("task", {}), config.get("cluster", {})
        kind, index = task.get("type", "worker"), int(task.get("index", 0))
    except (ValueError, AttributeError, TypeError):  # TensorFlow reports it where it matters
        return True
    if kind == "chief":
        return True
    return bool(kind == "worker" and index == 0 and "chief" not in cluster)


_ONE_PLACE = frozenset({"_DefaultDistributionStrategy", "OneDeviceStrategy"})
_ONE_PROCESS = _ONE_PLACE | {"MirroredStrategy"}


def strategy_name(model: Any) -> str | None:
    """The class of the `tf.distribute` strategy that the model trains under; None for none."""
    strategy = getattr(model, "distribute_strategy", None)
    return type(strategy).__name__ if strategy is not None else None


def is_within_process(model: Any) -> bool:
    """Whether all of the model is here.

    With several workers even reading a variable may wait for an answer of theirs, which never comes when they do
    not read it as well.
    """
    return strategy_name(model) in (None, *_ONE_PROCESS)


def can_take_batches(model: Any) -> bool:
    """Whether batches that were taken from the data can be handed on: Keras 2 can't take distributed ones back."""
    return is_within_process(model) and (flavour_of(model).is_current or strategy_name(model) in (None, *_ONE_PLACE))
