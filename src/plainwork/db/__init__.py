"""Every SQL statement, and the door to the database that runs it.

``db.open(settings)`` gives a ``Database``; its ``workspace(id)`` is one transaction that sees one tenant's rows. One
file per family of tables; rows come out as typed records.
"""

from plainwork.db.ids import new_id
from plainwork.db.pool import Connection, Database, open

__all__ = ["Connection", "Database", "new_id", "open"]
