"""What was handed in and is not evaluated yet, in the order of time."""

import json

import pytest

from services.messages import Changes, to_ms
from tests.journals import AT, DAY, absence, append, journal


def test_what_is_not_evaluated_is_put_in_the_order_of_time_and_what_is_evaluated_stays(tmp_path):
    book = journal(tmp_path)
    append(book, [absence("heard", AT + 5 * DAY)])
    book.commit(book.end(), 0, [], Changes([], []))
    append(book, [absence("c", AT + 3 * DAY), absence("b", AT + 2 * DAY)], AT + 9 * DAY)
    append(book, [absence("heard", AT + 5 * DAY, "leave", revision=1), absence("a", AT + DAY)], AT + 8 * DAY)
    append(book, [absence("b", AT + 2 * DAY, "late", revision=2)])
    book.put_in_order()
    first, *rows = book.read(0)
    assert b'"heard"' in first[3]
    heard = [(one["id"], one.get("revision", 0)) for _, _, _, packed in rows for one in json.loads(packed)]
    assert heard == [("a", 0), ("b", 2), ("c", 0), ("heard", 1)], "of b nobody has heard: the newest word is enough"
    assert [clock for _, clock, _, _ in rows] == [to_ms(AT + 5 * DAY), to_ms(AT + 9 * DAY)]
    before = book.read(0)
    book.put_in_order()
    assert [row[2:] for row in book.read(0)[:2]] == [row[2:] for row in before[:2]], "it is in order"
    book.close()


@pytest.mark.parametrize("packed", [b"[{}]", b"\xc1", b'["\xff"]', b"[" * 3000 + b"]" * 3000])
def test_a_row_that_nobody_can_read_is_left_where_it_is(tmp_path, packed):
    book = journal(tmp_path)
    append(book, [absence("b", AT + DAY)])
    append(book, [absence("a")])
    with book.transaction() as db:
        db.execute("insert into log (clock, events, packed) values (1, 1, ?)", (packed,))
    before = book.read(0)
    book.put_in_order()
    assert book.read(0) == before
    book.close()
