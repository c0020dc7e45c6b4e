"""A sample college for `prewarn demo`: people, timetable, events, and the truth about the problems planted in them."""

from services.demo.college import College
from services.demo.truth import Planted

__all__ = ["College", "Planted"]
