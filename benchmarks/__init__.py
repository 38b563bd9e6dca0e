"""The performance suite. ``make bench`` runs it."""
