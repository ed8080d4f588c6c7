"""How fast the language server answers, beside others, in one run on the same texts with the same client.

    python benchmarks/server_latency.py FOLDER [--peers BIN] [--edits 200] [--seconds 30]

FOLDER holds Python files; those that mention Keras are used: one of about 300 lines, one of about 1,000, and several
joined to 5,000. BIN is the `bin` folder of an environment with any of ruff, pylsp (with pylint) and fixit. Every
server is told of each edit as it is typed, and the time to the next diagnostics for that text is taken; the pause
that a server waits for more keystrokes is part of it. `--seconds` bounds the edits of one server in one file. In the
end each is started again with the text that it had been shown before.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scram_analyzers.source.reading.text import mentions_keras

SIZES = (300, 1_000, 5_000)
TYPING_SECONDS = 0.1
COLUMNS = (
    *("lines", "server", "start to answer", "start to first diagnostic", "of a text seen before"),
    *("edits", "p50", "p95", "p99", "CPU an edit", "memory"),
)
DEADLINE_SECONDS = 60.0
PROBE = "\nprobe = 1"
"""What the edits grow at the end of the text, a digit at a time."""

PEERS: Mapping[str, Sequence[str]] = {
    "ruff server": ("ruff", "server"),
    "pylsp + pylint": ("pylsp",),
    "fixit lsp": ("fixit", "lsp"),
}
SETTINGS: Mapping[str, Any] = {
    "pylsp": {
        "plugins": {
            "pylint": {"enabled": True, "executable": "pylint"},
            **{name: {"enabled": False} for name in ("pycodestyle", "pyflakes", "mccabe", "autopep8", "yapf")},
        }
    }
}


class Client:
    """Speaks to one server over its standard input and output, as an editor that is told of diagnostics."""

    def __init__(self, command: Sequence[str], folder: Path, kept: str) -> None:
        # An installed server's modules are compiled already, whatever is set for this process.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["XDG_CACHE_HOME"] = kept
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
        )
        self._received: queue.Queue[dict[str, Any]] = queue.Queue()
        self._folder = folder
        self._id = 0
        threading.Thread(target=self._read, daemon=True).start()

    def introduce(self) -> None:
        """The handshake; returns when the server has answered."""
        capabilities = {
            "textDocument": {"publishDiagnostics": {"versionSupport": True}, "synchronization": {}},
            "workspace": {"configuration": True},
        }
        params = {
            "processId": os.getpid(),
            "rootUri": self._folder.as_uri(),
            "workspaceFolders": [{"uri": self._folder.as_uri(), "name": "benchmark"}],
            "capabilities": capabilities,
        }
        self.request("initialize", params)
        self.notify("initialized", {})
        self.notify("workspace/didChangeConfiguration", {"settings": SETTINGS})

    def request(self, method: str, params: Any) -> None:
        """Ask, and wait for the answer."""
        self._id += 1
        self._write({"id": self._id, "method": method, "params": params})
        self._wait(lambda message: message.get("id") == self._id and "method" not in message)

    def notify(self, method: str, params: Any) -> None:
        """Tell."""
        self._write({"method": method, "params": params})

    def diagnostics(self, uri: str, version: int) -> None:
        """Wait for what the server says of this version; of any, from a server that names none."""

        def met(message: Mapping[str, Any]) -> bool:
            params = message.get("params")
            if message.get("method") != "textDocument/publishDiagnostics" or params["uri"] != uri:
                return False
            return params.get("version") in (None, version)

        self._wait(met)

    def forget(self) -> None:
        """Pass over what has come by now."""
        while not self._received.empty():
            self._received.get()

    def memory(self) -> float:
        """The resident memory of the server in MB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def cpu(self) -> float:
        """The processor time in seconds that the server has used, with processes of its own that have ended."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def settle(self) -> float:
        """Wait until the server rests: what it loads after the first answer is none of the edits'. Gives `cpu`."""
        used = -1.0
        while self.cpu() - used > 0.01:
            used = self.cpu()
            time.sleep(1.0)
        return used

    def end(self) -> None:
        """End the server."""
        self._process.kill()
        self._process.wait()

    def _wait(self, met: Any) -> None:
        end = time.monotonic() + DEADLINE_SECONDS
        while True:
            message = self._received.get(timeout=max(0.0, end - time.monotonic()))
            if "id" in message and "method" in message:
                asked = message["params"].get("items", ()) if message["method"] == "workspace/configuration" else ()
                result = [SETTINGS.get(each.get("section", "")) for each in asked] or None
                self._write({"id": message["id"], "result": result})
            if met(message):
                return

    def _write(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while True:
            length = 0
            while (header := stream.readline().strip()) != b"":
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if not length:
                return
            self._received.put(json.loads(stream.read(length)))


@dataclass(frozen=True, slots=True)
class Measured:
    """What one server needed for one text; times in seconds, memory in MB. `cpu` is that of an edit.

    `first` is where the server has never seen the text, `again` where it is started anew and has.
    """

    answer: float
    first: float
    again: float
    edits: Sequence[float]
    cpu: float
    memory: float


def measure(command: Sequence[str], file: Path, text: str, edits: int, seconds: float) -> Measured:
    """Start a server, open the text and type; then start it again with the same text."""
    with tempfile.TemporaryDirectory() as kept:
        client = Client(command, file.parent, kept)
        try:
            answer, first = opened(client, file.as_uri(), text)
            taken, cpu = typed(client, file.as_uri(), text, edits, seconds)
            memory = client.memory()
        finally:
            client.end()
        client = Client(command, file.parent, kept)
        try:
            _, again = opened(client, file.as_uri(), text)
        finally:
            client.end()
    return Measured(answer, first, again, taken, cpu, memory)


def opened(client: Client, uri: str, text: str) -> tuple[float, float]:
    """The time from the start of a server to its first answer, and to what it says of a text."""
    client.introduce()
    answered = time.monotonic()
    item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": item})
    client.diagnostics(uri, 1)
    return answered - client.began, time.monotonic() - client.began


def typed(client: Client, uri: str, text: str, edits: int, seconds: float) -> tuple[Sequence[float], float]:
    """The times from keystrokes to their diagnostics, and the processor time of one."""
    version = 1
    row = text.count("\n")
    column = len(PROBE) - 1
    used = client.settle()
    began_typing = time.monotonic()
    taken: list[float] = []
    while len(taken) < edits and time.monotonic() - began_typing < seconds:
        time.sleep(TYPING_SECONDS)
        client.forget()
        version += 1
        at = {"line": row, "character": column}
        change = {"range": {"start": at, "end": at}, "text": "1"}
        sent = time.monotonic()
        document = {"uri": uri, "version": version}
        client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        client.diagnostics(uri, version)
        taken.append(time.monotonic() - sent)
        column += 1
    return taken, (client.cpu() - used) / max(1, len(taken))


def texts(folder: Path) -> dict[int, str]:
    """A text of about each size, made of the folder's Keras files."""
    found = [
        text for file in sorted(folder.rglob("*.py")) if mentions_keras(text := file.read_text("utf-8", "replace"))
    ]
    if not found:
        sys.exit(f"no Keras files in {folder}")
    chosen: dict[int, str] = {}
    for size in SIZES:
        whole = min(found, key=lambda text: abs(text.count("\n") - size))
        for text in found if whole.count("\n") < 0.8 * size else ():
            whole += "\n" + text
            if whole.count("\n") >= size:
                break
        chosen[size] = whole + PROBE
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peers", type=Path, default=None)
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    servers: dict[str, Sequence[str]] = {"scram-lsp": (sys.executable, "-m", "scram_lsp.cli.serve")}
    for name, (program, *arguments) in PEERS.items():
        if options.peers is not None and (options.peers / program).exists():
            os.environ["PATH"] = f"{options.peers}{os.pathsep}{os.environ['PATH']}"
            servers[name] = (str(options.peers / program), *arguments)
    print(f"| {' | '.join(COLUMNS)} |")
    print(f"|---:|---|{'---:|' * (len(COLUMNS) - 2)}")
    for text in texts(options.folder).values():
        file = options.folder.absolute() / "benchmark.py"
        for name, command in servers.items():
            print(f"| {text.count(chr(10)):,} | {name} | {row(command, file, text, options)} |", flush=True)


def row(command: Sequence[str], file: Path, text: str, options: argparse.Namespace) -> str:
    """The figures of one server for one text."""
    try:
        measured = measure(command, file, text, options.edits, options.seconds)
    except (queue.Empty, OSError) as error:
        return f"no answer ({type(error).__name__})"
    cuts = statistics.quantiles(measured.edits, n=100, method="inclusive") if len(measured.edits) > 1 else []
    quantiles = [f"{1000 * cuts[each - 1]:.0f} ms" if cuts else "" for each in (50, 95, 99)]
    times = [f"{each:.2f} s" for each in (measured.answer, measured.first, measured.again)]
    return " | ".join(
        [*times, str(len(measured.edits)), *quantiles, f"{1000 * measured.cpu:.1f} ms", f"{measured.memory:.0f} MB"]
    )


if __name__ == "__main__":
    main()
