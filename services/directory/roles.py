"""The fixed set of role words: for what they are held, and what people call them.

Source: the plan's organisation (五横五纵, 附件 1); one table, so that a new role is one line.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from services.messages import Text

ScopeKind = Literal["college", "department", "teaching_office", "major", "class", "course", "source"]
SCOPE_KINDS: tuple[ScopeKind, ...] = get_args(ScopeKind)

# Whoever looks after a class may do so for all classes of a major, of a department or of the college.
_CLASS = ("class", "major", "department", "college")


class RoleWord(msgspec.Struct, frozen=True):
    """What a role is called, and what it can be held for."""

    title: Text
    scopes: tuple[str, ...]
    """What it is held for, nearest first: the nearest that has a holder decides; the college needs no context."""
    single: bool = False
    """One person should hold it for one thing at a time."""
    column: tuple[str, str] = ("", "")
    """The table and its column that say who holds it, where that is not `roles`."""


ROLES: dict[str, RoleWord] = {
    "class_tutor": RoleWord(Text("班主任", "class tutor"), _CLASS, single=True),
    "counsellor": RoleWord(Text("辅导员", "counsellor"), _CLASS),
    "class_mentor": RoleWord(Text("班级导师", "class mentor"), _CLASS, single=True),
    "course_teacher": RoleWord(Text("任课教师", "course teacher"), ("course",), column=("courses", "teacher")),
    "teaching_office_head": RoleWord(
        Text("教研室主任", "head of the teaching office"), ("teaching_office",), single=True
    ),
    "department_head": RoleWord(Text("系主任", "head of department"), ("department", "college"), single=True),
    "major_head": RoleWord(Text("专业负责人", "head of the major"), ("major",), single=True),
    "student_affairs": RoleWord(Text("学生工作处", "student affairs office"), ("college",)),
    "academic_affairs": RoleWord(Text("教务科技处", "academic affairs office"), ("college",)),
    "supervision_office": RoleWord(Text("督导办", "supervision office"), ("college",)),
    "quality_office": RoleWord(Text("质量管理办公室", "quality office"), ("college",)),
    "hr_office": RoleWord(Text("组织人事处", "human resources office"), ("college",)),
    "college_office": RoleWord(Text("院办", "college office"), ("college",)),
    "mental_health": RoleWord(Text("心理健康教育中心", "mental health centre"), ("college",)),
    "finance_office": RoleWord(Text("财务处", "finance office"), ("college",)),
    "college_duty": RoleWord(Text("学院值班", "college duty"), ("college",)),
    "source_owner": RoleWord(
        Text("数据源负责人", "owner of the data source"), ("source",), column=("sources", "owner")
    ),
    "rules_operator": RoleWord(Text("规则管理员", "rules operator"), ("college",)),
    "college_head": RoleWord(Text("院长", "head of the college"), ("college",), single=True),
    # Nobody is given this one in a file: it is the student that the warning is about.
    "student": RoleWord(Text("学生本人", "the student"), ("student",)),
}

ASSIGNABLE: tuple[str, ...] = tuple(word for word in ROLES if word != "student")

ALIASES: dict[str, str] = {
    "department": "department_head",
    "teaching_office": "teaching_office_head",
    "major": "major_head",
}
"""Shorter words that a rule may say."""


def role_word(word: str) -> str:
    """The role word that a rule's `to` means: aliases resolved, anything else as it is."""
    return ALIASES.get(word, word)
