import numpy as np
import pytest

from scram_analyzers.run.records import LabelForm
from scram_lsp.training.data.label_form import class_counts, label_form


@pytest.mark.parametrize(
    ("labels", "form", "classes"),
    [
        ([0, 1, 1], LabelForm.BINARY, ((0.0, 1), (1.0, 2))),
        ([[0.0], [1.0]], LabelForm.BINARY, ((0.0, 1), (1.0, 1))),
        ([2, 0, 1, 2, 2, 0], LabelForm.CLASS_INDICES, ((0.0, 2), (1.0, 1), (2.0, 3))),
        ([[0, 1, 0], [0, 0, 1], [0, 1, 0]], LabelForm.ONE_HOT, ((0.0, 0), (1.0, 2), (2.0, 1))),
        ([[0, 1, 1], [0, 0, 0]], LabelForm.MULTI_HOT, ((0.0, 0), (1.0, 1), (2.0, 1))),
        ([0.5, 1.5, 2.0], LabelForm.CONTINUOUS, ()),
        ([100_000, 250_000, 313_000], LabelForm.CONTINUOUS, ()),
        (list(range(30)), LabelForm.CONTINUOUS, ()),
        ([-1, 1, -1, 1], LabelForm.CLASS_INDICES, ((-1.0, 2), (1.0, 2))),
        ([0.0, 1.0, np.nan], LabelForm.BINARY, ((0.0, 1), (1.0, 1))),
        (["a", "b"], None, ()),
        ([], None, ()),
    ],
)
def test_forms_and_counts(labels, form, classes):
    target = np.array(labels)
    assert label_form(target) is form
    assert class_counts(target, form) == classes
