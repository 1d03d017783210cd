"""The headless part of cxtop: everything but the faces. Imports neither textual nor rich."""

__version__ = "0.1.0"
