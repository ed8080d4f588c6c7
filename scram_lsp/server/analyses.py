"""The analysis of open documents: on a worker thread, and only ever of the latest text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from scram_analyzers.engine import Analysis
from scram_lsp.server.documents import Document, Documents

TYPING_PAUSE_SECONDS = 0.03
"""How long after a keystroke the analysis begins; what is typed meanwhile goes into the same one."""


class Analyses:
    """Runs the analysis of each open document when it is due, and keeps the last one.

    `analyze` is called on the worker thread with a document's file name and text. `finished` is called on the
    loop, for the latest request only: what a newer one overtook is thrown away unseen. When `analyze` raises,
    `failed` is called first, and `finished` with None.
    """

    def __init__(
        self,
        documents: Documents,
        analyze: Callable[[str, str], Analysis],
        finished: Callable[[Document, Analysis | None], None],
        failed: Callable[[Document, Exception], None],
    ) -> None:
        self._documents = documents
        self._analyze = analyze
        self._finished = finished
        self._failed = failed
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scram-analysis")
        self._requests: dict[Document, int] = {}
        self._due: dict[Document, asyncio.Event] = {}
        self._tasks: dict[Document, asyncio.Task[None]] = {}
        self._latest: dict[Document, Analysis | None] = {}

    def request(self, document: Document, *, at_once: bool = False) -> None:
        """See to it that the document's present text is analyzed, after a short pause or at once."""
        self._requests[document] = self._requests.get(document, 0) + 1
        if document not in self._tasks:
            self._due[document] = asyncio.Event()
            self._tasks[document] = asyncio.get_running_loop().create_task(self._run(document))
        if at_once:
            self._due[document].set()

    def is_pending(self, document: Document) -> bool:
        """Whether an analysis is on its way that will replace the last one."""
        return document in self._tasks

    async def current(self, document: Document) -> Analysis | None:
        """The analysis of the document's present text; waits for it where it is on its way."""
        while (task := self._tasks.get(document)) is not None:
            self._due[document].set()
            await asyncio.shield(task)
        return self._latest.get(document)

    def drop(self, document: Document) -> None:
        """Forget a document that was closed."""
        self._latest.pop(document, None)
        self._requests.pop(document, None)

    def close(self) -> None:
        """Begin no further analysis."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def _run(self, document: Document) -> None:
        try:
            await self._pause(document)
            while self._is_open(document):
                request = self._requests[document]
                analysis = await self._analyze_now(document)
                if self._requests.get(document) == request:
                    break
        finally:
            del self._due[document], self._tasks[document]
        if self._is_open(document):
            self._latest[document] = analysis
            self._finished(document, analysis)

    async def _pause(self, document: Document) -> None:
        try:
            await asyncio.wait_for(self._due[document].wait(), TYPING_PAUSE_SECONDS)
        except asyncio.TimeoutError:
            return

    async def _analyze_now(self, document: Document) -> Analysis | None:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._worker, self._analyze, document.filename, document.text)
        except Exception as error:
            self._failed(document, error)
            return None

    def _is_open(self, document: Document) -> bool:
        return self._documents.get(document.uri) is document
