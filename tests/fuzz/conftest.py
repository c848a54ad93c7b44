"""What all fuzzing shares: a tally of each test, and a summary of them at the end.

The tallies travel with the tests' reports, so that xdist's workers need nothing more.
"""

from __future__ import annotations

import os

import pytest
import tally


@pytest.fixture(
    params=[
        0,
        *(pytest.param(n, marks=pytest.mark.full) for n in range(1, tally.PARTS)),
    ]
)
def part(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw a part of the cases, all of them with `--full`."""
    monkeypatch.setattr(tally, "PART", [request.param])


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest):
    """What the test's cases became."""
    tally.TALLIES.clear()
    yield
    data = {kind: found.as_data() for kind, found in tally.TALLIES.items()}
    request.node.user_properties.append(("fuzz", data))
    request.node.user_properties.append(("networks", dict(tally.TALLY)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    found: dict[str, tally.Tally] = {}
    networks: dict[str, float] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "teardown":
                said = dict(report.user_properties)
                _add(found, said.get("fuzz", {}))
                networks |= said.get("networks", {})
    if not found and not networks:
        return
    terminalreporter.section(f"fuzzing, {_seed()}")
    for kind, whole in found.items():
        for line in whole.lines(kind):
            terminalreporter.write_line(line)
    terminalreporter.write_line(f"networks: {networks.pop('networks', 0)}")
    for what, value in sorted(networks.items()):
        terminalreporter.write_line(f"    {what}: {value:.3g}")


def _add(found: dict[str, tally.Tally], data: dict[str, dict]) -> None:
    for kind, counts in data.items():
        found.setdefault(kind, tally.Tally()).add(tally.Tally(**counts))


def _seed() -> str:
    seed = os.environ.get("FUZZ_SEED")
    return f"seed {seed}" if seed else "always the same cases"
