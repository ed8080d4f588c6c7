"""The language server: it joins documents, their analysis, the runs that speak to it and the client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary, WeakSet

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.exceptions import FeatureRequestError
from pygls.lsp.server import LanguageServer

from scram_analyzers.findings import Finding
from scram_analyzers.notes import RULE_FAILED
from scram_lsp import __version__
from scram_lsp.files import is_notebook
from scram_lsp.finding_json import finding_from_json
from scram_lsp.live.discovery import Announcement
from scram_lsp.live.listener import LiveListener, LiveRun
from scram_lsp.live.messages import PROTOCOL, Progress
from scram_lsp.server.actions.action_edits import ActionEdits
from scram_lsp.server.actions.code_actions import ActionClient
from scram_lsp.server.analysis.analyses import Analyses
from scram_lsp.server.analysis.text_analysis import TextAnalysis, load_analysis
from scram_lsp.server.analysis.workspace_reports import WorkspaceReports
from scram_lsp.server.documents.configuration import Configuration, is_any_ours
from scram_lsp.server.documents.documents import Document, Documents
from scram_lsp.server.documents.edits import Edit
from scram_lsp.server.documents.file_names import file_key, path_of, uri_of
from scram_lsp.server.documents.notebooks import NotebookUnit
from scram_lsp.server.documents.settings_faults import SettingsFaults
from scram_lsp.server.documents.units import ModuleUnit, Unit, Units
from scram_lsp.server.findings.live_findings import LiveFindings
from scram_lsp.server.findings.past_runs import PastRuns
from scram_lsp.server.findings.publisher import Publisher
from scram_lsp.server.opening.kept_looks import KeptLooks, shown_of
from scram_lsp.server.opening.opening import Shown
from scram_lsp.server.runs.run_board import RunBoard
from scram_lsp.server.runs.run_progress import RunProgress

if TYPE_CHECKING:
    from scram_analyzers.engine import Analysis
    from scram_analyzers.source.program import Program
    from scram_lsp.server.programs.outline import Outline

Known = TypeVar("Known")

log = logging.getLogger(__name__)

SECTION = "scram"
"""The name of the editor's settings for this server."""

RUN_PUBLISH_SECONDS = 0.05
"""The shortest time between two publications that only live findings ask for."""

STOP_TRAINING = "Stop Training"
"""The answer that ends a run whose progress was cancelled."""

NOTEBOOKS = types.NotebookDocumentSyncOptions([types.NotebookDocumentFilterWithNotebook("*")], save=True)
"""All cells of any notebook: runs count text cells too when they name one."""


@dataclass(frozen=True, slots=True)
class Analyzed:
    """An open document with the analysis of what it belongs to, of one moment."""

    document: Document
    unit: Unit
    analysis: Analysis


class ScramLanguageServer(LanguageServer):
    """The state of one server, and the audience of the runs that speak to it.

    Everything happens on the event loop but the analysis, which runs on worker threads; only the loop sends.
    `configuration` and `text_analysis` may know of this client already, and `shown` is what the opening has told it
    of texts by the time that they are opened here.
    """

    def __init__(self, configuration: Configuration, text_analysis: TextAnalysis, shown: dict[str, Shown]) -> None:
        super().__init__("scram-lsp", __version__, notebook_document_sync=NOTEBOOKS)
        self.documents = Documents()
        self.units = Units()
        self.configuration = configuration
        self.runs = LiveFindings(self.documents)
        self._past_runs = PastRuns(self.documents, self.units, self.runs, self._show_soon)
        self.publisher = Publisher(
            self.documents, self.runs, self.configuration, self.text_document_publish_diagnostics
        )
        self.analyses = Analyses(self.units, text_analysis, self._analyzed, self._analysis_failed)
        self.action_client = ActionClient()
        self.board = RunBoard(self.protocol.notify, self._places_of_runs)
        self.settings_faults = SettingsFaults(self.protocol.notify, lambda: self.configuration.faults)
        self.shutdown_requested = False
        self._listener = LiveListener(self, _read_finding)
        self._announcement: Announcement | None = None
        self._announced: tuple[Path, ...] = ()
        self.workspace_reports = WorkspaceReports(
            self.workspace_folders, self.configuration, self.publisher, self.documents
        )
        self.progress_bars = RunProgress(self.work_done_progress, self._bar_cancelled)
        self._outlines: WeakKeyDictionary[Program, Outline] = WeakKeyDictionary()
        self._asked_anew: set[Unit] = set()
        self._to_keep: WeakSet[Unit] = WeakSet()
        self._shown_before = shown
        self._kept = KeptLooks(configuration)
        self._unshown: set[Path] = set()
        self._shown_at = 0.0
        self._complaints: set[str] = set()
        self._running_loop: asyncio.AbstractEventLoop | None = None
        self._background: set[asyncio.Task[Any]] = set()

    def begin(self, params: types.InitializeParams) -> None:
        """Take in what the client can do and wants."""
        self._running_loop = asyncio.get_running_loop()
        self.configuration.complain_to(self._complain_from_worker)
        self.publisher.begin(params.capabilities, self.workspace.position_codec)
        self.action_client = ActionClient.of(params.capabilities)
        self.board.begin(params.capabilities)
        self.settings_faults.begin(params.capabilities)
        self.progress_bars.is_supported = bool(get_capability(params.capabilities, "window.work_done_progress", False))
        self.configuration.take_folders(self.workspace_folders())
        self.configuration.expect_editor_settings(params.initialization_options)

    async def ask_for_settings(self) -> None:
        """Ask the client for its settings, for everything and for each folder, and look anew where they changed."""
        folders = self.workspace_folders()
        self.configuration.take_folders(folders)
        changed = False
        if get_capability(self.client_capabilities, "workspace.configuration", False):
            scopes = [None, *(uri_of(each) for each in folders)]
            items = [types.ConfigurationItem(scope, SECTION) for scope in scopes]
            sections = await self.workspace_configuration_async(types.ConfigurationParams(items))
            if any(is_any_ours(each) for each in sections):
                await asyncio.to_thread(load_analysis)
            for folder, section in zip([None, *folders], sections, strict=False):
                if section is not None:  # the client has nothing of that name: what it said at the start holds
                    changed |= self.configuration.take_editor_settings(section, folder)
        if changed:
            self.analyze_all()

    @property
    def exit_code(self) -> int:
        """What the protocol wants this process to end with."""
        return 0 if self.shutdown_requested else 1

    def look_at_settings(self) -> None:
        """Look anew where the settings have changed on disk while nobody watched them."""
        if not self.configuration.is_as_read():
            self.analyze_all()

    async def folders_changed(self) -> None:
        """Serve the runs of the folders that are open now, under their settings."""
        self.announce_folders()
        await self.ask_for_settings()
        self.analyze_all()

    def run_in_background(self, work: Coroutine[Any, Any, Known]) -> asyncio.Task[Known]:
        """Start work that nobody waits for; a failure is told.

        What a notification brings about goes this way too: pygls keeps the task of a handler that is a coroutine
        for good when nobody waits for an answer.
        """
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background_done)
        return task

    async def listen_to_runs(self) -> None:
        """Open the live socket and announce it; without it the editor still shows what the source says."""
        try:
            port = await self._listener.start()
            self._announcement = Announcement(port, self._listener.token)
            self._announcement.publish(())
        except OSError as error:
            self._announcement = None
            self.complain(f"scram can't listen to training runs: {error}")
        self.announce_folders()

    def announce_folders(self) -> None:
        """Tell runs which folders this server serves: the workspace's, and those of open files outside it."""
        if self._announcement is None:
            return
        folders = self.workspace_folders()
        outside = {
            each.path.parent
            for each in self.documents
            if each.path is not None and not any(folder in each.path.parents for folder in folders)
        }
        served = (*folders, *sorted(outside))
        if served != self._announced:
            self._announcement.publish(served)
            self._announced = served

    def workspace_folders(self) -> list[Path]:
        """The folders that the client has open."""
        uris = [each.uri for each in list(self.workspace.folders.values())]
        if not uris and self.workspace.root_uri:
            uris = [self.workspace.root_uri]
        return [path for uri in uris if (path := path_of(uri)) is not None]

    def leave(self) -> None:
        """Withdraw what others can see of this server; it may be called more than once."""
        if self._announcement is not None:
            self._announcement.withdraw()
            self._announcement = None
        self.analyses.close()

    def opened(self, document: Document) -> None:
        """Look at a module that was just opened."""
        unit = ModuleUnit(document)
        self.units.take(unit)
        self.announce_folders()
        self.runs.opened(document)
        self.publisher.opened(document)
        shown = self._shown_before.pop(document.uri, None)
        if shown is not None:
            self.publisher.take_over(document, shown.findings, shown.result_id)
            self._asked_anew.add(unit)  # its settings may have changed since, and nobody has watched them yet
        self._to_keep.add(unit)
        self.analyses.request(unit, at_once=True)
        if document.path is not None and not self.runs.has_run_of(document.path):
            self.run_in_background(self._past_runs.load(document, document.path))

    def edited(self, document: Document, edits: Sequence[Edit]) -> None:
        """Look again at what a document belongs to, when the typing pauses."""
        self.note_edits(document, edits)
        unit = self.units.of(document.uri)
        if unit is not None:
            self._to_keep.discard(unit)  # what is not on disk will hardly be opened
            self.analyses.request(unit)

    def note_edits(self, document: Document, edits: Sequence[Edit]) -> None:
        """Move what is known of a document along with edits."""
        self.runs.edited(document, edits)
        self.publisher.edited(document, edits)

    def saved(self, document: Document) -> None:
        """The text is on disk now: the next run reads it."""
        document.note_saved()
        unit = self.units.of(document.uri)
        if unit is not None:
            self._to_keep.add(unit)
            self.analyses.request(unit, at_once=True)

    def notebook_changed(self, notebook: NotebookUnit, gone: Iterable[Document] = (), *, at_once: bool = False) -> None:
        """Look at a notebook that was opened, or whose cells or their texts have changed."""
        notebook.note_change()
        self.units.take(notebook)
        for document in gone:
            self.runs.closed(document)
            self.publisher.closed(document)
        if notebook.path is not None:
            self._show_soon(self.runs.cells_changed(notebook.path))
        self.analyses.request(notebook, at_once=at_once)

    def notebook_closed(self, notebook: NotebookUnit, gone: Iterable[Document]) -> None:
        """Let go of a notebook and its cells."""
        self.units.drop(notebook)
        self.analyses.drop(notebook)
        notebook.close()
        for document in gone:
            self.runs.closed(document)
            self.publisher.closed(document)

    def closed(self, document: Document) -> None:
        """Let go of a module that was just closed."""
        unit = self.units.of(document.uri)
        if unit is not None:
            self.units.drop(unit)
            self.analyses.drop(unit)
        self.runs.closed(document)
        self.publisher.closed(document)
        self.announce_folders()
        self.workspace_reports.note_change()

    def analyze_all(self) -> None:
        """Look at everything that is open anew, because settings have changed."""
        self._to_keep.clear()  # what is under analysis may be so under those of before
        for unit in self.units:
            self._asked_anew.add(unit)
            self.analyses.request(unit, at_once=True)
        self.workspace_reports.note_change()
        if get_capability(self.client_capabilities, "workspace.inlay_hint.refresh_support", False):
            self.workspace_inlay_hint_refresh(None, lambda answer: None)
        self.refresh_lenses()

    def refresh_lenses(self) -> None:
        """Call the client to ask for lenses again: they speak of the last run, and of settings."""
        if get_capability(self.client_capabilities, "workspace.code_lens.refresh_support", False):
            self.workspace_code_lens_refresh(None, lambda answer: None)

    async def analyzed(self, uri: str) -> Analyzed | None:
        """A document with the analysis of its present text; None when it is not open or could not be analyzed."""
        document, unit = self.documents.get(uri), self.units.of(uri)
        if document is None or unit is None:
            return None
        analysis = await self.analyses.current(unit)
        if analysis is None or self.documents.get(uri) is not document or self.units.of(uri) is not unit:
            return None
        return Analyzed(document, unit, analysis)

    async def outline(self, analyzed: Analyzed) -> Outline:
        """The layers and trainings of a document's program, read once for each analysis."""
        from scram_lsp.server.programs.outline import NO_OUTLINE, outline_of

        program = analyzed.analysis.program
        if program is None:
            return NO_OUTLINE
        known = self._outlines.get(program)
        if known is None:
            known = self._outlines[program] = await self.analyses.run(analyzed.unit, lambda: outline_of(program))
        return known

    def action_edits(self, analyzed: Analyzed) -> ActionEdits:
        """What makes the edits of the actions for a document."""
        settings = self.configuration.of(analyzed.unit.path)
        shown = self.publisher.shown(analyzed.document)
        return ActionEdits(analyzed.document, analyzed.unit, analyzed.analysis, shown, unsafe=settings.unsafe_fixes)

    def file_changed(self, path: Path) -> None:
        """A file changed on disk: what runs found in it while it is closed may not hold any more."""
        self._show_soon(self.runs.changed_on_disk(path))
        self.workspace_reports.note_change()

    def clear_run_findings(self, path: Path) -> None:
        """Show nothing more of what runs found in a file so far."""
        self._show_soon(self.runs.clear(path))

    # The audience of the live socket.

    def run_began(self, run: LiveRun) -> None:
        """A new run of a script clears what the one before it found."""
        self.run_in_background(asyncio.to_thread(load_analysis))  # what it finds is checked against the settings
        self._show_soon(self.runs.begin(run))
        self.board.began(run)
        self.refresh_lenses()

    def run_refused(self, run: LiveRun, protocol: int) -> None:
        """Tell the user, once, why a run can't be shown and what to do."""
        self.board.refused(run, protocol)
        relation = "older" if protocol < PROTOCOL else "newer"
        self.complain(
            f"A run of {run.script} can't be shown while it trains: its scram-lsp is {relation} than this language "
            "server's. Update the older one (pip install --upgrade scram-lsp)."
        )

    def run_found(self, run: LiveRun, sequence: int, finding: Finding) -> None:
        """Show a finding of a run."""
        self._show_soon(self.runs.add(run, sequence, finding))
        self.board.found(finding)

    def run_progressed(self, run: LiveRun, progress: Progress) -> None:
        """Show how far a run is."""
        self.board.progressed(run, progress)
        self.progress_bars.report(run, progress)

    def run_ended(self, run: LiveRun, status: str) -> None:
        """What a run found stays until the next one."""
        log.info("run %s %s", run.run, status)
        self.board.ended(run)
        self.refresh_lenses()
        self.progress_bars.end(run, status)

    def _bar_cancelled(self, run: LiveRun) -> None:
        if run.can_stop:
            self.run_in_background(self._ask_to_stop(run))

    async def _ask_to_stop(self, run: LiveRun) -> None:
        """End the training of a run if that is what the user wants: it can't be taken up again."""
        question = types.ShowMessageRequestParams(
            types.MessageType.Warning,
            f"Stop the training of {Path(run.script).name}? It ends after the step it is in, and the script goes on "
            "with what comes after it.",
            [types.MessageActionItem(STOP_TRAINING), types.MessageActionItem("Only hide its progress")],
        )
        answer = await self.window_show_message_request_async(question)
        if answer is not None and answer.title == STOP_TRAINING and not self._listener.stop(run):
            self.window_show_message(types.ShowMessageParams(types.MessageType.Info, "The run is over already."))

    def _places_of_runs(self) -> list[Path]:
        open_files = (each.path for each in self.documents)
        return [*self.workspace_folders(), *(path for path in open_files if path is not None)]

    # What goes wrong is said once.

    def complain(self, text: str) -> None:
        """Log what the user should know of, and tell the client the first time."""
        log.warning("%s", text)
        if text not in self._complaints:
            self._complaints.add(text)
            self.window_log_message(types.LogMessageParams(types.MessageType.Warning, text))

    def report_server_error(self, error: Exception, source: type[Exception]) -> None:
        """pygls would show each in a pop-up; a failed request answers its client itself."""
        if source is not FeatureRequestError:
            self.complain(f"scram's language server failed and goes on: {error}")

    def _complain_from_worker(self, text: str) -> None:
        assert self._running_loop is not None, "no settings are read before the client has introduced itself"
        self._running_loop.call_soon_threadsafe(self._complain_of_settings, text)

    def _complain_of_settings(self, text: str) -> None:
        self.complain(text)
        self.settings_faults.tell()

    def _background_done(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        error = task.exception() if not task.cancelled() else None
        if error is not None:
            log.error("background work failed", exc_info=error)
            self.complain(f"scram's language server failed and goes on: {error}")

    # From a text to what is shown of it.

    def _analyzed(self, unit: Unit, analysis: Analysis | None) -> None:
        self.settings_faults.tell()
        for finding in analysis.findings if analysis is not None else ():
            if finding.code == RULE_FAILED.code:
                self.complain(f"{finding.message} ({unit.filename})")
        starts: list[int] = []
        if analysis is not None and analysis.program is not None:
            from scram_lsp.checking import code_starts

            starts = code_starts(analysis.program)
        if unit in self._to_keep and analysis is not None:
            self._keep(unit, analysis)
        changed = self._show_source(unit, analysis.findings if analysis is not None else (), starts)
        anew = unit in self._asked_anew
        self._asked_anew.discard(unit)
        if changed and (anew or len(unit.documents) > 1):  # else the client asks for what it changed itself
            self._refresh_diagnostics()

    def _keep(self, unit: Unit, analysis: Analysis) -> None:
        """Keep what was found in a text that was opened or saved, for when it is opened the next time."""
        self._to_keep.discard(unit)
        if isinstance(unit, ModuleUnit) and analysis.program is not None:
            text, findings = analysis.program.text, shown_of(analysis)
            self.run_in_background(asyncio.to_thread(self._kept.keep, unit.filename, text, findings))

    def _show_source(self, unit: Unit, findings: Sequence[Finding], starts: list[int]) -> bool:
        """Publish what the source says of a unit; gives whether anything changed."""
        if isinstance(unit, ModuleUnit):
            self.publisher.note_code_starts(unit.document, starts)
        return self.publisher.set_source_findings(unit, findings)

    def _analysis_failed(self, unit: Unit, error: Exception) -> None:
        log.error("the analysis of %s failed", unit.filename, exc_info=error)
        fault = f"{type(error).__name__}: {error}"
        self.complain(f"scram could not check {unit.filename} because of its own fault: {fault}")

    def _refresh_diagnostics(self) -> None:
        """Call a client that asks for diagnostics to ask again."""
        if self.publisher.pulls:
            self.workspace_diagnostic_refresh(None, lambda answer: None)

    # Run findings arrive at any time.

    def _show_soon(self, paths: Iterable[Path]) -> None:
        """Publish files whose run findings changed: at once, or with others where they come in a stream."""
        paths = set(paths)
        if not paths:
            return
        loop = asyncio.get_running_loop()
        if not self._unshown:
            loop.call_at(max(loop.time(), self._shown_at + RUN_PUBLISH_SECONDS), self._show_now)
        self._unshown |= paths

    def _show_now(self) -> None:
        paths, self._unshown = self._unshown, set()
        self._shown_at = asyncio.get_running_loop().time()
        for path in paths:
            notebook = self.units.named(uri_of(path)) if is_notebook(path) else None
            for cell in notebook.documents if notebook is not None else ():
                self.publisher.publish(cell)
            document = self.documents.of_file(file_key(path))
            if document is None:
                self.publisher.publish_closed(path)
            else:  # an analysis may be on its way, but while someone types on none comes to its end
                self.publisher.publish(document)
        self.workspace_reports.note_change()
        self._refresh_diagnostics()
        self.refresh_lenses()

    def notebook_opened(self, notebook: NotebookUnit) -> None:
        """Look at a notebook that was just opened."""
        self.notebook_changed(notebook, at_once=True)
        if notebook.path is not None and not self.runs.has_run_of(notebook.path):
            self.run_in_background(self._past_runs.load_of_cells(notebook, notebook.path))


def _read_finding(data: Mapping[str, Any]) -> Finding:
    """The finding of a message; the fix beside it was made for the text of the run, so it is made anew."""
    finding, _ = finding_from_json(data)
    return finding
