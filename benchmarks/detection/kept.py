"""Trainings kept in a file, a line of JSON each, so that a long measurement can be cut in pieces and gone on with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from choosing import Job
from peers.observation import Observation
from trial import Outcome

from scram_lsp.finding_json import finding_from_json, finding_to_json


class KeptOutcomes:
    """The trainings of one file. One of a program that has changed since, or was run another way, is not known."""

    def __init__(self, file: Path, through: str) -> None:
        self._file = file
        self._through = through
        self._outcomes = dict(_read(file)) if file.exists() else {}

    def outcome(self, job: Job) -> Outcome | None:
        """What came of this training when it was made, or None."""
        return self._outcomes.get(self._key(job))

    def keep(self, job: Job, outcome: Outcome) -> None:
        """Add a training to the file."""
        line = {"key": self._key(job), "name": job.subject.name, **_outcome_to_json(outcome)}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self._outcomes[self._key(job)] = outcome

    def _key(self, job: Job) -> str:
        digest = hashlib.sha256(job.planted.text.encode()).hexdigest()[:16]
        return f"{job.subject.name} seed {job.seed} through {self._through} {digest}"


def _read(file: Path) -> Iterator[tuple[str, Outcome]]:
    for line in file.read_text("utf-8").splitlines():
        data = json.loads(line)
        yield data["key"], _outcome_from_json(data)


def _outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "seconds": round(outcome.seconds, 1),
        "failure": outcome.failure,
        "notes": list(outcome.notes),
        "source": [finding_to_json(each, None) for each in outcome.source],
        "run": [finding_to_json(each, None) for each in outcome.run],
        "observations": [each.to_json() for each in outcome.observations],
    }


def _outcome_from_json(data: dict[str, Any]) -> Outcome:
    return Outcome(
        source=tuple(finding_from_json(each)[0] for each in data["source"]),
        run=tuple(finding_from_json(each)[0] for each in data["run"]),
        observations=tuple(Observation.from_json(each) for each in data["observations"]),
        failure=data["failure"],
        seconds=data["seconds"],
        notes=tuple(data["notes"]),
    )
