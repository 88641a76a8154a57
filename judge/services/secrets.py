"""Secrets that must stand in the database (webhook secrets, second factors) are encrypted there.

COJUDGE_SECRETS_KEY holds one or more keys, parted by commas: the first encrypts, all decrypt. Without it a key is
derived from COJUDGE_SECRET_KEY. Keys of model servers never stand in the database: rows hold a variable's name.
"""

from __future__ import annotations

import base64
import os
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from judge.errors import ServiceError

#: What an encrypted text begins with; what does not is from before and is read as it stands.
MARK = "fernet:"
SHORTEST = 32
REMEDY = "Set COJUDGE_SECRETS_KEY to the key it was written with, after a comma behind the new one."


def hide(text: str) -> str:
    """The text, encrypted under the first key; empty stays empty, and a hidden one stays as it is."""
    if not text or text.startswith(MARK):
        return text
    return MARK + _box().encrypt(text.encode()).decode()


def reveal(hidden: str) -> str:
    """The text again. Raises ServiceError where no key here fits."""
    if not hidden.startswith(MARK):
        return hidden
    try:
        return _box().decrypt(hidden.removeprefix(MARK).encode()).decode()
    except InvalidToken:
        raise ServiceError(f"A stored secret cannot be read with the keys of this installation. {REMEDY}") from None


def renew(hidden: str) -> str:
    """The same secret, encrypted under the first key. Raises ServiceError where no key here fits."""
    return hide(reveal(hidden))


def _box() -> MultiFernet:
    told = os.environ.get("COJUDGE_SECRETS_KEY", "")
    return _made(told, os.environ.get("COJUDGE_SECRET_KEY", ""))


@lru_cache(maxsize=8)
def _made(told: str, secret_key: str) -> MultiFernet:
    """Where keys were told, what the secret key encrypted before them can still be read."""
    texts = [each.strip() for each in told.split(",") if each.strip()]
    if short := [each for each in texts if len(each) < SHORTEST]:
        raise ServiceError(
            f"COJUDGE_SECRETS_KEY holds a key of {len(short[0])} characters (expected: {SHORTEST} or more)"
        )
    if not texts and not secret_key:
        raise ServiceError("Neither COJUDGE_SECRETS_KEY nor COJUDGE_SECRET_KEY is set, so no secret can be stored.")
    return MultiFernet([Fernet(_key(each)) for each in [*texts, secret_key] if each])


def _key(text: str) -> bytes:
    """32 bytes from any long text, for this use alone: the secret key also signs cookies."""
    derived = HKDF(SHA256(), 32, salt=None, info=b"cojudge secrets at rest").derive(text.encode())
    return base64.urlsafe_b64encode(derived)
