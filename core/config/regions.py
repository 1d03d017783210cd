"""Where the platforms live: region names, domains, and the URLs that follow (contract §1, §2)."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from .profile import Profile

REGIONS: dict[str, str] = {
    "us-east-1": "mypurecloud.com",
    "us-east-2": "use2.us-gov-pure.cloud",
    "us-west-2": "usw2.pure.cloud",
    "ca-central-1": "cac1.pure.cloud",
    "mx-central-1": "mxc1.pure.cloud",
    "sa-east-1": "sae1.pure.cloud",
    "eu-central-1": "mypurecloud.de",
    "eu-central-2": "euc2.pure.cloud",
    "eu-west-1": "mypurecloud.ie",
    "eu-west-2": "euw2.pure.cloud",
    "eusc-de-east-1": "edee1.eusc-pure.cloud",
    "me-central-1": "mec1.pure.cloud",
    "ap-south-1": "aps1.pure.cloud",
    "ap-northeast-1": "mypurecloud.jp",
    "ap-northeast-2": "apne2.pure.cloud",
    "ap-northeast-3": "apne3.pure.cloud",
    "ap-southeast-1": "apse1.pure.cloud",
    "ap-southeast-2": "mypurecloud.com.au",
}
"""Genesys Cloud's regions and their domains (contract §1)."""

SHORT_REGIONS: dict[str, str] = {"us": "us-east-1", "eu": "eu-west-1", "au": "ap-southeast-2"}
"""What `GENESYS_ENV` may say, and the region that it means."""

TOKEN_PATHS: dict[str, str] = {"genesys": "/oauth/token", "cxone": "/api/v2/oauth/token"}

_VENDOR_DOMAINS = (*REGIONS.values(), "nicecxone.com", "mynicecxone.com", "niceincontact.com")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def normal_region(text: str) -> str:
    """The region's name, or a bare domain, as cxtop writes it.

    Underscores and capitals are accepted, and `api.`, `login.` or `apps.` before a domain.
    Raises ValueError for what is neither.
    """
    name = text.strip().lower()
    dashed = name.replace("_", "-")
    if dashed in REGIONS:
        return dashed
    domain = re.sub(r"^(?:api|login|apps)\.", "", name)
    if _DOMAIN.fullmatch(domain):
        return domain
    raise ValueError("not a region of Genesys Cloud")


def domain_of_region(region: str) -> str:
    """The domain of a region's name; a bare domain is its own."""
    name = normal_region(region)
    return REGIONS.get(name, name)


def api_of_region(region: str) -> str:
    """The root of a region's API."""
    return f"https://api.{domain_of_region(region)}"


def login_of_region(region: str) -> str:
    """The root of a region's login service."""
    return f"https://login.{domain_of_region(region)}"


def api_base(profile: Profile) -> str:
    """The root of the profile's API, without a slash at its end."""
    return profile.base_url


def login_base(profile: Profile) -> str:
    """The root of the service that gives tokens to the profile, without a slash at its end.

    `login_url` where it is set; the region's login host where the API is the region's own; else
    the API itself.
    """
    if profile.login_url:
        return profile.login_url
    if profile.region and profile.base_url == api_of_region(profile.region):
        return login_of_region(profile.region)
    return profile.base_url


def token_url(profile: Profile) -> str:
    """The URL that the profile's tokens come from."""
    return login_base(profile) + (profile.token_path or TOKEN_PATHS[profile.platform])


def checked_url(text: str) -> str:
    """`text` as an absolute http(s) URL without a slash at its end.

    Raises ValueError, which never quotes the URL, as it may hold a password.
    """
    text = text.strip()
    if not text.isprintable() or re.search(r"[\s\\]", text):
        raise ValueError("a URL holds no white space, backslash or control character")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a URL begins with https:// and a host")
    if "@" in parts.netloc:
        raise ValueError("a URL here holds no user name or password")
    if parts.query or parts.fragment:
        raise ValueError("a URL here ends before any ? or #")
    if parts.port == 0:
        raise ValueError("the port must be from 1 to 65535")
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"), "", ""))


def host_of(url: str) -> str:
    """The host in `url`, in lower case."""
    return urlsplit(url).hostname or ""


def is_loopback(url: str) -> bool:
    """Whether `url` stays on this machine."""
    host = host_of(url)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_vendor(url: str) -> bool:
    """Whether `url` leads to one of the platforms' own domains."""
    host = host_of(url)
    return any(host == domain or host.endswith("." + domain) for domain in _VENDOR_DOMAINS)
