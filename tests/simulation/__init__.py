"""Deterministic simulation: the real engine on a virtual clock, with a seeded scheduler and seeded faults.

Real: the planner, executions, the journal, workers, the scheduler, the queues, ``start``, ``db`` down to the driver's call,
the HTTP client down to its session. Doubled at the wire: the database server (``server``, ``store`` …), the web (``web``), a
message server (``messages``), the machine's clock and randomness (``machine``). One seed decides everything; the same seed is
the same history.

Not simulated: two statements at the same moment inside the database (each is one instant here), disks, other kinds of steps.

``make simulate SEEDS=2000`` runs many; ``python -m tests.simulation --seed 17 --trace`` runs one again and tells what
happened. ``test_store`` holds the doubled SQL functions against the real ones.
"""
