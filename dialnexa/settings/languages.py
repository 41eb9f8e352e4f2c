"""Languages people may choose. The default stays English: programs, logs and the support desk speak it."""

from dialnexa.settings.environment import BASE_DIR, DEBUG, env, refuse

NAMES = {"en": "English", "hi": "हिन्दी"}  # each in its own language
LANGUAGE_CODE = "en"
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["dialnexa.formats"]
offered: list[str] = env.list("DIALNEXA_LANGUAGES", ["en", "hi"])
if not {"en"} <= {*offered} <= {*NAMES}:
    refuse(f"DIALNEXA_LANGUAGES is {','.join(offered)}. Set en, or en and others of {', '.join(NAMES)}.")
LANGUAGES = [(code, name) for code, name in NAMES.items() if code in offered]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = not DEBUG
LANGUAGE_COOKIE_SAMESITE = "Lax"
