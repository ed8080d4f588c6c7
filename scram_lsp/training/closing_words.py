"""What a run says of itself when it is over: what was watched, found and checked, and what that took."""

from __future__ import annotations

import math
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from scram_analyzers.run.records import RunInfo
from scram_lsp.files import current_folder, short_path
from scram_lsp.store.location import project_folder
from scram_lsp.training.budget import Budget
from scram_lsp.training.inquiry import Inquiry
from scram_lsp.training.publication import Publication

SHORT_RUN_SECONDS = 30.0
"""A shorter run is told seconds only: what the watch takes to start says nothing about a share."""


def result_line(
    status: Literal["finished", "failed"],
    info: RunInfo,
    steps: int,
    inquiry: Inquiry,
    publication: Publication,
    budget: Budget,
) -> str:
    """How long was watched, what was found, where it is kept, and what it cost."""
    count = publication.count
    found = "nothing found" if count == 0 else f"{count} finding{'s' if count > 1 else ''}"
    ended = "" if status == "finished" else "fit did not finish; "
    where = f" ({_shown_by(info)})" if count and publication.is_stored else ""
    watched = f"watched {steps} steps, {inquiry.checks} checks on the run"
    return f"{ended}{watched}, {found}{where}{_only_in_source(inquiry, info)}; {_cost(budget)}"


def _shown_by(info: RunInfo) -> str:
    """What shows the run again: a command as it can be called here, in the project that it would not find itself."""
    if "SCRAM_PACKAGES" in os.environ:  # an editor has brought scram-lsp, and nothing to call
        return "see the Runs view"
    command = ["scram"] if shutil.which("scram") else [sys.executable, "-m", "scram_lsp"]
    here, project = current_folder(), project_folder(Path(info.script))
    is_found = here is None or project_folder(here) == project
    where = [] if is_found else ["--project", short_path(project)]
    return shlex.join([*command, "runs", "show", info.run, *where])


def checks_line(inquiry: Inquiry, offs: Sequence[str]) -> str:
    """What was checked, and what could not be."""
    families = ", ".join(f"{name} ({count})" for name, count in inquiry.families.items())
    off = f"; off in this run: {'; '.join(offs)}" if offs else ""
    return f"checked {families or 'nothing'}{off}"


def _only_in_source(inquiry: Inquiry, info: RunInfo) -> str:
    count, script = inquiry.only_in_source, Path(info.script)
    where = f" (scram-lint {short_path(script)})" if script.is_file() else ""  # cells may be in no file
    return f"; {count} problem{'s' if count > 1 else ''} in the source alone{where}" if count else ""


def _cost(budget: Budget) -> str:
    megabytes = math.ceil(budget.used_bytes / 2**20)
    share = "" if budget.elapsed < SHORT_RUN_SECONDS else f" ({100 * budget.used_share:.1f}% of the time)"
    return f"scram used {budget.used_seconds:.1f} s{share} and {megabytes} MB"
