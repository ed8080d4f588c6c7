"""What the newest stored run of a script saw: its epochs, and the latest look at its layers."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scram_analyzers.run.records import EpochRecord, LayerObservation, ProbeRecord
from scram_lsp.server.documents.file_names import file_key
from scram_lsp.server.programs.outline import LayerUse, keras_name
from scram_lsp.store.digest import is_digest_of
from scram_lsp.store.observations import kind_of, record_from_json
from scram_lsp.store.run_store import RunStore, RunStoreError, StoredFinding, StoredRun

log = logging.getLogger(__name__)

_EPOCH = kind_of(EpochRecord(1, 0, ()))
_PROBE = kind_of(ProbeRecord(1, 1, 0, None))
_NUMBERED = re.compile(r"_\d+\Z")


@dataclass(frozen=True, slots=True)
class LastObservations:
    """A run with what it saw and found. `is_of_text` says whether the script is still the one that ran."""

    run: StoredRun
    epochs: tuple[EpochRecord, ...]
    probe: ProbeRecord | None
    findings: tuple[StoredFinding, ...]
    is_of_text: bool

    @property
    def state(self) -> str:
        """How the run stands, or how it ended: one that was interrupted has not failed in its user's eyes."""
        return "did not finish" if self.run.status == "failed" else self.run.status

    def layer(self, use: LayerUse) -> LayerObservation | None:
        """What was seen at a layer of the program, by its name or by Keras's order of names."""
        seen = self.probe.layers if self.probe is not None else ()
        if use.name is not None:
            return next((each for each in seen if each.layer == use.name), None)
        automatic = keras_name(use.class_name)
        alike = [each for each in seen if _NUMBERED.sub("", each.layer) == automatic]
        return alike[use.number] if use.number < len(alike) else None

    def gradient_norm(self, layer: str) -> float | None:
        """The norm of the gradients of all weights of a layer; None when it has none."""
        weights = self.probe.weights if self.probe is not None else ()
        norms = [each.gradient_norm for each in weights if each.layer == layer and each.gradient_norm is not None]
        return math.hypot(*norms) if norms else None

    def learning_rates(self) -> list[tuple[int, float]]:
        """The learning rate at the end of each epoch, as the optimizer had it; of older runs, as they logged it."""
        rates = (
            (each.epoch, each.value("learning_rate") if each.learning_rate is None else each.learning_rate)
            for each in self.epochs
        )
        return [(epoch, rate) for epoch, rate in rates if rate is not None]


def last_observations(script: Path, text: str) -> LastObservations | None:
    """The newest stored run of `script`, whose text (or a cell of it) is now `text`; None when there is none.

    A store that can't be read is logged.
    """
    try:
        store = RunStore.open_existing(script)
        if store is None:
            return None
        with store:
            key = file_key(script)
            run = next((each for each in store.runs() if file_key(Path(each.script)) == key), None)
            if run is None:
                return None
            epochs = tuple(each for each in _records(store, run, _EPOCH) if isinstance(each, EpochRecord))
            probes = [each for each in _records(store, run, _PROBE) if isinstance(each, ProbeRecord)]
            findings = tuple(store.standing(run.run))
    except RunStoreError as error:
        log.warning("%s", error)
        return None
    return LastObservations(
        run, epochs, probes[-1] if probes else None, findings, is_digest_of(run.script_digest, text)
    )


def _records(store: RunStore, run: StoredRun, kind: str) -> Iterator[object]:
    try:
        for each in store.observations(run.run, kind):
            yield record_from_json(each.kind, each.row)
    except ValueError as error:
        log.warning("run %s in %s: %s", run.run, store.file, error)
