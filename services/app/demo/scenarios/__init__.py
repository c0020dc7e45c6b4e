"""What is planted in the sample college, scenario by scenario; those that need certain lessons come first."""

from services.app.demo.scenarios import internship, lessons, quality, services, students, work

SCENARIOS = (
    *lessons.SCENARIOS,
    *students.SCENARIOS,
    *services.SCENARIOS,
    *work.SCENARIOS,
    *quality.SCENARIOS,
    *internship.SCENARIOS,
)
"""In the order in which they are played: each takes its part of the college's one sequence of random numbers."""
