"""`scram-lint`: finds training mistakes in Keras programs and mends them.

What only some calls need is imported there: `--version` and `--help` answer at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from scram_lsp import __version__
from scram_lsp.cli.terminal import FAILED, keep_log_quiet, run_command, say

if TYPE_CHECKING:
    from pathlib import Path

    from scram_lsp.cli.file_checks import FileTask
    from scram_lsp.cli.text_checks import Mode
    from scram_lsp.config import Settings, SettingsLoader

COMMAND = "scram-lint"
STANDARD_INPUT = "-"

_EPILOG = """\
subcommands:
  scram-lint rule CODE|NAME|--all    explain a rule: what it reports, why, how to mend it

exit codes:
  0  nothing found, or nothing but hints
  1  findings; with --diff: there is something to fix
  2  wrong usage or configuration, a file that could not be checked, a fault of scram

Silence a finding with a comment on its statement or on the line above: # scram: ignore[SCR101]
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; with `arguments`, in a process that is somebody else's.

    Only a process of our own has classes and nodes made quickly: both change libcst for all that runs beside us.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["rule"]:
        from scram_lsp.cli.explain import main_rule

        return run_command(COMMAND, lambda: main_rule(given[1:]))
    options = _parser().parse_intermixed_args(given)
    from scram_lsp.deferred_modules import deferred_modules

    with deferred_modules(), _quick_process() if arguments is None else nullcontext():
        return run_command(COMMAND, lambda: _lint(options))


@contextmanager
def _quick_process() -> Iterator[None]:
    from scram_lsp.quick_dataclasses import quick_dataclasses

    with quick_dataclasses():
        from scram_lsp.garbage import collect_seldom
        from scram_lsp.quick_nodes import make_nodes_quickly

        collect_seldom()
        make_nodes_quickly()
        yield


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        COMMAND,
        description="Find the mistakes that make Keras training fail in silence.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("paths", nargs="*", default=["."], metavar="PATH", help="files and folders; - for standard input")
    add("--fix", action="store_true", help="apply safe fixes")
    add(
        "--unsafe-fixes",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="with --fix or --diff: also apply fixes that change what is trained",
    )
    add("--diff", action="store_true", help="show what --fix would change, and change nothing")
    add("--select", action="append", metavar="RULES", help="report only these: codes, names, prefixes (SCR1), ALL")
    add("--ignore", action="append", metavar="RULES", help="leave these out")
    add("--extend-select", action="append", metavar="RULES", help="report these besides")
    add("--output-format", metavar="FORMAT", help="full (default), concise, json, github or sarif")
    add("--statistics", action="store_true", help="count the findings of each rule")
    add("--exit-zero", action="store_true", help="exit with 0 also when there are findings")
    add("--isolated", action="store_true", help="read no configuration file")
    add("--stdin-filename", metavar="PATH", help="the file that standard input stands for")
    add("--version", action="version", version=f"{COMMAND} {__version__}")
    return parser


def _lint(options: argparse.Namespace) -> int:
    keep_log_quiet()
    from scram_lsp.cli.text_checks import Mode
    from scram_lsp.config import ConfigError

    mode = Mode.DIFF if options.diff else Mode.FIX if options.fix else Mode.REPORT
    standard_input = STANDARD_INPUT in options.paths
    if standard_input and len(options.paths) > 1:
        say(COMMAND, "standard input (-) can't be checked together with files; check them one after the other")
        return FAILED
    try:
        loader = _settings_loader(options)
        if standard_input:
            return _lint_standard_input(loader, mode, options)
        return _lint_files(loader, mode, options)
    except ConfigError as error:
        say(COMMAND, str(error))
        return FAILED


def _settings_loader(options: argparse.Namespace) -> SettingsLoader:
    from scram_lsp.config import SettingsLoader, read_layer

    table = {
        "select": _selectors(options.select),
        "ignore": _selectors(options.ignore),
        "extend-select": _selectors(options.extend_select),
        "unsafe-fixes": options.unsafe_fixes,
        "output-format": options.output_format,
    }
    given = {key: value for key, value in table.items() if value is not None}
    return SettingsLoader(read_layer(given, "command line"), isolated=options.isolated)


def _selectors(values: list[str] | None) -> list[str] | None:
    if values is None:
        return None
    return [each.strip() for value in values for each in value.split(",") if each.strip()]


def _lint_files(loader: SettingsLoader, mode: Mode, options: argparse.Namespace) -> int:
    from pathlib import Path

    from scram_lsp.cli.file_checks import check_files
    from scram_lsp.cli.lint_report import LintReport

    settings = loader.for_path(Path.cwd())
    errors: list[str] = []
    tasks = _tasks(loader, [Path(each) for each in options.paths], mode, errors)
    if not tasks and not errors:
        say(COMMAND, f"no Python files or notebooks under {', '.join(options.paths)}")
    report = LintReport(mode, settings, options, sys.stdout, errors)
    return report.print((str(task.path), checked) for task, checked in check_files(tasks))


def _tasks(loader: SettingsLoader, paths: list[Path], mode: Mode, errors: list[str]) -> list[FileTask]:
    """The files to check, with their settings; what keeps one from being checked is added to `errors`."""
    from scram_lsp.cli.file_checks import FileTask
    from scram_lsp.config import ConfigError
    from scram_lsp.files import find_files

    def settings_of(path: Path) -> Settings | None:
        try:
            return loader.for_path(path)
        except ConfigError as error:
            if str(error) not in errors:
                errors.append(str(error))
            return None

    def excluded(path: Path, is_folder: bool) -> bool:
        settings = settings_of(path.parent)
        return settings is not None and settings.excludes(path, is_folder)

    found = find_files(paths, excluded)
    errors += map(str, found.errors)
    with_settings = ((path, settings_of(path.parent)) for path in found.files)
    return [FileTask(path, settings, mode) for path, settings in with_settings if settings is not None]


def _lint_standard_input(loader: SettingsLoader, mode: Mode, options: argparse.Namespace) -> int:
    """Check what comes in; with `--fix` the mended text is printed, and the findings go to stderr."""
    from pathlib import Path

    from scram_lsp.cli.lint_report import LintReport
    from scram_lsp.cli.text_checks import Mode, check_source
    from scram_lsp.files import FileError, decode_source

    path = Path(os.path.abspath(options.stdin_filename)) if options.stdin_filename else None
    settings = loader.for_path(path.parent if path is not None else Path.cwd())
    filename = str(path) if path is not None else STANDARD_INPUT
    try:
        source = decode_source(sys.stdin.buffer.read(), options.stdin_filename or "standard input")
        checked, text = check_source(source.text, filename, path, settings, mode)
    except FileError as error:
        say(COMMAND, str(error))
        return FAILED
    if mode is Mode.FIX:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode(source.encoding))
    stream = sys.stderr if mode is Mode.FIX else sys.stdout
    return LintReport(mode, settings, options, stream).print([(filename, checked)])
