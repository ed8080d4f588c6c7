"""Which process speaks for a distributed run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

_RANK_VARIABLES = ("RANK", "OMPI_COMM_WORLD_RANK")


def is_first_process(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process is the chief, so that each finding is told once; true for a run of one process."""
    ranks = (environment.get(name, "") for name in _RANK_VARIABLES)
    return all(rank in ("", "0") for rank in ranks) and _is_chief(environment.get("TF_CONFIG", ""))


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
