"""The tables of composites: what durable-rules finds is what comparing finds, and its crash stops nothing."""

import random
import subprocess
import sys
from itertools import permutations

import pytest

from services.rules import composite
from services.rules.composite import by_comparing, keys_of, table_of

pytestmark = pytest.mark.commands

pytest.importorskip("durable", reason="durable-rules is not installed: it needs a C compiler")
CASE = ((1, (1, 1)), (2, (2, 1)), (3, (3, 1)))


def by_trying_all(cases, key):
    """Some choice of parts has at least what the case wants, one by one."""
    levels = [
        level
        for level, wanted in cases
        if any(is_enough(chosen, wanted) for chosen in permutations(map(int, key), len(wanted)))
    ]
    return max(levels, default=0)


def is_enough(chosen, wanted):
    return all(grade >= least for grade, least in zip(chosen, wanted, strict=True))


@pytest.fixture
def fresh():
    table_of.cache_clear()
    yield
    table_of.cache_clear()


@pytest.mark.parametrize("seed", range(12))
def test_chaining_comparing_and_trying_all_find_the_same(seed):
    rng = random.Random(seed)
    grades = rng.randint(1, 4)
    cases = tuple(
        (rng.randint(1, 3), tuple(sorted((rng.randint(1, grades) for _ in range(rng.randint(1, 4))), reverse=True)))
        for _ in range(rng.randint(1, 6))
    )
    keys = keys_of(cases, grades)
    found = composite._by_chaining(cases, keys)
    assert found == by_comparing(cases, keys) == {key: by_trying_all(cases, key) for key in keys}


def test_a_case_has_its_level_from_its_grades_on(fresh):
    assert dict(table_of(CASE, 3)) == {"11": 1, "21": 2, "22": 2, "31": 3, "32": 3, "33": 3}


@pytest.mark.parametrize(
    "child",
    [
        "import os; os.kill(os.getpid(), 11)", "raise SystemExit('no durable-rules')", "print('{}')", "print('[1]')",
        "print('rubbish')",
    ],
    ids=["crashes", "ends", "leaves all out", "says a list", "says rubbish"],
)  # fmt: skip
def test_without_an_answer_comparing_decides_and_says_so(monkeypatch, caplog, fresh, child):
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda _, **more: run([sys.executable, "-c", child], **more))
    assert dict(table_of(CASE, 3)) == {"11": 1, "21": 2, "22": 2, "31": 3, "32": 3, "33": 3}
    assert "durable-rules did not decide a composite" in caplog.text


def test_a_child_that_hangs_is_given_up(monkeypatch, caplog, fresh):
    run = subprocess.run
    monkeypatch.setattr(composite, "PATIENCE", 0.2)
    hanging = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(subprocess, "run", lambda _, **more: run(hanging, **more))
    assert dict(table_of(CASE, 3))["31"] == 3
    assert "timed out" in caplog.text


def test_the_child_alone_imports_durable_rules():
    code = "import sys, services.rules.composite as c; c.table_of(((1, (1,)),), 1); print('durable' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
