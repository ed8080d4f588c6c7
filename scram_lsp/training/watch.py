"""`scram_lsp.watch()`: every `fit` from here on is watched, and everything made is known by its place."""

from __future__ import annotations

import atexit
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

from scram_lsp.training.batch_loops import BatchLoops
from scram_lsp.training.later_questions import LaterQuestions
from scram_lsp.training.missing_package import note_of
from scram_lsp.training.places.creations import Creations
from scram_lsp.training.places.keras_hooks import Heard, KerasHooks
from scram_lsp.training.tape_loops import TapeLoops
from scram_lsp.training.unseen_loop import NOTE, trains_by_itself

if TYPE_CHECKING:
    from scram_lsp.training.callback import ScramCallback

log = logging.getLogger(__name__)

_KERAS_NAMES = frozenset(("keras", "tf_keras"))

OPTIONS_VARIABLE = "SCRAM_WATCH"
"""Set by `scram run` for the program and the processes it starts."""


class Watch:
    """The watch over this process, from `watch()` until `stop()`; also a context manager that stops at its end.

    It stands in `sys.meta_path`, where it finds no module and only hears of imports: Keras is hooked while it is
    imported, whenever that is.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self.creations = Creations()
        self.has_watched = False
        self._explained = 0
        self._options = options
        self._loops = TapeLoops(self.creations, lambda: _callback(self._options))
        self._batch_loops = BatchLoops(lambda: _callback(self._options))
        self.questions = LaterQuestions()
        heard = Heard(self._loops, self._batch_loops, self.questions)
        self._hooks = KerasHooks(self.creations, lambda: _callback(self._options), heard)

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Find nothing; the import of the next module shows that those before it are there."""
        self._hooks.apply()

    def stop(self) -> None:
        """Give everything back; a `fit` that is going on stays watched to its end."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        atexit.unregister(self._program_ends)
        self._hooks.undo()
        self.leave_loops()
        self.questions.end()

    def leave_loops(self) -> None:
        """A loop of the program's own says itself what it does: none is overheard any more."""
        self._loops.leave()
        self._batch_loops.leave()

    def leave_to_run(self, error: BaseException) -> None:
        """A run that this error has ended says what there is to say of it."""
        self._explained = id(error)

    def _program_ends(self) -> None:
        """Silence would read as if all was well."""
        main, error = sys.modules.get("__main__"), getattr(sys, "last_value", None)
        if self._options.get("quiet"):
            return
        if error is not None and id(error) != self._explained:
            self._explain(error)
        elif main is not None and not self.has_watched and trains_by_itself(vars(main)):
            print(NOTE, file=sys.stderr)

    def _explain(self, error: BaseException) -> None:
        """An error has ended the program outside of any run."""
        note = note_of(error, os.environ)
        if note is not None:
            print(note, file=sys.stderr)
        elif not _KERAS_NAMES.isdisjoint(sys.modules):
            try:
                from scram_lsp.training.console import RunConsole
                from scram_lsp.training.program_error import explain  # few programs that are watched end so

                explain(error, RunConsole(is_quiet=False))
            except Exception as fault:  # the program has an end of its own
                log.debug("could not explain an error", exc_info=fault)

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def watch(**options: Any) -> Watch:
    """Watch every `fit` of this process from here on, as if each were given `ScramCallback(**options)`.

    A `fit` that is given a `ScramCallback` keeps it. Layers, optimizers and losses made from here on are known by
    their exact place. Called again, it changes the options of the watch that is there. Raises `TypeError` for an
    option that `ScramCallback` does not have.
    """
    _callback(options)
    return _started(options)


def options_for_environment(options: Mapping[str, Any]) -> dict[str, str]:
    """The environment variable that tells another process to watch with these options."""
    return {OPTIONS_VARIABLE: json.dumps(options)}


def watch_as_told(environment: Mapping[str, str]) -> None:
    """Watch this process if `options_for_environment` says so; what can't be read is one line and no watch."""
    told = environment.get(OPTIONS_VARIABLE)
    if told is None:
        return
    try:
        _started(dict(json.loads(told)))
    except (TypeError, ValueError) as error:
        print(f"scram: not watching, because {OPTIONS_VARIABLE} can't be used: {error}", file=sys.stderr)


def current_watch() -> Watch | None:
    """The watch over this process."""
    return next((each for each in sys.meta_path if isinstance(each, Watch)), None)


def _started(options: dict[str, Any]) -> Watch:
    current = current_watch()
    if current is not None:
        current._options = options
        return current
    started = Watch(options)
    sys.meta_path.insert(0, started)
    started._hooks.apply()
    atexit.register(started._program_ends)
    return started


def _callback(options: Mapping[str, Any]) -> ScramCallback:
    from scram_lsp.training.callback import ScramCallback  # not at the top: few processes that are watched train

    return ScramCallback(**options)
