"""Pages for people, and the assets they need."""
