"""A stricter reading of what an OpenID Connect provider says than allauth's own.

The ID token's signature is verified although it came over TLS; issuer, audience and time must fit; the user info must
be of the same subject; an e-mail counts as verified only where the provider says so in as many words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

#: Asymmetric ones alone: a provider's public key must never serve as a shared secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


class StrictAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Raises OAuth2Error, which becomes a page, for everything that does not fit."""

    @property
    def openid_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().openid_config
        if missing := [name for name in NEEDED if not isinstance(config.get(name), str)]:
            raise OAuth2Error(f"the provider's configuration lacks {', '.join(missing)}")
        expected = self.get_provider().app.settings["server_url"]
        if config["issuer"].rstrip("/") != expected:
            raise OAuth2Error(f"the provider calls itself {config['issuer']} (expected: {expected})")
        return config

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        claims = self._decode_id_token(app, kwargs["response"].get("id_token"))
        if "userinfo_endpoint" in self.openid_config:
            told = self._fetch_user_info(token.token)
            if not isinstance(told, dict) or told.get("sub") != claims["sub"]:
                raise OAuth2Error("the user info is of another subject than the ID token")
            claims = _merged(claims, told)
        login = self.get_provider().sociallogin_from_response(request, {"userinfo": claims})
        login.account.uid = hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()
        login.account.extra_data = {"iss": claims["iss"], "sub": claims["sub"]}  # no more of a person than it takes
        login.email_addresses = _addresses(claims)
        return login

    def _decode_id_token(self, app: Any, id_token: Any) -> dict[str, Any]:
        if not isinstance(id_token, str):
            raise OAuth2Error("the provider sent no ID token")
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token, self._key(id_token), algorithms=ALGORITHMS, audience=app.client_id,
                issuer=self.openid_config["issuer"], leeway=60,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise OAuth2Error(f"the ID token does not hold: {error}") from error
        return claims

    def _key(self, id_token: str) -> jwt.PyJWK:
        with get_adapter().get_requests_session() as session:
            response = session.get(self.openid_config["jwks_uri"])
            response.raise_for_status()
        keys = jwt.PyJWKSet.from_dict(response.json()).keys
        wanted = jwt.get_unverified_header(id_token).get("kid")
        found = [key for key in keys if wanted in (None, key.key_id)]
        if len(found) != 1:
            raise OAuth2Error("the ID token names no key of the provider")
        return found[0]


def _merged(claims: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """The ID token's claims; e-mail and whether it is verified come from one source: the user info where it has one."""
    if "email" not in told:
        return dict(claims)
    return {**claims, "email": told["email"], "email_verified": told.get("email_verified")}


def _addresses(claims: Mapping[str, Any]) -> list[EmailAddress]:
    """``email_verified`` is true only as JSON's true, or as the text "true" that some providers send."""
    if not isinstance(claims.get("email"), str) or "@" not in claims["email"]:
        return []
    verified = claims.get("email_verified") is True or claims.get("email_verified") == "true"
    return [EmailAddress(email=claims["email"], verified=verified, primary=True)]


@dataclass(frozen=True, slots=True)
class Provider:
    """Where people of this installation have their identities, and the address that leads there."""

    name: str
    url: str


def configured() -> Provider | None:
    """The provider of the environment. Rows in the database make none: secrets stay in the environment."""
    apps = settings.SOCIALACCOUNT_PROVIDERS.get("openid_connect", {}).get("APPS", [])
    return next(
        (Provider(app["name"], reverse("openid_connect_login", args=[app["provider_id"]])) for app in apps), None
    )
