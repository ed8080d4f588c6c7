import json

import pytest

from scram_lsp.training.distributed import is_first_process


def config(kind, index, *others):
    cluster = {name: ["localhost:1"] for name in ("worker", *others)}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, True),
        ({"RANK": "0"}, True),
        ({"RANK": "1"}, False),
        ({"OMPI_COMM_WORLD_RANK": "3"}, False),
        (config("worker", 0), True),
        (config("worker", 1), False),
        (config("worker", 0, "chief"), False),
        (config("chief", 0, "chief"), True),
        (config("ps", 0), False),
        ({"TF_CONFIG": "not json"}, True),
    ],
)
def test_one_process_speaks(environment, expected):
    assert is_first_process(environment) is expected
