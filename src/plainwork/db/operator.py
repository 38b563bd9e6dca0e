"""Figures of the whole installation, for its operator: counts and ages, nothing of any workspace."""

from __future__ import annotations

from plainwork.db.pool import Database


async def figures(db: Database) -> dict[str, float]:
    """How much stands where (``migrations/0019_operator.sql`` names each)."""
    async with db.connection() as connection:
        return {row["name"]: row["value"] for row in await connection.fetch("select * from operator_figures()")}
