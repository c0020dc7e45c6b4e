"""Rule tests as data: `*.test.yaml` → cases, run on the engine alone; what fails is told with file:line:col."""

from services.operate.rule_tests.cases import Case
from services.operate.rule_tests.coverage import Coverage, coverage
from services.operate.rule_tests.files import read_cases
from services.operate.rule_tests.running import CaseResult, CaseRunner, Notification, Notifier, WarningState

__all__ = [
    "Case",
    "CaseResult",
    "CaseRunner",
    "Coverage",
    "Notification",
    "Notifier",
    "WarningState",
    "coverage",
    "read_cases",
]
