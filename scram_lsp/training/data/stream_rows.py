"""Rows of a stream that are met again: in every batch, with another target, or among the validation rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scram_analyzers.run.records import DataArray, LabelForm, StreamRecord
from scram_lsp.training.data.array_statistics import first_rows, is_dense, named_leaves
from scram_lsp.training.data.label_form import class_counts, label_form
from scram_lsp.training.data.row_hashes import hash_rows, with_numbered_texts
from scram_lsp.training.data.stream_columns import StreamColumns
from scram_lsp.training.data.stream_constants import StreamConstants
from scram_lsp.training.data.target_columns import MIN_ROWS
from scram_lsp.training.data.whole_arrays import describe_array

ROWS = 32
"""Rows of a batch that are kept in mind, the first ones."""

LABELLED_ROWS = 8
"""Rows of a batch from which it tells how its labels are mixed."""

FIRST_BATCHES = 16
EVERY = 4
"""The first batches of an epoch are read, and every so many of the others."""

MAX_ROWS = 20_000
"""Rows that are kept in mind in all: a few megabytes."""

MAX_ROW_BYTES = 65_536
"""Wider rows are left alone: to hash them takes longer than to train on them."""

Array = npt.NDArray[Any]


class StreamRows:
    """Sees batches as they are trained on, and once the validation rows of the panel."""

    def __init__(self) -> None:
        self._columns = StreamColumns()
        self._constants = StreamConstants(ROWS)
        self._targets: dict[int, int] = {}
        self._answers: set[int] = set()
        self._met: set[int] = set()
        self._epoch = 0
        self._seen_epoch = 0
        self._batches = 0
        self._in_epoch: set[int] = set()
        self._ambiguous: set[int] = set()
        self._first_batch: frozenset[int] = frozenset()
        self._steps = 0
        self._same_steps = 0
        self._within_epoch = False
        self._again = 0
        self._others = 0
        self._labels: Counter[float] = Counter()
        self._labelled = 0
        self._narrow: list[float] = []
        self._is_weighted = False
        self._weightless: dict[str, bool] = {}
        self._validation: tuple[int, int, tuple[tuple[float, int], ...], bool] | None = None
        self._validation_inputs: tuple[DataArray, ...] | None = None

    def look(self, batch: Any, epoch: int) -> None:
        """Read the first rows of a batch, as Keras hands it to `train_step`."""
        self._batches = self._batches + 1 if epoch == self._seen_epoch else 1
        self._seen_epoch = epoch
        if len(self._targets) >= MAX_ROWS or (self._batches > FIRST_BATCHES and self._batches % EVERY):
            return
        self._is_weighted = isinstance(batch, tuple | list) and len(batch) > 2 and batch[2] is not None
        if self._is_weighted:
            self._weigh(batch[2])
        x, y = (batch[0], batch[1]) if isinstance(batch, tuple | list) and len(batch) > 1 else (None, None)
        self._columns.look(x, y)
        self._constants.look(x)
        inputs, targets = _heads("x", x), _heads("y", y)
        if inputs is None:
            return
        hashes = [int(each) for each in hash_rows(inputs)]
        if len(self._met) < MAX_ROWS:
            self._met.update(hashes)
        answers = [int(each) for each in hash_rows(targets)] if targets is not None else []
        self._count_batch(hashes, epoch)
        if len(answers) == len(hashes):
            self._count_pairs(hashes, answers)
            self._count_labels(dict(_labels(targets or [])))

    def compare(self, parts: Iterable[tuple[Any, Any]], is_fair: bool) -> None:
        """See rows of the validation data, spread over all of them if `is_fair`."""
        rows = shared = 0
        labels: Counter[float] = Counter()
        kept = list(parts)
        if kept and self._validation_inputs is None:
            self._validation_inputs = tuple(_described([x for x, _ in kept]))
        for x, y in kept:
            inputs, targets = _heads("x", x, None), _heads("y", y, None)
            if inputs is None:
                return
            found = [int(each) in self._targets for each in hash_rows(inputs)]
            rows, shared = rows + len(found), shared + sum(found)
            labels.update(dict(_labels(targets or [])))
        self._validation = (rows, shared, tuple(sorted(labels.items())), is_fair)

    @property
    def record(self) -> StreamRecord:
        """What was seen so far."""
        rows, shared, labels, is_fair = self._validation or (0, 0, (), False)
        return StreamRecord(
            rows=len(self._targets),
            repeated_rows=len(self._ambiguous),
            same_batch_steps=self._steps if self._within_epoch and self._same_steps == self._steps else 0,
            rows_met_again=self._again,
            rows_with_other_target=self._others,
            labels=tuple(sorted(self._labels.items())),
            validation_rows=rows,
            shared_rows=shared,
            validation_labels=labels,
            is_validation_fair=is_fair,
            is_weighted=self._is_weighted,
            labelled_batches=self._labelled,
            narrow_batches=len(self._narrow),
            narrow_starts=len(set(self._narrow)),
            target_columns=self._columns.columns,
            validation_inputs=self._validation_inputs or (),
            constant_inputs=self._constants.inputs,
            weights_of_zero=tuple(name for name, are_zero in self._weightless.items() if are_zero),
        )

    @property
    def of_unknown_epochs(self) -> StreamRecord:
        """What can be told where nobody says when an epoch ends: what all rows have in common.

        The same rows may be the first ones of every batch, so that only different ones count.
        """
        rows = len(self._met)
        constant = (replace(each, rows_read=min(rows, each.rows_read)) for each in self._constants.inputs)
        columns = self._columns.columns if rows >= MIN_ROWS else ()
        return StreamRecord(rows=rows, constant_inputs=tuple(constant), target_columns=columns)

    def _count_batch(self, hashes: list[int], epoch: int) -> None:
        """Whether all batches so far hold the same rows, of which some were looked at in one epoch."""
        if epoch != self._epoch:
            self._epoch, self._in_epoch = epoch, set()
        elif self._steps:
            self._within_epoch = True
        self._first_batch = self._first_batch or frozenset(hashes)
        self._steps += 1
        self._same_steps += frozenset(hashes) == self._first_batch

    def _weigh(self, weights: Any) -> None:
        """Whether there was ever a row of a batch that counts."""
        for name, leaf in named_leaves("sample_weight", weights):
            values = first_rows(leaf, ROWS) if hasattr(leaf, "shape") else np.ones(1)
            self._weightless[name] = self._weightless.get(name, True) and not np.asarray(values).any()

    def _count_labels(self, counts: dict[float, int]) -> None:
        """How often each label came, and whether a batch holds but one, or the end of one and the begin of the next."""
        self._labels.update(counts)
        present = [label for label, count in counts.items() if count]
        if sum(counts.values()) < LABELLED_ROWS or not present:
            return
        self._labelled += 1
        if max(present) - min(present) <= 1:
            self._narrow.append(min(present))

    def _count_pairs(self, hashes: list[int], answers: list[int]) -> None:
        """Whether rows that come again have the target that they had; one that is new to all rows is no mix-up."""
        for row, answer in zip(hashes, answers, strict=True):
            if row in self._in_epoch:
                self._ambiguous.add(row)
            elif row in self._targets and row not in self._ambiguous:
                self._again += 1
                self._others += self._targets[row] != answer and answer in self._answers
            self._in_epoch.add(row)
            self._targets.setdefault(row, answer)
            self._answers.add(answer)


def _heads(name: str, structure: Any, rows: int | None = ROWS) -> list[Array] | None:
    """The first rows of each array as matrices; None where they are no rows of numbers or texts, or very wide."""
    arrays = []
    for _, leaf in named_leaves(name, structure):
        if not is_dense(leaf) or not len(getattr(leaf, "shape", ())):
            return None
        array = with_numbered_texts(first_rows(leaf, rows))
        if array.dtype.kind not in "biuf" or not array.size or array.nbytes > MAX_ROW_BYTES * len(array):
            return None
        arrays.append(array.reshape(len(array), -1))
    return arrays if arrays and len({len(each) for each in arrays}) == 1 else None


def _described(parts: Sequence[Any]) -> Iterator[DataArray]:
    """Each input of validation over all of its rows that are at hand."""
    leaves: dict[str, list[Array]] = {}
    for part in parts:
        for name, leaf in named_leaves("x", part):
            leaves.setdefault(name, []).append(np.asarray(leaf))
    for name, arrays in leaves.items():
        if len({each.shape[1:] for each in arrays}) == 1:
            yield describe_array("validation", "input", name, np.concatenate(arrays))


def _labels(targets: Sequence[Array]) -> tuple[tuple[float, int], ...]:
    """The classes of the first target that is one."""
    for target in targets:
        form = label_form(target)
        if form in (LabelForm.CLASS_INDICES, LabelForm.BINARY, LabelForm.ONE_HOT):
            return class_counts(target, form)
    return ()
