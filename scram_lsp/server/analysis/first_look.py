"""The first look at a text, in a process of its own that loads the analysis while the server loads the protocol."""

from __future__ import annotations

import logging
import pickle
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scram_analyzers.findings import Finding
from scram_lsp.server.analysis.text_analysis import TextAnalysis, load_analysis
from scram_lsp.server.documents.configuration import Configuration

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """A text with all that decides what is said of it: the workspace's folders, and what the editor sets."""

    filename: str
    text: str
    folders: tuple[Path, ...]
    editor_settings: Mapping[Path | None, object]


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What the source says, and the lines where its top-level code begins, as `code_starts` gives them."""

    findings: tuple[Finding, ...]
    code_starts: list[int]


def serve() -> None:
    """Answer the one question on standard input, unless that ends before: a pickle, as is the answer."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever is printed by mistake must not mix with the answer
    load_analysis()
    try:
        question: Question = pickle.load(questions)
    except EOFError:  # the server has left
        return
    pickle.dump(look(question), answers)
    answers.flush()


def look(question: Question) -> FirstLook | None:
    """The answer to a question; None when the text could not be checked, which the server then finds out itself."""
    from scram_lsp.checking import code_starts

    configuration = Configuration(lambda complaint: log.info("%s", complaint))
    configuration.take_folders(question.folders)
    for folder, section in question.editor_settings.items():
        configuration.take_editor_settings(section, folder)
    try:
        analysis = TextAnalysis(configuration, lambda: question.folders)(question.filename, question.text)
    except Exception:
        log.exception("the first look at %s failed", question.filename)
        return None
    return FirstLook(analysis.findings, code_starts(analysis.program) if analysis.program is not None else [])
