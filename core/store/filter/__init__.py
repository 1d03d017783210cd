"""The filter language: one for the screens and the command line.

    status:5xx code:TIMEOUT method:POST path:/orders* ms:>500 since:10m
    body:"deadline exceeded" not action:lookup | -status:2xx (id:abc | word)

Terms side by side must all hold; `|` (or the word `or`) means either; `not`, or a `-` before a
term, turns it round; parentheses group. Quotes hold together what has spaces in it or would mean
something else: `"not"` is a word. A word without a field is looked for in URL, ids, code and
action, without regard to case. `FIELDS` are the fields, each with its meaning for the help.

    fields      the fields, and how a value of each is read
    values      numbers, times, patterns
    tokens      from text to tokens, with their places
    tree        what is asked, as a tree that can look at an exchange
    parsing     from tokens to the tree
    completing  what can be typed next
    compiling   from the tree to SQL
"""

from .compiling import Plan, Shape, plan
from .completing import complete
from .fields import FIELDS, Field
from .parsing import EVERYTHING, Filter, parse
from .texts import tokens_of
from .tree import Subject

__all__ = [
    "EVERYTHING",
    "FIELDS",
    "Field",
    "Filter",
    "Plan",
    "Shape",
    "Subject",
    "complete",
    "parse",
    "plan",
    "tokens_of",
]
