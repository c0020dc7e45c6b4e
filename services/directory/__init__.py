"""People, roles, classes, majors, courses, departments, teaching offices, enrolments and sources of a college.

Effective-dated, and a pure look-up over one immutable, versioned snapshot that every service gets.
"""

from services.directory.checks import Asked, Checked, Doubt, Hole, check, empty_roles, vacant
from services.directory.difference import Difference, difference, shrinkage
from services.directory.ending import Ending, concerns, endings
from services.directory.importing import Offer, offered
from services.directory.installing import install
from services.directory.loading import load, load_installed, present_folder
from services.directory.records import Exemption, Person, Tables
from services.directory.roles import ALIASES, ASSIGNABLE, ROLES, RoleWord, role_word
from services.directory.snapshot import TIME_ZONE, UNRANKED, Directory
from services.directory.writing import write

__all__ = [
    "ALIASES",
    "ASSIGNABLE",
    "ROLES",
    "TIME_ZONE",
    "UNRANKED",
    "Asked",
    "Checked",
    "Difference",
    "Directory",
    "Doubt",
    "Ending",
    "Exemption",
    "Hole",
    "Offer",
    "Person",
    "RoleWord",
    "Tables",
    "check",
    "concerns",
    "difference",
    "empty_roles",
    "endings",
    "install",
    "load",
    "load_installed",
    "offered",
    "present_folder",
    "role_word",
    "shrinkage",
    "vacant",
    "write",
]
