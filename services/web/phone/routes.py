"""The phone pages: one list of all that there are."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from services.ingest.phone.phone import Phone
from services.web.appeals.deciding import DecidingPages
from services.web.appeals.pages import AppealPages
from services.web.frame import Frame
from services.web.phone.assessment_pages import AssessmentPages
from services.web.phone.check_in_pages import CheckInPages
from services.web.phone.day_pages import DayPages
from services.web.phone.installing import Installing
from services.web.phone.leave_pages import LeavePages
from services.web.phone.leave_requests import LeaveRequests
from services.web.phone.lesson_test_pages import LessonTestPages
from services.web.phone.roll_call_pages import RollCallPages
from services.web.phone.sending import Sending
from services.web.signing_in import SigningIn


def phone_routes(frame: Frame, signing_in: SigningIn, phone: Phone, leave: LeaveRequests) -> list[BaseRoute]:
    """For the composition root's web application."""
    sending = Sending(frame, signing_in, phone.clock)
    check_in = CheckInPages(frame, sending, phone)
    return [
        Route("/me.json", sending.me),
        *Installing(frame).routes(),
        *DayPages(frame, phone, leave).routes(),
        *RollCallPages(frame, sending, phone, check_in.check_ins).routes(),
        *check_in.routes(),
        *AssessmentPages(frame, sending, phone).routes(),
        *LeavePages(frame, sending, phone, leave).routes(),
        *LessonTestPages(frame, sending, phone).routes(),
        *AppealPages(frame, sending, phone).routes(),
        *DecidingPages(frame, signing_in, sending, phone).routes(),
    ]
