"""The dataset card of an export: README.md with the metadata that Hugging Face reads, written from the manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
#: Formats that ``datasets`` loads by itself.
SPLITS = ("train", "validation", "test")


def write_card(manifest: Mapping[str, Any]) -> str:
    """Markdown with a YAML head. Equal manifests give equal cards."""
    return "\n".join([*_head(manifest), *_body(manifest)]) + "\n"


def _head(manifest: Mapping[str, Any]) -> Iterator[str]:
    files = [each for each in manifest["files"] if each["rows"] and not each.get("is_superseded")]
    languages = {name for each in manifest["exports"] for name in each["labels_by"].get("language", {})} - {"none"}
    yield "---"
    yield f"pretty_name: {json.dumps(manifest['project'], ensure_ascii=False)}"
    if languages:
        yield f"language: {json.dumps(sorted(languages))}"
    yield f"size_categories: [{json.dumps(_size(sum(each['rows'] for each in files)))}]"
    yield 'tags: ["cojudge"]'
    if files:
        yield "configs:"
    for format in dict.fromkeys(each["format"] for each in files):
        yield f"- config_name: {format}"
        yield "  data_files:"
        for each in files:
            if each["format"] == format:
                yield f"  - split: {each['split'] or 'train'}"
                yield f"    path: {each['name']}"
    yield "---"


def _size(n_rows: int) -> str:
    return next((name for limit, name in SIZES if n_rows < limit), "1M<n<10M")


def _body(manifest: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {manifest['project']}"
    yield ""
    yield "Labels that people and an LLM judge agreed on, exported by Cojudge. `manifest.json` has every number below."
    if manifest["is_demo"]:
        yield ""
        yield "**A demonstration: its people are made up.**"
    yield from _table("Files", ("file", "rows", "bytes", "sha256"), [
        (f"`{each['name']}`", f"{each['rows']:,}", f"{each['bytes']:,}", f"`{each['sha256']}`")
        for each in manifest["files"]
    ])  # fmt: skip
    for each in manifest["exports"]:
        yield from _export(each)


def _export(told: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"## {told['format']}, snapshot {told['snapshot']}"
    yield ""
    yield f"Made {told['made_at']} from {told['labels']:,} labels: {_versions(told['versions'])}."
    if told["filters"]:
        yield f"Only {json.dumps(told['filters'], ensure_ascii=False)}."
    if told["since"]:
        yield f"Only what is new since snapshot {told['since']}."
    for group, counts in told["labels_by"].items():
        yield from _table(f"Labels by {group}", (group, "labels"), [(name, f"{n:,}") for name, n in counts.items()])
    if told["excluded"]:
        left_out = [(reason, f"{n:,}") for reason, n in told["excluded"].items()]
        yield from _table("Left out on purpose", ("reason", "number"), left_out)
    yield from _quality(told["quality"])
    yield from _agreement(told["agreement"])
    yield from _certificates(told["certificates"])
    yield ""
    yield "### Known limits"
    yield ""
    yield from (f"- {limit}" for limit in told["limits"])


def _versions(versions: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in versions.items() if value is not None)


def _quality(quality: Mapping[str, Any] | None) -> Iterator[str]:
    if quality is None:
        return
    rows = [*quality["strata"], {**quality, "name": "**all**", "checked": "", "seen": "", "is_reference": False}]
    yield from _table(
        f"Labels that disagree with people, {quality['confidence']:.0%} for all strata at once",
        ("stratum", "labels", "checked", "wrong", "interval"),
        [(each["name"], f"{each['labels']:,}", _checked(each), _percent(each["wrong"]), _interval(each))
         for each in rows],
    )  # fmt: skip


def _checked(each: Mapping[str, Any]) -> str:
    if each["is_reference"]:
        return "people's own"
    return "" if each["checked"] == "" else f"{each['checked'] + each['seen']:,}"


def _interval(each: Mapping[str, Any]) -> str:
    return "–" if each["is_reference"] else f"{each['low']:.1%} to {each['high']:.1%}"


def _percent(value: float | None) -> str:
    return "not checked" if value is None else f"{value:.1%}"


def _agreement(agreement: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from _table(
        "Agreement between people",
        ("criterion", "cases of two or more people", "all the same", "Krippendorff's alpha", "Gwet's AC"),
        [(each["criterion"], f"{each['n']:,}", f"{each['agree']:,}", _measure(each["alpha"]), _measure(each["ac1"]))
         for each in agreement],
    )  # fmt: skip


def _measure(told: Mapping[str, float] | None) -> str:
    return "cannot be told" if told is None else f"{told['value']:.2f} ({told['low']:.2f} to {told['high']:.2f})"


def _certificates(certificates: Sequence[Mapping[str, Any]] | str) -> Iterator[str]:
    if isinstance(certificates, str):
        yield from ("", f"Certificates: {certificates}.")
        return
    yield from _table(
        "Certificates",
        ("criterion", "state", "judge", "alpha", "delta", "threshold", "wrong of accepted certify cases"),
        [(each["criterion"], each["state"], each["judge_version"], f"{each['alpha']:g}", f"{each['delta']:g}",
          f"{each['threshold']:.4f}", f"{each['n_errors']} of {each['n_accepted']}") for each in certificates],
    )  # fmt: skip


def _table(title: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", f"### {title}", "")
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |"
