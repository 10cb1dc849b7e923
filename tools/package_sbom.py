"""A software bill of materials of the zip: CycloneDX 1.6 as JSON, the same bytes for the same wheels."""

from __future__ import annotations

import email.parser
import hashlib
import json
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import Message
    from pathlib import Path

LICENCE_CLASSIFIER = "License :: OSI Approved :: "


def bill_of_materials(wheels: Sequence[Path], *, name: str, version: str, licence: str) -> str:
    """The document for a zip that is made of these wheels and of our own code."""
    components = sorted((_component(wheel) for wheel in wheels), key=lambda each: str(each["name"]))
    ours = {
        "type": "application",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
        "licenses": [{"expression": licence}],
    }
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": ours},
        "components": components,
        "dependencies": [{"ref": ours["bom-ref"], "dependsOn": [each["bom-ref"] for each in components]}],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return json.dumps({**document, "serialNumber": serial.urn}, indent=2, sort_keys=True) + "\n"


def _component(wheel: Path) -> dict[str, Any]:
    metadata = _metadata(wheel)
    name = metadata["Name"].lower().replace("_", "-").replace(".", "-")
    purl = f"pkg:pypi/{name}@{metadata['Version']}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": metadata["Version"],
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
        "licenses": _licences(metadata),
    }


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.parser.BytesParser().parsebytes(archive.read(name), headersonly=True)


def _licences(metadata: Message) -> list[dict[str, Any]]:
    """The SPDX expression where the package states one, else its words."""
    if metadata["License-Expression"]:
        return [{"expression": metadata["License-Expression"]}]
    classifiers = metadata.get_all("Classifier") or ()
    named = [each.removeprefix(LICENCE_CLASSIFIER) for each in classifiers if each.startswith(LICENCE_CLASSIFIER)]
    words = named or [(metadata["License"] or "not stated").splitlines()[0]]
    return [{"license": {"name": word}} for word in words]
