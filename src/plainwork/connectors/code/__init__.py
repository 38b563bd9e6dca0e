"""Connectors that a declared request cannot express. Each module has ``perform(action, config, account, reach)``."""
