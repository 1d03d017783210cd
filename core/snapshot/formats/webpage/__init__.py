"""The HTML page: one file that needs nothing but itself.

page        the whole, written while the evidence is read
sections    what is seen at once: header, figures, what needs a look first
charts      inline SVG
tables      what the tables show of each kind of record; traffic: of what went over the wire
markup      elements, text and data that cannot become markup by mistake
page.css, page.js   the style and the script, allowed by their hashes
"""

from .page import HTML

__all__ = ["HTML"]
