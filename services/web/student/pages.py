"""The student's page and my classes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services import bounds
from services.accounts.permissions import OfStudent
from services.ingest.phone.phone import Phone
from services.web.frame import Frame, Visitor


class StudentPages:
    """The routes over one frame. `phone`: the way to what ingest knows; without it there are the warnings alone."""

    def __init__(self, frame: Frame, phone: Phone | None) -> None:
        self._frame, self._phone = frame, phone

    def routes(self) -> list[BaseRoute]:
        """For the composition root's web application. What else a student has stands before the page: ids have `/`."""
        return [Route("/classes", self.classes), Route("/students/{id:path}", self.student)]

    def of_student(self, student: str) -> OfStudent:
        """As this college shows it."""
        return OfStudent(student, themself=self._frame.notify.config.student_pages)

    def student(self, request: Request) -> Response:
        """One student's page."""
        student = request.path_params["id"]
        if bounds.of_id(student) is not None:
            return self._frame.missing(request)
        seen = self._frame.may(request, self.of_student(student))
        if not isinstance(seen, Visitor):
            return seen
        return self._frame.page(request, "student/student.html", name=self._frame.reader(request).person(student))

    def classes(self, request: Request) -> Response:
        """The classes that somebody looks after or teaches."""
        seen = self._frame.may(request, "classes")
        if not isinstance(seen, Visitor):
            return seen
        return self._frame.page(request, "student/classes.html")
