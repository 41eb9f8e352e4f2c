"""The second wall between workspaces: PostgreSQL's row-level security (see docs/isolation.md).

The first are the getters (``dialnexa.access``, API keys) and queries that name a workspace. Should one of
them be forgotten, the web processes' role still sees the rows of one workspace only.
"""
