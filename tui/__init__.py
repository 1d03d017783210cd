"""The faces of cxtop: the command line and the screens."""
