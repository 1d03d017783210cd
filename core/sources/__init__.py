"""Bringing exchanges in, and showing them: following log files, foreign formats, the library.

What faces need is in `library`:

    sources = ["captures/", "app.jsonl", "old/*.har"]
    async with Library.open(store, sources, data_dir=paths.data_dir, tell=notice) as library:
        stop = library.subscribe(lambda news: ...)   # News(added, newest), ≤ 10 a second
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

    feed        sorts sources into capture logs, foreign logs and HAR files
    texts       fills the full text in the background
    verifying   looks at lines where the index cannot tell
    content     the bytes of a log, plain or gzipped
    patterns    which files are meant by files, folders, globs
    tailing     following files through rotation, copying, cutting
    tracked     a log that is followed, and how far it was read
    opened      the open files of such logs
    pieces      reading on in them: whole lines
    heads       from lines to entries of the index
    following   from the tailer to the index
    payloads    reading exchanges back from their lines
    listing     an exchange as a list shows it
    view        a list of any length
    library     all of it behind one class
    recognise   what kind of file it is
    foreign     other loggers' lines
    har         HAR 1.2 files
    kinds       what kind of log each file is, remembered
    importing   foreign files become capture logs in the data folder
    targets     such a log, and the note of how far it is
"""

from .library import Library, News, Page
from .listing import Listed
from .payloads import Absent, Missing
from .view import View

__all__ = ["Absent", "Library", "Listed", "Missing", "News", "Page", "View"]
