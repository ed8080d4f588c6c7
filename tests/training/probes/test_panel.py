import numpy as np
import pytest

from scram_lsp.training.probes import panel
from scram_lsp.training.probes.panel import PANEL_ROWS, PanelRows, confusion, output_statistics, panel_record


def test_rows_come_batch_by_batch_until_there_are_enough():
    rows = PanelRows(True)
    while not rows.is_full:
        rows.add({"a": np.ones((200, 3)), "b": np.zeros(200)}, np.arange(200))
    assert rows.count == PANEL_ROWS
    chunks = list(rows.chunks(100))
    assert [len(y) for _, y in chunks] == [100] * 5
    assert chunks[2][0]["a"].shape == (100, 3)
    assert chunks[2][1][0] == 0


def test_large_rows_are_fewer(monkeypatch):
    monkeypatch.setattr(panel, "MAX_PANEL_BYTES", 8000)
    rows = PanelRows(False)
    rows.add(np.ones((400, 10)), np.ones(400))
    assert (rows.count, rows.byte_size) == (100, 8000)
    spread = PanelRows(False)
    spread.add_at(np.arange(4000).reshape(400, 10), None, np.arange(400))
    ((x, _),) = spread.chunks(spread.count)
    assert 50 <= spread.count <= 100
    assert x[-1, 0] > 3000


def test_inputs_without_common_rows_are_refused():
    for x in ([np.ones((3, 2)), np.ones((4, 2))], "text", [[1, 2]]):
        with pytest.raises(TypeError):
            PanelRows(True).add(x, None)


def test_sparse_rows_are_refused():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError):
        PanelRows(True).add(sparse.csr_matrix(np.eye(8)), np.ones(8))


CLASSES = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]], np.float32)


@pytest.mark.parametrize(
    ("output", "target", "expected"),
    [
        (CLASSES, np.array([0, 1, 2]), ((1, 0, 0), (0, 1, 0), (0, 1, 0))),
        (CLASSES, np.array([[0], [1], [2]]), ((1, 0, 0), (0, 1, 0), (0, 1, 0))),
        (CLASSES, np.eye(3), ((1, 0, 0), (0, 1, 0), (0, 1, 0))),
        (np.array([[0.2], [0.9], [0.4]]), np.array([0, 1, 1]), ((1, 0), (1, 1))),
        (np.array([[-2.0], [3.0]]), np.array([0, 1]), ((1, 0), (0, 1))),
        (np.array([[0.2], [0.9]]), np.array([0.3, 1.2]), ()),
        (CLASSES, np.array([[0.2, 0.3, 0.5]] * 3), ()),
    ],
)
def test_confusion(output, target, expected):
    assert confusion(output, target) == expected


def test_statistics_of_an_output():
    found = output_statistics("head", CLASSES, np.array([0, 1, 2]))
    assert found.row_sum_minimum == pytest.approx(1.0)
    assert (found.target_mean, found.nonfinite) == (1.0, 0)
    broken = output_statistics("head", np.array([[np.nan, 1.0]]), None)
    assert (broken.nonfinite, broken.maximum, broken.row_sum_minimum) == (1, 1.0, None)


def test_several_outputs_are_matched_with_their_targets_in_order():
    chunk = ({"kind": CLASSES, "size": np.ones((3, 1))}, {"kind": np.array([0, 1, 2]), "size": np.zeros(3)})
    record = panel_record(5, 2, True, ["kind", "size"], [chunk, chunk])
    assert (record.rows, [output.name for output in record.outputs]) == (6, ["kind", "size"])
    assert record.outputs[0].confusion[2] == (0, 2, 0)
    assert (record.outputs[1].mean, record.outputs[1].target_mean) == (1.0, 0.0)
