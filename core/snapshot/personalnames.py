"""Which names tell about a person, and which only tie things together or are harmless."""

from __future__ import annotations

import re

_WHOLE = (
    "name names firstname lastname surname fullname forename givenname middlename familyname "
    "maidenname nickname username login displayname salutation signature gender sex age birth "
    "birthday birthdate birthplace dob born nationality ethnicity religion marital spouse "
    "initiatedby createdby updatedby modifiedby requestedby assignedto mail mails email "
    "emails emailaddress phone phones phonenumber mobile mobilephone cell cellphone tel "
    "telephone fax msisdn ani dnis callerid address addresses street streetname city town zip "
    "zipcode postcode postalcode postal country latitude longitude lat lng lon geo location "
    "ip ipaddress ipv4 ipv6 remoteaddr clientip iban bic swift accountnumber bankaccount "
    "account sortcode cardholder ssn socialsecurity nin taxid taxnumber vat vatid passport "
    "passportnumber licence license licenceplate insurance salary income"
)
_WITHIN = (
    "name surname firstname lastname mail email phone mobile telephone tel fax msisdn address "
    "street zip postcode birth birthday birthdate dob iban bic ssn passport"
)
# Things have names and addresses, too, and those are what debugging is about.
_THINGS = (
    "file host flow action queue field function class method event type service server module "
    "path route step job table column node app application key param parameter tag header "
    "domain code metric profile region topic schema index bucket cluster container image "
    "package process rule skill status task template thread variable version policy operation "
    "endpoint logger"
)
_TIES = (
    "id requestid xrequestid correlationid xcorrelationid inincorrelationid flowexecutionid "
    "executionid flowid conversationid traceid spanid traceparent recordid runid jobid "
    "actionid dataactionid exchangeid callid errorid stepid idempotencykey operationid "
    "transactionid entityid externalid page pagenumber pagesize size limit offset sort order "
    "fields expand interval version status statuscode errorcode code"
)
_HEADERS = (
    "accept accept-encoding accept-ranges age allow cache-control connection content-encoding "
    "content-length content-type date expect expires keep-alive pragma retry-after server te "
    "trailer transfer-encoding upgrade vary traceparent x-request-id x-correlation-id "
    "inin-correlation-id request-id correlation-id idempotency-key strict-transport-security "
    "x-content-type-options x-frame-options"
)
_HARMLESS_BEGINNINGS = (
    "ratelimit",
    "x-ratelimit",
    "x-rate-limit",
    "inin-ratelimit",
    "access-control-allow-",
)

_PERSONAL = frozenset(_WHOLE.split())
_WORDS = frozenset(_WITHIN.split())
_OF_THINGS = frozenset(_THINGS.split())
_IDS = frozenset(_TIES.split())
_HARMLESS = frozenset(_HEADERS.split())
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def is_personal(name: str) -> bool:
    """Whether what goes under `name` tells about a person."""
    bare = plain(name)
    if bare in _PERSONAL:
        return True
    if bare in _IDS:
        return False
    words = [word.lower() for word in _PARTS.findall(name)]
    while words and words[-1].isdigit():
        words.pop()
    for place, word in enumerate(words):
        if word not in _WORDS:
            continue
        before = words[place - 1] if place else ""
        if word not in ("name", "address") or before not in _OF_THINGS:
            return True
    return False


def plain(name: str) -> str:
    """`name` without case and punctuation."""
    return re.sub(r"[\W_]", "", name).lower()


def is_tie(name: str) -> bool:
    """Whether `name` is that of an id, a page or a code: what evidence hangs on."""
    return plain(name) in _IDS


def is_harmless_header(name: str) -> bool:
    """Whether the values of this header, in lower case, tell nothing about anybody."""
    return name in _HARMLESS or name.startswith(_HARMLESS_BEGINNINGS)
