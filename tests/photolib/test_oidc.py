"""Signing in at an OpenID Connect provider: the flow against a real one, and what is refused of one that lies."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlite_utils import Database

from photolib import config as settings
from photolib.accounts import handshakes, oidc, users
from photolib.accounts.oidc import Identity, Provider, Start
from photolib.config import Config
from photolib.db import write
from photolib.errors import BadInput, NotFound, Refused, TryLater
from photolib.library import Library
from tests import openid

BACK = "http://localhost/login/oidc/callback"


@pytest.fixture(scope="module")
def real() -> Iterator[openid.Provider]:
    with openid.providing(BACK) as running:
        yield running


def answer_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_abuse_16_the_flow_has_state_nonce_and_pkce(real: openid.Provider) -> None:
    home = Provider(real.issuer, "photolib", real.secret, "Home")
    start = home.start(BACK, "the state")
    asked = answer_of(start.address)
    assert asked["state"] == "the state"
    assert asked["nonce"] == start.nonce
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert start.verifier not in start.address
    other = home.start(BACK, "the state")
    assert (other.nonce, other.verifier) != (start.nonce, start.verifier)
    back = answer_of(openid.sign_in(start.address, "maria"))
    assert back["state"] == "the state"
    found = home.finish(BACK, start, back["code"], back["iss"])
    assert found == Identity(real.issuer, "subject-of-maria", "maria", "maria@example.org")
    with pytest.raises(Refused):  # a code is good once
        home.finish(BACK, start, back["code"], back["iss"])


@pytest.mark.parametrize("what", ["verifier", "nonce", "issuer", "secret", "code"])
def test_abuse_16_an_answer_to_another_sign_in_is_refused(real: openid.Provider, what: str) -> None:
    home = Provider(real.issuer, "photolib", real.secret, "Home")
    start = home.start(BACK, "state")
    back = answer_of(openid.sign_in(start.address, "maria"))
    if what == "verifier":
        start = Start("", start.nonce, "x" * 64)
    elif what == "nonce":
        start = Start("", "another nonce", start.verifier)
    elif what == "issuer":
        back["iss"] = "https://another.example"
    elif what == "secret":
        home = Provider(real.issuer, "photolib", "wrong", "Home")
    else:
        back["code"] = "made-up"
    with pytest.raises(Refused, match="Home was not valid"):
        home.finish(BACK, start, back["code"], back["iss"])


# ---------------------------------------------------------------- a provider that lies


class Liar(ThreadingHTTPServer):
    """A provider of our own that says whatever a test wants."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"}, private=True)
        self.asked: list[str] = []
        self.keys: dict[str, Any] = {"keys": [self.key.as_dict(private=False)]}
        self.configuration: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": self.issuer + "/auth",
            "token_endpoint": self.issuer + "/token",
            "jwks_uri": self.issuer + "/keys",
            "userinfo_endpoint": self.issuer + "/me",
        }
        self.claims: dict[str, Any] = {
            "iss": self.issuer, "sub": "1", "aud": "photolib", "nonce": "the nonce", "iat": int(time.time()),
            "exp": int(time.time()) + 60, "name": "Maria",
        }  # fmt: skip
        self.about: dict[str, Any] = {"sub": "1", "email": "maria@example.org"}
        self.id_token: str | None = None
        self.redirects: set[str] = set()

    def tokens(self) -> dict[str, Any]:
        signed = self.id_token or jwt.encode({"alg": "RS256", "kid": "1"}, self.claims, self.key)
        return {"access_token": "a", "token_type": "Bearer", "id_token": signed}


class Answers(BaseHTTPRequestHandler):
    server: Liar

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        said: dict[str, Any] = {
            "/.well-known/openid-configuration": self.server.configuration, "/keys": self.server.keys, "/me": self.server.about,
        }.get(self.path, {})  # fmt: skip
        self._say(said)

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say(self.server.tokens())

    def _say(self, said: dict[str, Any]) -> None:
        if self.path in self.server.redirects:
            self.send_response(302)
            self.send_header("Location", self.server.issuer + "/elsewhere")
            self.end_headers()
            return
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def liar() -> Iterator[Liar]:
    with Liar() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def finish(liar: Liar) -> Identity:
    found = Provider(liar.issuer, "photolib", "secret", "Home")
    return found.finish(BACK, Start("", "the nonce", "v" * 43), "code", None)


def test_one_that_tells_the_truth_is_believed(liar: Liar) -> None:
    assert finish(liar) == Identity(liar.issuer, "1", "Maria", "maria@example.org")


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://another.example"},
    "for somebody else": {"aud": "another-app"},
    "for several, and not for us": {"aud": ["photolib", "another-app"], "azp": "another-app"},
    "for several, and nobody in particular": {"aud": ["photolib", "another-app"]},
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "expired": {"exp": 1_500_000_000},
    "never expires": {"exp": None},
    "nobody": {"sub": None},
    "empty subject": {"sub": ""},
    "a subject that is a number": {"sub": 1},
    "an endless subject": {"sub": "x" * 256},
}


@pytest.mark.parametrize("lie", LIES)
def test_abuse_16_a_lie_in_the_id_token_is_refused(liar: Liar, lie: str) -> None:
    liar.claims = {name: value for name, value in (liar.claims | LIES[lie]).items() if value is not None}
    with pytest.raises(Refused, match="Home was not valid"):
        finish(liar)


def test_abuse_16_a_signature_that_is_not_the_providers_is_refused(liar: Liar) -> None:
    other = RSAKey.generate_key(2048, {"kid": "1"}, private=True)
    public = json.dumps(liar.key.as_dict(private=False)).encode()
    for forged in (
        jwt.encode({"alg": "RS256", "kid": "1"}, liar.claims, other),
        jwt.encode({"alg": "HS256"}, liar.claims, OctKey.import_key(b"secret" * 8)),  # the client's secret as the key
        jwt.encode({"alg": "HS256", "kid": "1"}, liar.claims, OctKey.import_key(public)),  # the public key as a secret
        "eyJhbGciOiJub25lIn0." + liar.tokens()["id_token"].split(".")[1] + ".",
        liar.tokens()["id_token"][:-4] + "AAAA",
        "no token", "..", "",
    ):  # fmt: skip
        liar.id_token = forged
        if forged:
            with pytest.raises(Refused):
                finish(liar)


def test_a_new_key_is_looked_for_when_a_signature_does_not_fit_the_old_ones(liar: Liar) -> None:
    found = Provider(liar.issuer, "photolib", "secret", "Home")
    start = Start("", "the nonce", "v" * 43)
    assert found.finish(BACK, start, "code", None).subject == "1"
    liar.key = RSAKey.generate_key(2048, {"kid": "1"}, private=True)
    liar.keys = {"keys": [liar.key.as_dict(private=False)]}
    assert found.finish(BACK, start, "code", None).subject == "1"
    assert liar.asked.count("/keys") == 2
    assert liar.asked.count("/.well-known/openid-configuration") == 1


def test_what_it_says_of_somebody_else_is_left_alone(liar: Liar) -> None:
    liar.about = {"sub": "2", "email": "zoe@example.org"}
    assert finish(liar).label == "Maria"


def test_names_come_without_what_cannot_be_seen(liar: Liar) -> None:
    liar.about = {"sub": "1", "email": 7, "preferred_username": " ma\0ri\u202ea\n "}
    assert finish(liar).label == finish(liar).wanted_name == "maria"


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
def test_abuse_29_no_redirect_leads_us_elsewhere(liar: Liar, path: str) -> None:
    liar.redirects = {path}
    with pytest.raises((TryLater, Refused)):
        finish(liar)
    assert "/elsewhere" not in liar.asked


@pytest.mark.parametrize(
    "lie",
    [
        {"issuer": "https://another.example"},
        {"token_endpoint": "ftp://127.0.0.1/token"},
        {"token_endpoint": "http://192.0.2.1/token"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": 7},
        {"jwks_uri": "http://192.0.2.1/keys"},
    ],
)
def test_abuse_29_a_configuration_that_leads_astray_is_not_followed(liar: Liar, lie: dict[str, Any]) -> None:
    liar.configuration |= lie
    with pytest.raises(TryLater, match=r"does not say where to sign in|not set up right"):
        finish(liar)


def test_a_provider_that_is_not_there_is_said_in_a_sentence() -> None:
    with pytest.raises(TryLater, match="Home does not answer"):
        Provider("http://127.0.0.1:9", "photolib", None, "Home").start(BACK, "state")


# ---------------------------------------------------------------- whose they are


MARIA = Identity("https://home.example", "1", "maria", "maria@example.org")


@pytest.fixture
def db(library: Library) -> Database:
    return library.db


def test_abuse_16_nobody_is_known_by_name_or_address(db: Database) -> None:
    with write(db):
        maria = users.add(db, "maria", "maria@example.org")
        assert oidc.user_of(db, MARIA) is None
        oidc.link(db, maria.id, MARIA)
        assert oidc.user_of(db, MARIA) == maria.id
        for other in (
            Identity("https://other.example", "1", "maria", ""),
            Identity(MARIA.issuer, "2", "maria", MARIA.label),
        ):
            assert oidc.user_of(db, other) is None


def test_an_account_signs_in_one_user(db: Database) -> None:
    with write(db):
        maria, zoe = users.add(db, "maria"), users.add(db, "zoe")
        oidc.link(db, maria.id, MARIA)
        with pytest.raises(BadInput, match="somebody else"):
            oidc.link(db, zoe.id, MARIA)
        with pytest.raises(NotFound):
            oidc.unlink(db, zoe.id, MARIA.issuer, MARIA.subject)
        oidc.link(db, maria.id, MARIA)  # once more changes nothing
        assert [each.label for each in oidc.of_user(db, maria.id)] == ["maria@example.org"]
        oidc.unlink(db, maria.id, MARIA.issuer, MARIA.subject)
        assert oidc.user_of(db, MARIA) is None


def test_a_new_user_gets_a_name_that_nobody_has(db: Database) -> None:
    with write(db):
        taken = users.add(db, "maria")
        made = oidc.add_user(db, MARIA)
        assert (made.name, made.role, made.has_password) == ("maria-2", "member", False)
        assert made.id != taken.id
        assert oidc.user_of(db, MARIA) == made.id
        assert oidc.add_user(db, Identity("i", "2", "", "")).name == "user"
        assert oidc.add_user(db, Identity("i", "3", "ADMIN", "")).name == "ADMIN-2"
        assert oidc.add_user(db, Identity("i", "4", "zoe@example.org", "")).name == "zoe"
        assert len(oidc.add_user(db, Identity("i", "5", "x" * 300, "")).name) <= users.LONGEST_NAME


# ---------------------------------------------------------------- settings


def load(tmp_path: Path, **said: Any) -> Config:
    file = tmp_path / "photolib.toml"
    file.write_text("\n".join(f"{name} = {json.dumps(value)}" for name, value in said.items()), encoding="utf-8")
    return settings.load(file, environ={})


GOOD = {"oidc_issuer": "https://home.example/realms/family", "oidc_client_id": "photolib"}


def test_without_settings_there_is_no_provider(tmp_path: Path) -> None:
    assert oidc.provider(load(tmp_path)) is None


def test_the_secret_may_lie_in_a_file_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    found = oidc.provider(load(tmp_path, **GOOD, oidc_client_secret_file="secret"))
    assert found is not None
    assert (found.client_secret, found.name) == ("hush", "home.example")
    config = load(tmp_path, **GOOD, oidc_client_secret="hush", oidc_name="Home")
    assert "hush" not in json.dumps(settings.shown(config)) + repr(config) + repr(oidc.provider(config))
    assert settings.shown(config)["oidc_client_secret"]["value"] == "(not shown)"
    with pytest.raises(BadInput, match="cannot be read"):
        load(tmp_path, **GOOD, oidc_client_secret_file="nowhere")
    with pytest.raises(BadInput, match="cannot be read"):
        oidc.provider(load(tmp_path, **GOOD, oidc_client_secret_file="."))


@pytest.mark.parametrize(
    "bad",
    [
        {"oidc_issuer": "http://home.example"},
        {"oidc_issuer": "home.example"},
        {"oidc_issuer": "https://"},
        {"oidc_issuer": "https://home.example?x"},
        {"oidc_issuer": "https://[home"},
        {"oidc_issuer": "https://me:you@home.example"},
        {"oidc_client_id": ""},
        {"oidc_client_secret": "a", "oidc_client_secret_file": "b"},
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(tmp_path: Path, bad: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="oidc_"):
        load(tmp_path, **GOOD | bad)


# ---------------------------------------------------------------- steps under way


def test_a_step_is_gone_through_once_and_by_the_browser_that_began_it(db: Database) -> None:
    with write(db):
        secret = handshakes.begin(db, "passkey", None, challenge="c")
        assert handshakes.find(db, "elsewhere", secret) is None
        assert handshakes.find(db, "passkey", secret + "x") is None
        assert handshakes.find(db, "passkey", None) is None
        found = handshakes.finish(db, "passkey", secret)
        assert found is not None
        assert found.data == {"challenge": "c"}
        assert handshakes.finish(db, "passkey", secret) is None


def test_a_step_that_took_too_long_is_over(db: Database) -> None:
    with write(db):
        secret = handshakes.begin(db, "passkey")
        db.execute("update handshakes set expires_at = '2020-01-01T00:00:00+00:00'")
        assert handshakes.find(db, "passkey", secret) is None
        handshakes.begin(db, "passkey")
        assert db.execute("select count(*) from handshakes").fetchone()[0] == 1


def test_steps_that_nobody_finishes_do_not_pile_up(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshakes, "MOST", 3)
    with write(db):
        secrets = [handshakes.begin(db, "passkey") for _ in range(5)]
        assert [handshakes.find(db, "passkey", each) is not None for each in secrets] == [
            False,
            False,
            True,
            True,
            True,
        ]
