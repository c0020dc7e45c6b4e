"""truth.json against what Prewarn says: differences as lines that can be read."""

import json
from collections import Counter

from tests.acceptance.exports_a import attendance, cells, exports, facts, product

_CORRECTED = {"旷课": "absent", "病假": "leave", "公假": "leave"}


def read(folder):
    return json.loads((folder / "truth.json").read_text("utf-8"))


def warnings(truth, state, when):
    """Of the open warnings; `when` is before_correction, of which only what differs is listed, or after_correction."""
    wanted = truth["warnings"]["after_correction"] | truth["warnings"][when]
    return differences(product.without_numbers_below(wanted), product.open_warnings(state), when)


def what_is_said(truth, known):
    """Of the facts, one by one."""
    return [
        line
        for fact in truth["facts"]
        for line in differences(facts.asked(fact), facts.said(fact, known), f"fact {fact['n']}")
    ]


def counts(truth, folder, known):
    """Of the counts, those of the attendance before and after the correction among them."""
    days = truth["counts"]["enrolments_on"]
    found = product.counts(known.after, known.exports, days) | {"attendance": _attendance(folder, known)}
    return differences(_comparable(truth["counts"]), found, "counts")


def _comparable(truth):
    """What was 病假 or 公假 is leave: the product has one word for it."""
    given = dict(truth["attendance"])
    given["changed_by_second_export"] = [
        one | {"from": _CORRECTED[one["from"]], "to": _CORRECTED[one["to"]]}
        for one in given["changed_by_second_export"]
    ]
    given["gone_in_second_export"] = [one | {"was": _CORRECTED[one["was"]]} for one in given["gone_in_second_export"]]
    return truth | {"attendance": given}


def _attendance(folder, known):
    before, after = known.before.attended(), known.after.attended()
    people = known.exports.college
    changed = [
        ({"student": student, "lesson": lesson}, before[lesson, student]["status"], after[lesson, student]["status"])
        for lesson, student in before
        if before[lesson, student]["status"] != after[lesson, student]["status"]
    ]
    everybody = cells.csv_rows(folder / exports.EVERYBODY, "gb18030")
    return {
        "rows_first_export": attendance.words(folder / exports.FIRST, people),
        "rows_second_export": attendance.words(folder / exports.CORRECTED, people),
        "rows_everybody": Counter(row["签到状态"] for row in everybody),
        "records_after_first_export": Counter(one["status"] for one in before.values()),
        "records_after_second_export": Counter(one["status"] for one in after.values()),
        "changed_by_second_export": [about | {"from": was, "to": is_} for about, was, is_ in changed if is_ == "leave"],
        "gone_in_second_export": [about | {"was": was} for about, was, is_ in changed if is_ != "leave"],
    }


def differences(wanted, found, place):
    """A line for each thing that differs; lists of what truth.json lists are compared whatever their order."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [
            line
            for name in sorted(wanted.keys() | found.keys())
            for line in differences(wanted.get(name), found.get(name), f"{place}, {name}")
        ]
    if isinstance(wanted, list) and isinstance(found, list) and all(isinstance(one, dict) for one in wanted):
        ours, theirs = Counter(map(_line, found)), Counter(map(_line, wanted))
        missing = [f"{place}: missing {one}" for one in (theirs - ours).elements()]
        return missing + [f"{place}: wrong {one}" for one in (ours - theirs).elements()]
    return [] if wanted == found else [f"{place}: {found!r}, truth {wanted!r}"]


def _line(one):
    """2 and 2.0 are the same."""
    whole = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value for name, value in one.items()
    }
    return json.dumps(whole, ensure_ascii=False, sort_keys=True)
