from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from scram_analyzers.findings import (
    Applicability,
    Confidence,
    Finding,
    Fix,
    Origin,
    RelatedPlace,
    RunMoment,
    Severity,
    SourceRange,
    TextEdit,
)
from scram_lsp.finding_json import finding_from_json
from scram_lsp.reporters import FORMATS, Reported, load_reporter

TEXT = "import keras\n\nmodel.compile(keras.optimizers.Adam(1e10), loss='mse')\n"
PLACE = SourceRange.of(3, 36, 3, 40)
FIX = Fix("Set the learning rate to 0.001", Applicability.UNSAFE, (TextEdit(PLACE, "0.001"),))


def finding(filename: str, **changes: object) -> Finding:
    values: dict[str, object] = {
        "code": "SCR101",
        "name": "learning-rate-too-high",
        "severity": Severity.ERROR,
        "confidence": Confidence.HIGH,
        "message": "Adam's learning rate is 1e10.",
        "why": "Every step overshoots.",
        "how": "Use 0.001.",
        "filename": filename,
        "range": PLACE,
    }
    return Finding(**{**values, **changes})  # type: ignore[arg-type]


def printed(output_format: str, *reported: Reported) -> str:
    stream = io.StringIO()
    load_reporter(output_format)(
        reported, lambda name, cell: TEXT if name.endswith(("train.py", "train.ipynb")) else None, stream
    )
    return stream.getvalue()


def test_full_says_where_what_why_how_and_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    filename = str(tmp_path / "train.py")
    related = RelatedPlace("The loss is set here.", filename, SourceRange.of(3, 48, 3, 53))
    text = printed("full", Reported(finding(filename, related=(related,), recipe="Adam(\n    0.001\n)"), FIX))
    assert text == (
        "train.py:3:37: error SCR101 learning-rate-too-high\n"
        "Adam's learning rate is 1e10.\n"
        "  |\n"
        "1 | import keras\n"
        "2 |\n"
        "3 | model.compile(keras.optimizers.Adam(1e10), loss='mse')\n"
        "  |                                     ^^^^\n"
        "  |\n"
        "note: The loss is set here.\n"
        " --> train.py:3:49\n"
        "  |\n"
        "3 | model.compile(keras.optimizers.Adam(1e10), loss='mse')\n"
        "  |                                                 -----\n"
        "  |\n"
        "why: Every step overshoots.\n"
        "how: Use 0.001.\n"
        "try: Adam(\n"
        "         0.001\n"
        "     )\n"
        "fix: Set the learning rate to 0.001 (changes what the program does; with --fix\n"
        "     --unsafe-fixes)\n"
        "\n"
    )


def test_full_says_when_a_run_showed_it() -> None:
    moment = RunMoment("run-1", step=3, epoch=1)
    text = printed("full", Reported(finding("train.py", origin=Origin.RUN, moment=moment), None))
    assert text.splitlines()[0] == "train.py:3:37: error SCR101 learning-rate-too-high (seen in a run, epoch 1, step 3)"


def test_full_shows_no_source_that_it_does_not_have() -> None:
    assert " | " not in printed("full", Reported(finding("gone"), None))


def test_full_wraps_prose_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = printed("full", Reported(finding("gone", why="word " * 30), None))
    assert max(map(len, text.splitlines()[1:])) <= 40
    assert "\n     word" in text


def test_full_is_coloured_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" not in printed("full", Reported(finding("train.py"), None))
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;31merror" in printed("full", Reported(finding("train.py"), None))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in printed("full", Reported(finding("train.py"), None))


def test_a_program_can_not_steer_the_terminal() -> None:
    hostile = finding("\x1b[2Jtrain.py", message="a [bold]message[/] \x1b[2J :smile:", recipe="\x1b[2J")
    for output_format in FORMATS:
        text = printed(output_format, Reported(hostile, None))
        assert "\x1b" not in text
        assert "[bold]message[/]" in text
        assert ":smile:" in text


def test_concise_is_one_line_and_stars_safe_fixes() -> None:
    safe = Fix("Mend it", Applicability.SAFE, (TextEdit(PLACE, ""),))
    text = printed(
        "concise",
        Reported(finding("train.py", message="Two\nlines."), FIX),
        Reported(finding("train.py"), safe),
    )
    assert text == ("train.py:3:37: SCR101 Two lines.\ntrain.py:3:37: SCR101 [*] Adam's learning rate is 1e10.\n")


def test_a_notebooks_findings_are_on_their_cells() -> None:
    related = RelatedPlace("The loss is set here.", "train.ipynb", SourceRange.of(3, 48, 3, 53), cell=7)
    reported = Reported(finding("train.ipynb", cell=4, related=(related,)), None)
    assert printed("concise", reported).startswith("train.ipynb:cell 4:3:37: SCR101 ")
    full = printed("full", reported)
    assert full.startswith("train.ipynb:cell 4:3:37: error SCR101 ")
    assert "\n --> train.ipynb:cell 7:3:49\n" in full


def test_json_is_a_list_that_reads_back() -> None:
    assert json.loads(printed("json")) == []
    (data,) = json.loads(printed("json", Reported(finding("train.py"), FIX)))
    assert finding_from_json(data) == (finding("train.py"), FIX)


def test_github_annotates_the_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = finding(
        str(tmp_path / "a,b.py"), message="100% of\nit.", severity=Severity.HINT, range=SourceRange.of(3, 0, 4, 1)
    )
    text = printed("github", Reported(finding(str(tmp_path / "train.py")), FIX), Reported(odd, None))
    assert text == (
        "::error title=scram (SCR101),file=train.py,line=3,endLine=3,col=37,endColumn=41"
        "::train.py:3:37: SCR101 Adam's learning rate is 1e10.%0AUse 0.001.\n"
        "::notice title=scram (SCR101),file=a%2Cb.py,line=3,endLine=4"
        "::a,b.py:3:1: SCR101 100%25 of%0Ait.%0AUse 0.001.\n"
    )


def test_sarif_holds_rules_places_and_fixes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    filename = str(tmp_path / "my code" / "train.py")
    related = RelatedPlace("The loss is set here.", filename, SourceRange.of(3, 48, 3, 53))
    other = finding("/elsewhere/train.ipynb", code="SCR001", severity=Severity.INFO, cell=2)
    log = json.loads(printed("sarif", Reported(finding(filename, related=(related,)), FIX), Reported(other, FIX)))
    (run,) = log["runs"]
    assert [each["id"] for each in run["tool"]["driver"]["rules"]] == ["SCR101", "SCR001"]
    first, second = run["results"]
    assert (first["ruleIndex"], first["level"], second["ruleIndex"], second["level"]) == (0, "error", 1, "note")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "my%20code/train.py"}
    assert place["region"] == {"startLine": 3, "startColumn": 37, "endLine": 3, "endColumn": 41}
    assert first["relatedLocations"][0]["message"] == {"text": "The loss is set here."}
    (change,) = first["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"] == {"text": "0.001"}
    assert "fixes" not in second
    assert second["locations"][0]["logicalLocations"] == [{"name": "cell 2, line 3", "kind": "element"}]


def test_sarif_of_nothing_is_a_whole_log() -> None:
    (run,) = json.loads(printed("sarif"))["runs"]
    assert run["results"] == run["tool"]["driver"]["rules"] == []
