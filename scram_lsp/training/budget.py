"""What watching a run may cost, in time and in memory, and what it has cost so far."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator

TIME_SHARE = 0.02
"""The share of training's time that all activities together may take."""

BYTE_LIMIT = 64 * 2**20
"""Bytes that all of them together may hold in memory."""

START_ALLOWANCE = 0.3
"""Seconds they may take besides their share, so that the first steps are seen well before there is a share; less in
a run that goes on with what another has begun, see `start_allowance`."""

_PORTIONS = {
    "taking": 0.3,
    "batches": 0.3,
    "layers": 0.4,
    "weights": 0.2,
    "panel": 0.2,
    "rules": 0.3,
    "snapshots": 0.3,
    "weights between steps": 0.5,
}
"""How much of the share (and of the allowance) one activity may take, so that a cheap one, done often, leaves
room for the others. Their sum may be over one: few runs need all of them."""

_PORTION_OF_OTHERS = 0.2


def _portion(activity: str) -> float:
    return _PORTIONS.get(activity, _PORTION_OF_OTHERS)


class Budget:
    """One run's ledger. An activity is done only while the budget affords it, so costly ones come less often.

    What activities spend decides what comes next (the rules spend the time of their own thread); `hold_up` is
    for the account at the end, and counts everything for which training stood still.
    """

    def __init__(
        self,
        time_share: float = TIME_SHARE,
        byte_limit: int = BYTE_LIMIT,
        clock: Callable[[], float] = time.perf_counter,
        allowance: float = START_ALLOWANCE,
    ) -> None:
        self._share = time_share
        self._allowance = allowance
        self._byte_limit = byte_limit
        self._clock = clock
        self._began = clock()
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._usual: dict[str, float] = {}
        self._first: dict[str, float] = {}
        self._begun: set[str] = set()
        self._held: dict[str, int] = {}
        self._most_bytes = 0
        self._held_up = 0.0

    def expect(self, activity: str, seconds: float) -> None:
        """Say what the first go of an activity, which compiles, will cost about."""
        self._first[activity] = seconds

    def affords(self, activity: str) -> bool:
        """Whether the activity, at what it usually costs, still fits: its own portion and the whole share.

        A first go, which compiles, only has to be affordable for itself: it comes once, and then counts no more.
        """
        if self._share <= 0:
            return False
        available = self._allowance + self._share * self.elapsed
        if activity not in self._begun:
            return self._first.get(activity, 0.0) <= available
        next_cost = self._usual.get(activity, 0.0)
        if self._spent[activity] + next_cost > _portion(activity) * available:
            return False
        # What an activity has overdrawn, by a go that took longer than usual, holds up that activity alone.
        spent = sum(min(seconds, _portion(name) * available) for name, seconds in self._spent.items())
        return spent + next_cost <= available

    def affords_once(self, seconds: float) -> bool:
        """Whether something that comes once, and makes an activity cheaper, is a small part of the run.

        It is not while it is unknown (0) what it costs.
        """
        return 0 < seconds <= self._allowance + self._share * self.elapsed

    def usual(self, activity: str) -> float:
        """What one go of the activity usually takes, in seconds; 0 while that is not known."""
        return self._usual.get(activity, 0.0)

    def begin_anew(self, activity: str) -> None:
        """The next go is a first one again, and those after it cost something else."""
        self._begun.discard(activity)
        self._usual.pop(activity, None)
        self._first.pop(activity, None)

    def spend(self, activity: str, seconds: float) -> None:
        """Enter what one go of the activity has cost."""
        if activity not in self._begun:
            self._begun.add(activity)
            return
        before = self._usual.get(activity, seconds)
        self._usual[activity] = before + 0.25 * (seconds - before)
        self._spent[activity] += seconds

    @contextlib.contextmanager
    def spending(self, activity: str) -> Iterator[None]:
        """Enter the time of what is done inside, also when it raises."""
        begin = self._clock()
        try:
            yield
        finally:
            self.spend(activity, self._clock() - begin)

    def hold_up(self, seconds: float) -> None:
        """Enter time for which training stood still because of us, whatever for."""
        self._held_up += seconds

    def hold(self, owner: str, size: int) -> bool:
        """Whether `owner` may hold `size` bytes from now on, in place of what it held; entered if so."""
        others = sum(held for name, held in self._held.items() if name != owner)
        if others + size > self._byte_limit:
            return False
        self._held[owner] = size
        self._most_bytes = max(self._most_bytes, others + size)
        return True

    @property
    def elapsed(self) -> float:
        """Seconds since the watch began."""
        return self._clock() - self._began

    @property
    def room(self) -> int:
        """Bytes that nobody holds."""
        return max(0, self._byte_limit - sum(self._held.values()))

    def held_by(self, owner: str) -> int:
        """Bytes that `owner` holds."""
        return self._held.get(owner, 0)

    @property
    def used_share(self) -> float:
        """The time for which we held training up, over the time it took without."""
        training = self.elapsed - self._held_up
        return self._held_up / training if training > 0 else 0.0

    @property
    def used_seconds(self) -> float:
        """The time for which we held training up."""
        return self._held_up

    @property
    def used_bytes(self) -> int:
        """The most that was held at one time."""
        return self._most_bytes
