"""Plainwork: say in plain English what an agent should do; read it, run it, trust it."""

__version__ = "0.1.0"
