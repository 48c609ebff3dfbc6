"""Where this machine is reached, and what is believed of what a proxy says."""

import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photolib.config import Config
from web import addresses, proxies


def environ_of(trusted: tuple[str, ...], **environ: str) -> dict[str, Any]:
    """What the app behind these proxies sees."""
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        return []

    proxies.behind(app, trusted)(
        {"REMOTE_ADDR": "10.0.0.1", "HTTP_HOST": "photos", "wsgi.url_scheme": "http", **environ}, None
    )
    return seen


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("1.1.1.1, 198.51.100.7", "198.51.100.7"),  # what stands left of the first stranger is their own claim
        ("198.51.100.7, 10.0.0.9", "198.51.100.7"),  # two proxies of ours
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("garbage", "10.0.0.1"),
        ("198.51.100.7, garbage", "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
def test_a_trusted_proxy_says_whom_it_asks_for(said: str, address: str) -> None:
    seen = environ_of(
        ("10.0.0.0/24",), HTTP_X_FORWARDED_FOR=said, HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_HOST="photos.lan"
    )
    assert seen["REMOTE_ADDR"] == address
    assert (seen["wsgi.url_scheme"], seen["HTTP_HOST"]) == ("https", "photos.lan")
    stranger = environ_of(
        (), HTTP_X_FORWARDED_FOR=said, HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_HOST="photos.lan"
    )
    assert stranger == {"REMOTE_ADDR": "10.0.0.1", "HTTP_HOST": "photos", "wsgi.url_scheme": "http"}


@given(st.text(alphabet=string.printable), st.text(alphabet=string.printable), st.text(alphabet=string.printable))
def test_whatever_a_proxy_says_there_is_an_answer(said: str, scheme: str, host: str) -> None:
    seen = environ_of(
        ("10.0.0.1",), HTTP_X_FORWARDED_FOR=said, HTTP_X_FORWARDED_PROTO=scheme, HTTP_X_FORWARDED_HOST=host
    )
    assert seen["wsgi.url_scheme"] in ("http", "https")


def test_serve_names_the_addresses_of_the_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = Config(data_dir=tmp_path, host="0.0.0.0", port=8800)
    assert addresses.here(everywhere) == "http://127.0.0.1:8800/"
    for each in addresses.reached_at(everywhere):
        assert each.startswith("http://")
        assert "127.0.0.1" not in each
    assert addresses.reached_at(Config(data_dir=tmp_path, host="127.0.0.1")) == []
    assert addresses.reached_at(Config(data_dir=tmp_path, host="192.168.1.5", port=80)) == ["http://192.168.1.5/"]
    assert addresses.reached_at(Config(data_dir=tmp_path, host="fd00::5")) == ["http://[fd00::5]:8800/"]
    assert "█" in addresses.square("http://192.168.1.5:8800/")


def test_a_machine_with_a_public_address_answers_itself_alone_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address, host in (("8.8.8.8", "127.0.0.1"), ("192.168.1.5", "0.0.0.0")):
        monkeypatch.setattr(
            "ifaddr.get_adapters", lambda address=address: [Adapter("eth0", address), Adapter("lo", "127.0.0.1")]
        )
        assert addresses.without_surprise(Config(data_dir=tmp_path)).host == host
        told = Config(data_dir=tmp_path, host="0.0.0.0", sources={"host": "photolib.toml"})
        assert addresses.without_surprise(told).host == "0.0.0.0"
    monkeypatch.setattr(
        "ifaddr.get_adapters", lambda: [Adapter("docker0", "172.17.0.1"), Adapter("eth0", "192.168.1.5")]
    )
    assert addresses.reached_at(Config(data_dir=tmp_path))[0] == "http://192.168.1.5:8800/"


class Adapter:
    """What ifaddr says of a network card with one address."""

    def __init__(self, name: str, ip: str) -> None:
        self.name, self.ips, self.ip, self.is_IPv4 = name, [self], ip, True
