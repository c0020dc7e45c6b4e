"""Hostile and odd files, each through the door that its sender would use."""
