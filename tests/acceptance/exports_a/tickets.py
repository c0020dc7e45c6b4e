"""Tickets of the help desk: one row is several steps."""

from tests.acceptance.exports_a import cells
from tests.acceptance.exports_a.cells import moment, text
from tests.acceptance.exports_a.events import event

SOURCE = "helpdesk/tickets"
_CATEGORY = {"报修": "repair", "投诉": "complaint", "建议": "request"}


def steps(path):
    """Created, responded, resolved, rated. Whoever withdraws a ticket takes back that it was created."""
    for row in cells.csv_rows(path, "utf-8-sig"):
        if not row["报修时间"]:
            continue
        rating = int(float(text(row["评分"]).removesuffix("分"))) if row["评分"] else None
        about = {
            "ticket": row["工单号"], "category": _CATEGORY[row["类别"]], "department": row["责任部门"],
            "priority": "urgent" if row["紧急程度"] == "紧急" else "normal", "location": row["地点"],
        }  # fmt: skip
        made, done = moment(row["报修时间"]), row["完成时间"]
        withdrawn = row["状态"] == "已撤销"
        yield event(SOURCE, "ticket", made, action="created", step=1, retracted=withdrawn, **about)
        if row["受理时间"]:
            yield event(SOURCE, "ticket", moment(row["受理时间"]), action="responded", step=2, **about)
        if done:
            yield event(SOURCE, "ticket", moment(done), action="resolved", step=3, **about)
        if rating is not None:  # the file does not say when
            yield event(SOURCE, "ticket", moment(done), action="rated", step=4, rating=rating, **about)
