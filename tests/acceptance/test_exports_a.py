"""A college's own files (shared/exports/a): what counts, the facts, and the open warnings are those of its truth.json.

Of the default pack only the rules of S1, S2, S5, K1 and T1 are loaded, those that truth.json tells.

The fifteen files are made into a directory, a calendar and events by tests/acceptance/exports_a, and taken in one after
another, backwards with the directory last, and week by week by the command itself. What truth.json says and nothing
here compares: that no warning was told between two files; of S5, how many of the last four tests failed where that
warns of nothing (fewer than three); and of attendance 病假, 事假 and 公假 apart, for which there is one word, `leave`
(the rows are compared).
"""

import copy

import pytest

from tests.acceptance.exports_a import exports, facts, orders, truth
from tests.acceptance.exports_a.home import Commands, Home

NOBODY = "2601010199"

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data.parent / "exports" / "a"


@pytest.fixture(scope="module")
def wanted(folder):
    return truth.read(folder)


@pytest.fixture(scope="module")
def read(folder):
    return exports.read(folder)


@pytest.fixture(scope="module")
def written(read, tmp_path_factory):
    """(folder, events by name of the export)."""
    place = tmp_path_factory.mktemp("exports") / "a"
    return place, read.write(place)


@pytest.fixture(scope="module")
def played(read, written, tmp_path_factory):
    """The files one after another: (what is known before and after, what each file said)."""
    place, files = written
    home = Home(tmp_path_factory.mktemp("one") / "home", place / "calendar.yaml")
    home.import_directory(place / "directory")
    before, seen = orders.one_after_another(home, read, files)
    return facts.Known(read, before, home.state()), seen


def test_everything_that_is_counted_is_there_as_often(played, folder, wanted):
    assert truth.counts(wanted, folder, played[0]) == []


def test_every_fact_holds(played, wanted):
    assert truth.what_is_said(wanted, played[0]) == []


def test_the_open_warnings_are_those_before_the_correction(played, wanted):
    assert truth.warnings(wanted, played[0].before, "before_correction") == []


def test_the_open_warnings_are_those_after_the_correction(played, wanted):
    assert truth.warnings(wanted, played[0].after, "after_correction") == []


@pytest.mark.parametrize("name", [exports.FIRST, exports.CORRECTED])
def test_nobody_is_refused_with_the_row_and_counts_nowhere(played, name):
    known, seen = played
    (refused,) = seen[name][0].rejections
    assert [reason.where for reason in refused.reasons] == ["data.student"]
    assert NOBODY in str(refused.reasons[0])
    assert not [student for _, student in known.after.attended() if student == NOBODY]


def test_a_row_that_is_there_twice_counts_once(played):
    assert played[1][exports.FIRST][0].duplicate == 1


def test_only_what_was_corrected_changes_and_what_is_gone_is_taken_back(played):
    summary, gone = played[1][exports.CORRECTED]
    assert (summary.accepted, summary.rejected, gone) == (20, 1, 2)


def test_no_other_file_has_a_row_that_is_refused(played):
    refused = {name for name, (summary, _) in played[1].items() if summary.rejected}
    assert refused == {exports.FIRST, exports.CORRECTED}


def test_the_files_backwards_and_the_directory_last_end_with_the_same(read, written, wanted, played, tmp_path):
    place, files = written
    home = Home(tmp_path / "home", place / "calendar.yaml")
    orders.backwards(home, read, files)
    home.import_directory(place / "directory")
    state = home.state()
    assert truth.warnings(wanted, state, "after_correction") == []
    assert statuses(state) == statuses(played[0].after)


def test_week_by_week_and_by_the_command_ends_with_the_same(read, written, wanted, played, tmp_path):
    place, _ = written
    home = Commands(tmp_path / "home", place / "calendar.yaml")
    home.import_directory(place / "directory")
    said = orders.week_by_week(home, read, tmp_path / "weeks")
    assert "retracted 撤回 2" in said.splitlines()
    assert f"'{NOBODY}' is not a known student" in said
    assert "rows about 26010101|G0103|2026-11-03|3-4 were refused, so nothing of that is taken back" in said
    state = home.state()
    assert truth.warnings(wanted, state, "after_correction") == []
    assert statuses(state) == statuses(played[0].after)


def statuses(state):
    """Who was what in which lesson, of whom the directory knows."""
    return {key: one["status"] for key, one in state.attended().items() if key[1] != NOBODY}


def test_the_comparison_tells_what_differs(wanted, played, folder):
    """One field of each kind of warning, a count and a fact, changed: each is told in a line of its own."""
    other = copy.deepcopy(wanted)
    after = other["warnings"]["after_correction"]
    after["S1"][0]["hours"] += 1
    after["S2"]["student_course"][0]["lessons"].pop()
    after["S5"][0]["running"] += 1
    after["K1"].pop()
    after["T1"]["lessons"][0]["ended"] = "2026-09-21T18:01:00"
    other["facts"][0]["hours"] = 2
    other["counts"]["tests"]["failed"] += 1
    other["counts"]["attendance"]["gone_in_second_export"].pop()
    told = truth.warnings(other, played[0].after, "after_correction")
    assert [line.partition(": ")[2].split()[0] for line in told].count("missing") == 4
    assert [line.partition(": ")[2].split()[0] for line in told].count("wrong") == 5
    assert len(truth.what_is_said(other, played[0])) == 1
    assert len(truth.counts(other, folder, played[0])) == 2
