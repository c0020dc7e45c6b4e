"""A sample college for `prewarn demo`: people, timetable, events, and the truth about the problems planted in them."""

from services.app.demo.college import College
from services.app.demo.truth import Planted

__all__ = ["College", "Planted"]
