"""Policies, for migrations: whose rows a role that does not own the tables sees and writes.

The owner is exempt (there is no FORCE): migrations, workers, sweepers and commands work for everybody.
Policies read the setting ``app.workspace``: a workspace's id, ``*`` for everybody, nothing for nobody.

CASE rather than OR, because PostgreSQL believes that a CASE leaves half of the rows and that an OR leaves one
workspace's share; and every query names its workspace already, so the share would count twice. The subselect
is read once for each statement instead of for each row.
"""

from __future__ import annotations

from django.db.migrations import RunSQL

SCOPE = "(SELECT current_setting('app.workspace', true))"
NAME = "one_workspace"


def own(table: str, column: str = "workspace_id") -> RunSQL:
    """Rows that name their workspace."""
    return policy(table, f"{column} = {SCOPE}")


def own_or_nobodys(table: str, column: str = "workspace_id") -> RunSQL:
    """Rows that name their workspace, and those that name none: everybody reads them, and adds none."""
    mine = f"{column} = {SCOPE}"
    return policy(table, f"coalesce({mine}, {column} IS NULL)", check=mine)


def through(table: str, column: str, parent: str, key: str = "id") -> RunSQL:
    """Rows that belong to another table's row: seen where that one is, by its own policy."""
    return policy(table, f"EXISTS (SELECT FROM {parent} parent WHERE parent.{key} = {table}.{column})")


def staff_only(table: str) -> RunSQL:
    """Rows for the support desk: in no workspace's scope."""
    return policy(table, "false")


def policy(table: str, using: str, *, check: str = "") -> RunSQL:
    """``using`` says which rows are seen in a workspace's scope, ``check`` (the same) which are written."""
    seen, written = anyway(using), anyway(check or using)
    make = f"CREATE POLICY {NAME} ON {table} USING ({seen}) WITH CHECK ({written});"
    undo = f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY; DROP POLICY {NAME} ON {table};"
    return RunSQL(f"{make} ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;", undo)


def anyway(condition: str) -> str:
    return f"CASE WHEN {SCOPE} = '*' THEN true ELSE {condition} END"
