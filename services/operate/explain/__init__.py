"""The operators' questions put together: which standard, what does a rule say, why was somebody (not) warned.

Each needs rules and the directory, `why` also the log and notify's store; so they stand beside the composition roots.
"""

from services.operate.explain.rules import explain_rule, rule_lines
from services.operate.explain.standards import show_standards, standards_lines
from services.operate.explain.why import why, why_lines

__all__ = ["explain_rule", "rule_lines", "show_standards", "standards_lines", "why", "why_lines"]
