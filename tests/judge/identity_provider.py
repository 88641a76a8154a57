"""A real OpenID Connect provider on loopback that signs what it says, and lies where a test wants it to."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "cojudge", "a secret between the two"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """What it will say next. ``claims`` go into the ID token, ``userinfo`` beside them; None takes a claim out."""

    issuer: str
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    key: Any = KEY
    algorithm: str = "RS256"
    is_silent: bool = False
    seen: list[dict[str, str]] = field(default_factory=list)  # what was sent to the token endpoint

    def configuration(self) -> dict[str, Any]:
        places = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("authorization", "token", "userinfo")}
        return _told({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **places} | self.config)

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]}

    def token(self) -> dict[str, Any]:
        now = int(time.time())
        said = {
            "iss": self.issuer, "aud": CLIENT, "sub": "nora-at-the-provider", "iat": now, "exp": now + 300,
            "jti": str(uuid.uuid4()), "email": "nora@example.com", "email_verified": True,
        }  # fmt: skip
        key = "a public key used as a secret, long enough" if self.algorithm == "HS256" else self.key
        signed = jwt.encode(_told(said | self.claims), None if self.algorithm == "none" else key,
                            algorithm=self.algorithm, headers={"kid": "one"})  # fmt: skip
        return {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": signed}

    def about(self) -> dict[str, Any]:
        return _told({"sub": "nora-at-the-provider", **self.userinfo})


def _told(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}


@contextmanager
def serving() -> Iterator[Provider]:
    """A provider on a free port of loopback, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    server.provider = provider  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    server.server_close()
    thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        provider: Provider = self.server.provider  # type: ignore[attr-defined]
        path = urlsplit(self.path).path
        if path == "/authorization":  # nobody is asked: the person is who the test says
            asked = parse_qs(urlsplit(self.path).query)
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri'][0]}?code=one&state={asked['state'][0]}")
            self.end_headers()
            return
        pages = {
            "/.well-known/openid-configuration": provider.configuration,
            "/keys": provider.keys,
            "/userinfo": provider.about,
        }
        self._answer(pages[path]() if path in pages else None)

    def do_POST(self) -> None:
        provider: Provider = self.server.provider  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        provider.seen.append({name: values[0] for name, values in parse_qs(body).items()})
        self._answer(provider.token() if urlsplit(self.path).path == "/token" else None)

    def _answer(self, content: dict[str, Any] | None) -> None:
        silent = self.server.provider.is_silent  # type: ignore[attr-defined]
        body = b"<html>" if silent else json.dumps(content).encode()
        self.send_response(500 if silent else 200 if content is not None else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing on the screen."""
