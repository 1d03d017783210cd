"""Bringing exchanges in, and showing them: following log files, foreign formats, the library.

What faces need is in `library`:

    async with Library.open(store, ["captures/", "app.jsonl"], tell=notice) as library:
        stop = library.subscribe(lambda news: ...)   # News(added, total), at most 10 times a second
        page = await library.page(parse("status:5xx"), limit=50)   # newest first
        page.rows                                    # tuple[Listed, ...]
        page.older                                   # number to give as `before` for the next page
        await library.count(filter)                  # Count(number, exact)
        await library.by_id("5f3ac21e")              # list[Listed], newest first
        await library.around(number, filter, before=20, after=20)
        await library.payload(number)                # Exchange, or Absent(state, why)
        await library.last_good(listed)              # Listed | None, for the diff
        view = await library.view(filter)            # a list of any length, for a virtual table
        len(view); await view.rows(0, 40)            # place 0 is the oldest; rows are Listed
        await view.grow()                            # takes in what came since; says how many

`parse`, `Filter`, `complete`, `FIELDS` are in `cxtop.core.store.filter`.

    content     the bytes of a log, plain or gzipped
    patterns    which files are meant by files, folders, globs
    tailing     following files through rotation, copying, cutting
    heads       from lines to entries of the index
    following   from the tailer to the index
    payloads    reading exchanges back from their lines
    listing     an exchange as a list shows it
    view        a list of any length
    library     all of it behind one class
    recognise   what kind of file it is
    foreign     other loggers' lines
    har         HAR 1.2 files
    importing   foreign files become capture logs in the data folder
"""

from .library import Library, News, Page
from .listing import Listed
from .payloads import Absent, Missing
from .view import View

__all__ = ["Absent", "Library", "Listed", "Missing", "News", "Page", "View"]
