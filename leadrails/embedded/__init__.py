"""Starts everything on one machine: servers from wheels, processes, the demo."""
