"""From the weekly plan of a term to its lessons: pure functions of sheets, a term and names; nothing is read here."""
