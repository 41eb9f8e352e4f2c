"""Users, who sign in by e-mail."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as BaseUserManager
from django.db import models

from dialnexa.ids import id_maker
from dialnexa.time_zones import validate_time_zone


class UserManager(BaseUserManager["User"]):
    """Django's own, for users who sign in by e-mail and have no user name."""

    def _create_user_object(
        self, username: str | None, email: str | None, password: str | None, **extra: Any
    ) -> User:
        user = self.model(email=self.normalize_email(email or username), **extra)
        user.set_password(password)
        return user

    def _create_user(
        self, username: str | None, email: str | None, password: str | None, **extra: Any
    ) -> User:
        user = self._create_user_object(username, email, password, **extra)
        user.save(using=self._db)
        return user

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:  # type: ignore[override]
        return self._create_user(None, email, password, **{"is_staff": False, "is_superuser": False} | extra)

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:  # type: ignore[override]
        return self._create_user(None, email, password, **{"is_staff": True, "is_superuser": True} | extra)


class User(AbstractUser):
    id = models.CharField(primary_key=True, max_length=40, default=id_maker("usr"), editable=False)
    username = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    time_zone = models.CharField(max_length=64, default="Asia/Kolkata", validators=[validate_time_zone])
    language = models.CharField(
        max_length=10,
        default="",
        db_default="",
        blank=True,
        help_text="Of pages and mail; empty: the browser's, mail English",
    )
    sign_outs = models.PositiveIntegerField(
        default=0, editable=False, help_text="Raised to end every session at once"
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Bound to ``sign_outs`` beside the password: sessions made before it was raised are over."""
        of_password: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        return f"{of_password}:{self.sign_outs}" if self.sign_outs else of_password
