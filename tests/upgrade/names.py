"""What the present release calls what a person types or reads: the one file to edit here when such a name changes.

What stood in the fixture's files and topics at 34562ab keeps its names for ever, and so do the words of `story.py`;
this is how the present code is asked for them.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLOCKED = (sys.executable, str(ROOT / "tests" / "acceptance" / "clocked.py"))
"""`prewarn` under the clock of a file."""
CLOCK = "PREWARN_TEST_CLOCK"
HOME, RULES, PORT = "PREWARN_HOME", "PREWARN_RULES", "PREWARN_PORT"
BROKERS, PREFIX, DATABASE = "PREWARN_BROKERS", "PREWARN_TOPIC_PREFIX", "PREWARN_DATABASE_URL"
ALWAYS = {
    "PREWARN_GROUP_WAIT": "0",
    "PREWARN_GROUP_INTERVAL": "0",  # each step says what it brings
    "PREWARN_BASE_URL": "https://prewarn.example",
}
OF_THE_CLUSTER = {"PREWARN_SESSION_TIMEOUT": "10", "PREWARN_PATIENCE": "40"}

RENAMED: dict[tuple[str, str], tuple[str, str]] = {}
"""(database, table) at 34562ab → present ones, where they are others: `("notify.db", "act"): ("notify.db", "deed")`."""
UPGRADE_HOME: tuple[tuple[str, ...], ...] = ()
"""What an operator types before the present release runs on a home of 34562ab, if anything."""
UPGRADE_TOPICS: tuple[tuple[str, ...], ...] = (("topics", "apply"),)
"""The same for a cluster."""

ALL = ("run",)
INGEST, ROUTE, EVALUATE, NOTIFY = ("run", "ingest"), ("run", "route"), ("run", "evaluate"), ("run", "notify")
WARNINGS = ("warnings", "--json")
SILENCES = ("silences", "list", "--json")
REVISIONS = ("rules", "revisions")
REJECTED = ("rejected", "list")
PUBLISH, ROLL_BACK = ("rules", "publish"), ("rules", "roll-back")
IMPORT_DIRECTORY, PUBLISH_DIRECTORY = ("directory", "import"), ("directory", "publish")
SILENCE = ("silences", "add")
REJECTED_TOPIC = "campus.rejected"

POST, HEALTH = "/v1/events", "/healthz"
SENT = "outbox.log"
"""In home: what went to people without a channel."""

WARNING = {
    name: name
    for name in (
        "id",
        "rule",
        "row",
        "subject",
        "level",
        "highest_level",
        "status",
        "value",
        "threshold",
        "opened_at",
        "closed_at",
        "evidence",
        "first_event",
        "standard",
        "acknowledged_at",
        "reason",
        "measure",
        "due_at",
        "closed_by",
        "closed_reason",
        "deadline",
        "overdue_at",
        "relapse_of",
    )
}
"""Name in `expected*.json` → present name in what WARNINGS prints."""
SILENCE_FIELDS = {
    name: name
    for name in ("number", "rule", "subject", "department", "begins", "ends", "author", "comment", "in_force")
}
EVALUATED_BY, NOT_YET = r"(\d+) by rule set revision (\d+)", "not yet"
"""Of what REVISIONS prints: how many partitions of a cluster go by which."""


def editions(said):
    """The lines of REVISIONS in the words of 34562ab, where a rule set revision was called an edition."""
    found = re.findall(r"(?m)^rule set revision (\d+) \((\w+)\), (.*)", said)
    return [
        f"edition {number} (rule set {version}), {rest}".replace("back to rule set revision", "back to edition")
        for number, version, rest in found
    ]
