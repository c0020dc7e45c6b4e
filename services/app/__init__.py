"""Composition roots: each puts the services together for one way of running."""
