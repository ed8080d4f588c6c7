"""The whole job on the examples: from the source, in an editor, from the run, and mended.

Run by `make demo`. Exits with 1 when a planted mistake was missed or the healthy program was not left alone.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from editor import Editor, Publication, marked_text, shown
from lsprotocol import types
from planted import FIXED, HEALTHY, PLANTED, Planted
from rich.console import Console
from training import OPTIONS, RUNNER, Line, train

from scram_analyzers.findings import Finding
from scram_lsp.finding_json import finding_from_json

EXAMPLES = Path(__file__).resolve().parent.parent
COMMANDS = Path(sys.executable).parent
LINT = str(COMMANDS / "scram-lint")
SERVER = str(COMMANDS / "scram-lsp")
RUN_SOURCE = "scram (run)"
ANSWER_SECONDS = 20.0
LATE_SECONDS = 2.0

console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Show everything; returns the exit code."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="scram-demo-") as name:
        folder = Path(name).resolve()
        for script in (*(each.script for each in PLANTED), HEALTHY):
            shutil.copy(EXAMPLES / script, folder)
        demo = Demo(folder)
        asyncio.run(demo.show())
    heading("Result")
    for failure in demo.failures:
        console.print(f"FAILED  {failure}", style="bold red", markup=False)
    if not demo.failures:
        console.print(
            f"Each of the {len(PLANTED)} planted mistakes was found in the source and in the run, on its "
            "expression;\nthe quick fix removed one; the healthy program was left alone.",
            style="bold green",
        )
    console.print(f"({time.monotonic() - started:.0f} s)", style="dim")
    return 1 if demo.failures else 0


def heading(text: str) -> None:
    """Begin a part of the demo."""
    console.print()
    console.rule(f"[bold]{text}", align="left")


def say(text: str, style: str = "") -> None:
    """Print plain text, whatever brackets are in it."""
    console.print(text, style=style, markup=False)


class Demo:
    """One showing: prints as it goes, and keeps what was not as it should be in `failures`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.failures: list[str] = []
        self._editor = Editor(self._published)
        self._shown: set[tuple[Path, str, str]] = set()
        self._first_printed: dict[str, float] = {}
        self._first_arrived: dict[str, float] = {}

    async def show(self) -> None:
        """All parts, in order."""
        heading("1. From the source alone: scram-lint")
        self._show_lint()
        await self._editor.start(SERVER, self.folder)
        heading("2. In an editor, and again from the run that is training")
        for planted in PLANTED:
            await self._show_training(planted)
        heading("3. A healthy program stays silent, in the source and in the run")
        await self._show_healthy()
        heading("4. A quick fix, asked for and applied in the editor")
        await self._show_quick_fix(next(each for each in PLANTED if each.script == FIXED))
        await self._editor.stop()

    def _show_lint(self) -> None:
        say("$ scram-lint .", "bold")
        sys.stdout.flush()
        subprocess.run([LINT, "."], cwd=self.folder, check=False)
        found = self._lint(".")
        for planted in PLANTED:
            text = (self.folder / planted.script).read_text(encoding="utf-8")
            here = [each for each in found if Path(each.filename).name == planted.script]
            marked = [(each.code, _marked_by(each, text)) for each in here]
            self._expect(
                marked == [(planted.code, planted.expression)],
                f"scram-lint {planted.script}: {marked} instead of {planted.code} on {planted.expression!r}",
            )
        healthy = [each for each in found if Path(each.filename).name == HEALTHY]
        self._expect(not healthy, f"scram-lint {HEALTHY}: {len(healthy)} findings instead of none")

    async def _show_training(self, planted: Planted) -> None:
        script = self.folder / planted.script
        say(f"\n{planted.script} is opened in the editor", "bold")
        self._editor.open(script)
        from_source = await self._editor.wait_for(script, lambda shown: _marks(shown, planted), ANSWER_SECONDS)
        self._expect(from_source, f"editor, {planted.script}: no {planted.code} from the source")
        await self._train(script)
        from_run = await self._editor.wait_for(script, lambda shown: _marks(shown, planted, RUN_SOURCE), LATE_SECONDS)
        self._expect(from_run, f"editor, {planted.script}: no {planted.code} from the run")
        diagnostics = self._editor.diagnostics(script)
        for diagnostic in diagnostics:
            self._check_place(script, diagnostic, planted)
        self._show_delay()
        self._editor.close(script)

    async def _show_healthy(self) -> None:
        script = self.folder / HEALTHY
        say(f"\n{HEALTHY} is opened in the editor", "bold")
        self._editor.open(script)
        await self._editor.wait_for(script, lambda shown: True, ANSWER_SECONDS)
        await self._train(script)
        await asyncio.sleep(LATE_SECONDS)
        count = len(self._editor.diagnostics(script))
        self._expect(count == 0, f"editor, {HEALTHY}: {count} diagnostics instead of none")
        say(f"  editor    {count} diagnostics", "cyan")
        self._editor.close(script)

    async def _show_quick_fix(self, planted: Planted) -> None:
        script = self.folder / f"fixed_{planted.script}"
        shutil.copy(self.folder / planted.script, script)
        say(f"\n{script.name}, a copy, is opened in the editor", "bold")
        before = script.read_text(encoding="utf-8")
        self._editor.open(script)
        await self._editor.wait_for(script, lambda shown: _marks(shown, planted), ANSWER_SECONDS)
        diagnostic = next(iter(self._editor.diagnostics(script)), None)
        actions = await self._editor.quick_fixes(script, diagnostic) if diagnostic is not None else []
        if not actions:
            self._expect(False, f"no quick fix is offered for {planted.code} in {script.name}")
            return
        say(f"  editor    quick fix: {actions[0].title}", "cyan")
        after = self._editor.apply(script, actions[0])
        for line in _changed_lines(before, after):
            say(f"            {line}", "green" if line.startswith("+") else "red")
        gone = await self._editor.wait_for(script, lambda shown: not shown, ANSWER_SECONDS)
        say(f"  editor    {len(self._editor.diagnostics(script))} diagnostics", "cyan")
        script.write_text(after, encoding="utf-8")
        say(f"\n$ scram-lint {script.name}", "bold")
        sys.stdout.flush()
        subprocess.run([LINT, script.name], cwd=self.folder, check=False)
        self._expect(gone and not self._lint(script.name), f"{script.name} still has findings after the fix")

    async def _train(self, script: Path) -> None:
        say(f"$ python {RUNNER.name} {' '.join(OPTIONS)} {script.name}", "bold")
        self._first_printed.clear()
        self._first_arrived.clear()
        output: list[str] = []

        def on_line(line: Line) -> None:
            output.append(line.text)
            for code in _codes_in(line.text):
                self._first_printed.setdefault(code, line.printed)
            say(f"  terminal  {line.text}", "dim")

        code = await train(script, on_line)
        self._expect(code == 0, f"{script.name} ended with exit code {code}")

    def _published(self, publication: Publication) -> None:
        for diagnostic in publication.diagnostics:
            key = (publication.path, str(diagnostic.source), str(diagnostic.code))
            if key not in self._shown:
                self._shown.add(key)
                say(f"  editor    {shown(publication.path, diagnostic)}", "cyan")
            if diagnostic.source == RUN_SOURCE:
                self._first_arrived.setdefault(str(diagnostic.code), publication.arrived)

    def _check_place(self, script: Path, diagnostic: types.Diagnostic, planted: Planted) -> None:
        if diagnostic.code in planted.consequences:
            return
        text = marked_text(script.read_text(encoding="utf-8"), diagnostic.range)
        self._expect(
            diagnostic.code == planted.code and text == planted.expression,
            f"editor, {script.name}: {diagnostic.code} on {text!r} instead of {planted.code} on {planted.expression!r}",
        )

    def _show_delay(self) -> None:
        for code, arrived in self._first_arrived.items():
            if code in self._first_printed:
                delay = (arrived - self._first_printed[code]) * 1000
                when = f"{abs(delay):.0f} ms {'before' if delay < 0 else 'after'} the terminal"
                say(f"  {code} of the run was in the editor {when}", "dim")

    def _lint(self, path: str) -> list[Finding]:
        command = [LINT, "--output-format", "json", path]
        done = subprocess.run(command, cwd=self.folder, check=False, stdout=subprocess.PIPE, text=True)
        self._expect(done.returncode in (0, 1), f"scram-lint {path} ended with exit code {done.returncode}")
        return [finding_from_json(each)[0] for each in json.loads(done.stdout or "[]")]

    def _expect(self, holds: bool, failure: str) -> None:
        if not holds:
            self.failures.append(failure)


def _marks(diagnostics: Sequence[types.Diagnostic], planted: Planted, source: str | None = None) -> bool:
    return any(each.code == planted.code and source in (None, each.source) for each in diagnostics)


def _codes_in(line: str) -> set[str]:
    return {word.strip("[]():,") for word in line.split() if "SCR" in word}


def _marked_by(finding: Finding, text: str) -> str:
    start, end = finding.range.start, finding.range.end
    return marked_text(
        text,
        types.Range(types.Position(start.line - 1, start.column), types.Position(end.line - 1, end.column)),
    )


def _changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


if __name__ == "__main__":
    sys.exit(main())
