"""The AgentSpec language: markdown ⇄ spec ⇄ flow, with checks. Pure: no I/O, no clock, no database."""
