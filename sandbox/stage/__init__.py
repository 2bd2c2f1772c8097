"""Putting the sandbox on stage: its processes, and a person who uses it through its web pages."""
