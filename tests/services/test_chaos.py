"""A short storm (``bench/chaos.py``): nothing is lost, doubled or left silent, whatever is killed, emptied or cut."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.conftest import BROKERS, need


pytestmark = pytest.mark.services
ROOT = Path(__file__).parents[2]
DELIVERIES = 75  # on each broker
HARMS = 12


@pytest.fixture(scope="module", params=BROKERS)
def storm(request, tmp_path_factory):
    """The figures of a storm on this broker, and what the bench said."""
    need("PostgreSQL", 5432)
    need(request.param, BROKERS[request.param][1])
    figures = tmp_path_factory.mktemp("chaos") / "figures.json"
    order = ["--deliveries", str(DELIVERIES), "--seconds", "30", "--scale", "20", "--every", "2", "--without-naive"]
    order += ["--harms", str(HARMS)]  # however slow the machine is
    done = subprocess.run(
        [sys.executable, "bench/chaos.py", *order, "--broker", request.param, "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert figures.exists(), done.stderr
    return json.loads(figures.read_text()), done


def tallies(storm):
    """What became of the deliveries, for each kind of network."""
    [result] = storm[0]["results"]
    return list(result["ours"]["kinds"].values())


def test_nothing_is_lost_doubled_or_silent(storm):
    figures, done = storm
    [result] = figures["results"]
    assert result["ours"]["wrong"] == [], done.stdout + done.stderr
    assert done.returncode == 0
    ours = tallies(storm)
    assert sum(tally.get(what, 0) for tally in ours for what in ("lost", "doubled", "silent", "ghosts")) == 0
    assert sum(tally["wanted"] for tally in ours) == DELIVERIES


def test_it_was_a_storm(storm):
    [result] = storm[0]["results"]
    assert sum(result["harm"].values()) >= HARMS
    assert sum(result["faults"].values()) >= 5
    assert sum(result["starts"].values()) > len(result["starts"])


def test_most_were_posted_without_a_person(storm):
    ours = tallies(storm)
    assert sum(tally["posted"] for tally in ours) >= 0.8 * DELIVERIES
