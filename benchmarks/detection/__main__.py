"""What scram finds of planted faults, and what it says of healthy programs, by training each for real.

python benchmarks/detection [--quick] [--only PATTERN ...] [--seeds N]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from choosing import PARTS, Job, chosen_jobs
from kept import KeptOutcomes
from peers.heuristics import PEERS
from planting import Plant
from scoring import Health, Score, health, score
from tables import false_alarm_lines, fault_table, health_table, miss_lines, share_lines
from trial import Outcome, process_context, read_only, run_trial

DEFAULT_SEEDS = 2
LIMIT_SECONDS = 240.0


def main() -> int:
    """Train, judge, print."""
    options = _options()
    jobs = chosen_jobs(
        options.only or ["*"],
        options.seeds or (1 if options.quick else DEFAULT_SEEDS),
        is_quick=options.quick,
        parts=[options.part] if options.part else PARTS,
    )
    if options.only_unfound_in_source:
        jobs = [job for job in jobs if not _is_found_in_source(job)]
    if not jobs:
        print(f"nothing is called like {' or '.join(options.only)}", file=sys.stderr)
        return 2
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    begin = time.monotonic()
    results = _read(jobs) if options.source_only else _train(jobs, options)
    scores = [each for each in results if isinstance(each, Score)]
    healthy = [each for each in results if isinstance(each, Health)]
    _print(scores, healthy, [] if options.source_only else list(PEERS))
    done = "programs read" if options.source_only else f"trainings, {options.jobs} at a time,"
    print(f"\n{len(results)} {done} in {(time.monotonic() - begin) / 60:.1f} minutes")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one fault of each kind, each program once, one seed")
    parser.add_argument(
        "--only", metavar="PATTERN", action="append", help="by name, such as 'digits_mlp/*' (may be repeated)"
    )
    parser.add_argument("--part", choices=PARTS, help="only the faults, or only the healthy programs")
    parser.add_argument(
        "--only-unfound-in-source", action="store_true", help="of the faults only those that the source does not show"
    )
    parser.add_argument("--seeds", type=int, metavar="N", help=f"trainings of each (default {DEFAULT_SEEDS})")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="trainings at a time")
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FILE",
        help="add each training to this file, and make none again that is in it",
    )
    parser.add_argument("--source-only", action="store_true", help="train nothing, only read the programs")
    parser.add_argument(
        "--through",
        choices=("callback", "run"),
        default="callback",
        help="run the programs with the callback that is in them, or with `scram run`",
    )
    return parser.parse_args()


def _read(jobs: Sequence[Job]) -> list[Score | Health]:
    return [_judged(job, read_only(job.planted.text, job.program)) for job in jobs if job.seed == 1]


def _is_found_in_source(job: Job) -> bool:
    if not isinstance(job.subject, Plant):
        return False
    return score(job.subject, job.planted, job.seed, read_only(job.planted.text, job.program)).is_found


def _train(jobs: Sequence[Job], options: argparse.Namespace) -> list[Score | Health]:
    context = process_context()
    kept = KeptOutcomes(options.results, options.through) if options.results else None
    with tempfile.TemporaryDirectory(prefix="scram-detection-") as folder, ThreadPoolExecutor(options.jobs) as pool:
        work = Path(folder)

        def train(number: int, job: Job) -> Score | Health:
            outcome = kept.outcome(job) if kept else None
            if outcome is None:
                text, place = job.planted.text, work / str(number)
                outcome = run_trial(text, job.program, place, context, LIMIT_SECONDS, options.through)
                print(f"{number}/{len(jobs)} {job.subject.name} {outcome.seconds:.1f} s", file=sys.stderr)
                if kept:
                    kept.keep(job, outcome)
            return _judged(job, outcome)

        return list(pool.map(train, range(1, len(jobs) + 1), jobs))


def _judged(job: Job, outcome: Outcome) -> Score | Health:
    """The judgement of a training; what is wrong with it is printed at once."""
    judged: Score | Health
    if isinstance(job.subject, Plant):
        judged = score(job.subject, job.planted, job.seed, outcome)
        lines = miss_lines(judged)
    else:
        judged = health(job.subject, job.planted.text, job.seed, outcome)
        lines = false_alarm_lines(judged)
    for line in lines:
        print(line, flush=True)
    return judged


def _print(scores: Sequence[Score], healthy: Sequence[Health], peers: Sequence[str]) -> None:
    if scores:
        print("\n" + "\n".join(fault_table(scores, peers)))
    if healthy:
        print("\n" + "\n".join(health_table(healthy, peers)))
    print("\n" + "\n".join(share_lines(scores, healthy, peers)))


if __name__ == "__main__":
    sys.exit(main())
