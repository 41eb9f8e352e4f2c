"""Databases for the tests, quickly: migrated once, copied for each worker, emptied of what is in them.

What the migrations make is kept as SQL under .pytest_cache, by the contents of everything they are made of:
until one of them changes, no run migrates again. A clean checkout migrates once, whatever number of workers.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
from pathlib import Path

import psycopg
from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from dialnexa import keeper
from dialnexa.data_folder import DEFAULT_DATA_DIR, programs

ROOT = DEFAULT_DATA_DIR.parent
CACHE = ROOT / ".pytest_cache" / "databases"
KEPT_FILES = 8  # of as many states of the migrations
TEMPLATE = "dialnexa_migrated"
PATIENCE = 5  # times
KEPT = ("django_migrations", "django_content_type", "auth_permission")  # what migrating wrote
IMPORT = re.compile(r"^(?:from|import) ((?:dialnexa|kyc|telephony|phone_numbers)[\w.]*)", re.MULTILINE)


def make_database(name: str) -> None:
    """A migrated database of this name, in the place of another. The connection leads to it afterwards."""
    run = Path(os.environ["DIALNEXA_TEST_RUN"])
    with (run / "migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (run / "migrated").exists():
            _make_template(run)
            (run / "migrated").touch()
        _administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        _administer(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
    connection.close()
    connection.settings_dict["NAME"] = name


def load_kept(data: Path, url: str) -> bool:
    """Fill the empty database at ``url``, of the embedded server in ``data``, as migrating would.

    False, with nothing done, when no test run has kept the SQL of these very migrations.
    """
    if not (kept := CACHE / f"{_fingerprint()}.sql").exists():
        return False
    _load(data, kept, url.replace("postgres:", "postgresql:", 1))
    return True


def drop_database(name: str) -> None:
    connection.close()
    _administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _make_template(run: Path) -> None:
    """Raises what migrating raises. Only our own servers, whose programs are at hand, take and make SQL."""
    embedded = (run / "postgres").is_dir()
    kept = CACHE / f"{_fingerprint()}.sql"
    _administer(f'DROP DATABASE IF EXISTS "{TEMPLATE}" WITH (FORCE)')
    if embedded and kept.exists():
        _administer(f'CREATE DATABASE "{TEMPLATE}"')
        _load(run, kept, _template_url())
        return
    connection.settings_dict["TEST"]["NAME"] = TEMPLATE
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    if embedded:
        CACHE.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(f".{os.getpid()}")
        _speak(run, "pg_dump", "-f", str(unfinished), _template_url())
        unfinished.rename(kept)
        for old in sorted(CACHE.glob("*.sql"), key=lambda path: path.stat().st_mtime)[:-KEPT_FILES]:
            old.unlink(missing_ok=True)


def _template_url() -> str:
    server = os.environ["DATABASE_URL"].rpartition("/")[0].replace("postgres:", "postgresql:", 1)
    return f"{server}/{TEMPLATE}"


def _load(base: Path, kept: Path, url: str) -> None:
    _speak(base, "psql", "-Xqb", "-v", "ON_ERROR_STOP=1", "-1", "-f", str(kept), url)


def _speak(base: Path, program: str, *arguments: str) -> None:
    command = [str(programs("postgres", base) / "bin" / program), *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=keeper.ENVIRONMENT)  # noqa: S603


def _administer(statement: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, dbname="postgres") as server:
        server.execute(statement.encode())


def _fingerprint() -> str:
    """Of every migration, model and library, and of the modules that migrations import."""
    migrations = sorted(ROOT.glob("*/migrations/*.py"))
    models = [*ROOT.glob("*/models.py"), *ROOT.glob("*/models/**/*.py")]
    named = {name for path in migrations for name in IMPORT.findall(path.read_text())}
    imported = [ROOT / f"{name.replace('.', '/')}.py" for name in named]
    digest = hashlib.sha256()
    for path in sorted({*migrations, *models, *imported, ROOT / "requirements/dev.txt"}):
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()[:32]


# --- emptying -----------------------------------------------------------------------------------------------

EMPTY = """
DO $$
DECLARE
    names text := (SELECT string_agg(format('%I', tablename), ', ') FROM pg_tables
                   WHERE schemaname = 'public' AND tablename <> ALL ('{kept}'));
    name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE 'LOCK TABLE ' || names || ' IN SHARE ROW EXCLUSIVE MODE';
    FOREACH name IN ARRAY string_to_array(names, ', ') LOOP
        EXECUTE 'DELETE FROM ' || name;
    END LOOP;
END $$
"""


def empty_database() -> None:
    """Delete every row a test wrote: for a few rows in a hundred tables much quicker than TRUNCATE.

    Triggers that keep rows and foreign keys look away. Who is still writing is waited for; who waits for us,
    too, is let through first.
    """
    for _ in range(PATIENCE):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(EMPTY.replace("{kept}", f"{{{','.join(KEPT)}}}"))
            return
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    raise RuntimeError("Something writes on and on after the test.")
