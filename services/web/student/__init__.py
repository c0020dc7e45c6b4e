"""One student's page, and the classes of whoever looks after or teaches them."""
