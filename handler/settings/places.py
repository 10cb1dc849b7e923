"""Where each cloud's services are. Source: the vendors' lists of regions and endpoints (2026-03, SDK 3.1.219)."""

from __future__ import annotations

import re
from typing import Literal, get_args
from urllib.parse import urlsplit

from handler.named_tuple import NamedTuple

Cloud = Literal["huaweicloud", "otc"]
CLOUDS: tuple[str, ...] = get_args(Cloud)
OTC_SUFFIX = "otc.t-systems.com"
HSS_REGIONS: dict[str, tuple[str, ...]] = {
    "otc": ("eu-de",),
    "huaweicloud": (
        "cn-north-1", "cn-north-2", "cn-north-4", "cn-north-9", "cn-north-11", "cn-north-12",
        "cn-east-2", "cn-east-3", "cn-east-4", "cn-east-5", "cn-south-1", "cn-south-2", "cn-south-4",
        "cn-southwest-2", "cn-southwest-3",
        "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
        "na-mexico-1", "la-north-2", "la-south-2", "sa-brazil-1", "af-south-1", "af-north-1",
        "tr-west-1", "ae-ad-1", "me-east-1", "my-kualalumpur-1", "eu-west-101", "ru-moscow-1",
    ),
}  # fmt: skip

_MORE_TOPIC_REGIONS: dict[str, tuple[str, ...]] = {"otc": ("eu-nl",), "huaweicloud": ()}  # without HSS
_TOPIC = r"urn:smn:(?P<region>[a-z0-9-]{1,40}):[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,255}"


class ResolvedEndpoint(NamedTuple):
    """Where HSS is asked, whose dialect it speaks there, and its region; empty where it is not known.

    `trouble` says why the endpoint could not be found.
    """

    endpoint: str
    cloud: str
    region: str
    trouble: str = ""


class EndpointKeys(NamedTuple):
    """How endpoint and cloud are set where they are written, so that advice can be followed."""

    endpoint: str
    cloud: str  # with its sign, as `HSS_CLOUD=`


def resolve_endpoint(endpoint: str, cloud: str, region: str, keys: EndpointKeys) -> ResolvedEndpoint:
    """Where to ask, from an endpoint as it is, else from a region; empty texts are not set.

    The cloud is the one that is set; else that of the endpoint's host name; else, without an endpoint, the only one
    that has the region; else Huawei Cloud.
    """
    if endpoint:
        return ResolvedEndpoint(endpoint, cloud or cloud_of(endpoint), region or region_of(endpoint))
    having = [name for name in CLOUDS if region in HSS_REGIONS[name]]
    cloud = cloud or (having[0] if len(having) == 1 else "huaweicloud")
    if cloud in having:
        return ResolvedEndpoint(service_endpoint("hss", cloud, region), cloud, region)
    advice = f"set {keys.cloud}{having[0]}" if having else f"set {keys.endpoint} instead if the region is new"
    return ResolvedEndpoint("", cloud, region, f"{region!r:.40} has no HSS on {cloud}; {advice}")


def cloud_of(endpoint: str) -> str:
    """The cloud that an endpoint's host name belongs to; anything unknown speaks Huawei Cloud's dialect."""
    host = urlsplit(endpoint).hostname or ""
    return "otc" if host == OTC_SUFFIX or host.endswith("." + OTC_SUFFIX) else "huaweicloud"


def service_endpoint(service: str, cloud: str, region: str) -> str:
    """`https://hss.eu-de.otc.t-systems.com`; one Huawei region has a domain of its own."""
    if cloud == "otc":
        return f"https://{service}.{region}.{OTC_SUFFIX}"
    domain = "myhuaweicloud.eu" if region == "eu-west-101" else "myhuaweicloud.com"
    return f"https://{service}.{region}.{domain}"


def topic_endpoint(urn: str, known: str = "") -> tuple[str, str]:
    """Where the topic of `urn:smn:REGION:PROJECT:NAME` is published to, if not at the `known` endpoint, or why not."""
    found = re.fullmatch(_TOPIC, urn)
    if found is None:
        return "", "must be urn:smn:REGION:PROJECT:NAME, as the topic's page shows it"
    if known:
        return known, ""
    region = found["region"]
    cloud = next((name for name in CLOUDS if region in (*HSS_REGIONS[name], *_MORE_TOPIC_REGIONS[name])), None)
    if cloud is None:
        return "", f"the region {region!r:.40} is not known: set url to the address of its service smn"
    return service_endpoint("smn", cloud, region), ""


def region_of(endpoint: str) -> str:
    """The region in a well-known endpoint's host name, or empty."""
    labels = (urlsplit(endpoint).hostname or "").split(".")
    known = {region for regions in HSS_REGIONS.values() for region in regions}
    return labels[1] if len(labels) > 1 and labels[1] in known else ""
