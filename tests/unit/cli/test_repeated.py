import logging

from services.cli.repeated import Repeated


def test_the_same_is_said_once_a_minute_with_how_often_it_came():
    now = [0.0]
    repeated, said = Repeated(lambda: now[0]), []

    def log(text, level=logging.ERROR, name="notify", error=None):
        exc_info = None if error is None else (type(error), error, None)
        record = logging.LogRecord(name, level, "", 0, "%s", (text,), exc_info)
        if repeated.filter(record):
            said.append(record.getMessage())

    for n in range(100):
        log(f"the disk is full at {n}")
    log("the disk is full at 1", error=OSError())
    log("the broker is away")
    log("the disk is full at 1", name="rules")
    assert said == [
        "the disk is full at 0", "the disk is full at 1", "the broker is away", "the disk is full at 1"
    ]  # fmt: skip
    now[0] = 61
    log("the disk is full at 7")
    assert said[-1] == "the disk is full at 7 (99 more in 61 s)"
    log("going on", logging.INFO)
    log("going on", logging.INFO)
    assert said[-2:] == ["going on", "going on"]


def test_what_is_remembered_is_bounded():
    repeated = Repeated()
    for n in range(5_000):
        repeated.filter(logging.LogRecord("a", logging.ERROR, "", 0, "".join(map(chr, divmod(n, 100))), (), None))
    assert len(repeated._known) <= 1_000
