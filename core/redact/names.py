"""Which names hold secrets: exactly, after case and punctuation are taken away, or by an ending
that nothing harmless shares."""

from __future__ import annotations

import re
from collections.abc import Iterable

_EXACT = (
    # passwords and the like
    "password passwd passwords pwd passphrase passcode userpassword passwordconfirm "
    "passwordconfirmation pin otp totp cvv cvv2 cvc cvc2 cardnumber creditcard "
    # keys and secrets
    "secret secrets clientsecrets apikey apikeys xapikey privatekey secretkey accesskey "
    "accesskeyid awsaccesskeyid signingkey encryptionkey masterkey sharedkey accountkey "
    "authkey sshkey subscriptionkey xfunctionskey secretstring "
    # credentials and tokens
    "auth authorization xauth httpauthorization credential credentials creds bearer jwt "
    "assertion clientassertion codeverifier devicecode samlresponse token tokens accesstokens "
    "refreshtokens tokenvalue "
    # sessions
    "session sessions sessionid sessid sessionkey sid connectsid phpsessid jsessionid csrf xsrf "
    "csrfmiddlewaretoken cookie cookies setcookie "
    # signatures
    "signature sig"
)

_ENDINGS = (
    "password passwd passphrase secret apikey accesskey accesskeyid secretkey privatekey "
    "signingkey encryptionkey subscriptionkey authorization credential credentials cookie "
    "sessionid sessid token"
)

# Tokens that page, count or stop things. They are needed to see what went on.
_HARMLESS_TOKEN = re.compile(
    r"(?:page|paging|pagination|next|prev|previous|continuation|continue|sync|cursor|cancel"
    r"|cancellation|resume|skip|max|min|per|num|total|stop|eos|bos|pad|unk)token\Z"
)
_ENDING = re.compile(f"(?:{'|'.join(_ENDINGS.split())}|x.*signature)[0-9]*\\Z")
_PUNCTUATION = str.maketrans("", "", "-_. \t:$@[]\"'")
_BRACKETED = re.compile(r"[\w.\-]*(?:\[[\w.\-\"']*\])+\Z")
_BRACKETS = re.compile(r"[\[\]]+")
_LONGEST = 256
_LONGEST_KEPT = 64
_KEPT = 4096


class Names:
    """Knows secret names, the built-in ones and `extra`.

    `X-Api-Key`, `apiKey` and `api_key` are one name. Of a dotted name (`user.password`) the last
    part counts, of a bracketed one (`credentials[user]`) every part.
    """

    __slots__ = ("_exact", "_judged")

    def __init__(self, extra: Iterable[str] = ()) -> None:
        more = frozenset(filter(None, map(normalised, extra)))
        self._exact = frozenset(_EXACT.split()) | more
        self._judged: dict[str, bool] = {}

    def secret(self, name: str) -> bool:
        """Whether what goes under `name` is a secret."""
        verdict = self._judged.get(name)
        if verdict is None:
            verdict = self._judge(name[-_LONGEST:])
            if len(name) <= _LONGEST_KEPT:
                if len(self._judged) >= _KEPT:
                    self._judged.clear()
                self._judged[name] = verdict
        return verdict

    def _judge(self, name: str) -> bool:
        if self._plain(normalised(name)):
            return True
        if _BRACKETED.match(name):
            return any(self._judge(part) for part in _BRACKETS.split(name) if part)
        return "." in name and self._plain(normalised(name.rpartition(".")[2]))

    def _plain(self, word: str) -> bool:
        if word in self._exact:
            return True
        return _ENDING.search(word) is not None and not _HARMLESS_TOKEN.search(word)


def normalised(name: str) -> str:
    """`name` without case and punctuation."""
    return name.translate(_PUNCTUATION).lower()
