"""Sessions in the database, honest about a database that is away."""

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import InterfaceError, OperationalError


class SessionStore(DatabaseStore):
    """Django takes every failed update for a session that was ended elsewhere, and answers 400.

    A lost connection is not that: it must stay a 500, or somebody whose order was just placed is told that
    the request was bad and does not press the button again.
    """

    @classmethod
    def get_model_class(cls) -> type:
        return DatabaseStore.get_model_class()

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError | InterfaceError):
                raise error.__context__ from None
            raise
