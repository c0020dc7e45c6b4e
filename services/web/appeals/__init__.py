"""Appeals: what is on record of a student, that it is wrong, and what becomes of that."""
