"""Style sheets and scripts come as few, small files that a browser keeps for good."""

from __future__ import annotations

import gzip

import pytest
from django.test import Client

from judge import assets


@pytest.mark.parametrize("name", assets.BUNDLES)
def test_a_bundle_holds_all_its_parts_and_goes_compressed(client: Client, name: str) -> None:
    plain = client.get(assets.bundle(name).url)
    zipped = client.get(assets.bundle(name).url, headers={"Accept-Encoding": "gzip, br"})
    parts = [assets._read(part) for part in assets.BUNDLES[name]]
    assert all(part in plain.content for part in parts)
    assert (zipped["Content-Encoding"], gzip.decompress(zipped.content)) == ("gzip", plain.content)
    assert len(zipped.content) < len(plain.content) / 2
    assert int(zipped["Content-Length"]) == len(zipped.content)
    assert {plain["Vary"], zipped["Vary"]} == {"Accept-Encoding"}
    assert "immutable" in plain["Cache-Control"]
    assert plain["Content-Security-Policy"], "assets carry the same walls as pages"


def test_an_address_of_an_older_version_gives_the_present_one_and_is_not_kept(client: Client) -> None:
    old = client.get("/assets/0000000000000000/site.css")
    assert old.content == assets.bundle("site.css").content
    assert old["Cache-Control"] == "no-cache"


def test_nothing_else_is_served_there(client: Client, db: None) -> None:
    for path in ("/assets/0/settings.py", "/assets/0/../../judge/settings.py", "/assets/site.css/x", "/assets/"):
        assert client.get(path).status_code == 404
    assert client.post("/assets/0/site.css").status_code == 404
