"""What is secret, and how it is masked before it reaches a disk, a log or a screen.

Two ways find a secret: by the name it goes under (`names`), wherever names have values (JSON,
headers, forms, URLs, free text), and by its shape (`shapes`), wherever text is. Where in doubt a
value is masked: a neighbour too many costs a look at the source, a secret too few costs more.

    names      which names hold secrets
    mask       what stands in a secret's place
    shapes     bearer tokens, JWTs, private keys, webhooks, card numbers
    jsontext   JSON in a string, whole or cut off, changed only where a secret was
    pairs      names with values in free text, markup and multipart forms
    addresses  URLs and forms
    redactor   all of it behind one class
"""

from .mask import MASK
from .redactor import REDACTOR, Redactor

__all__ = ["MASK", "REDACTOR", "Redactor"]
