"""Evidence: what was seen, handed over in one file, and read back.

scope       what is meant: kinds of things, runs, times, filters
evidence    what the store and the logs know of a scope, as models, in bounded memory
records     the models that stand in each part
masking     masking again, on the way out
formats     how it is written, each for another reader
exporting   the file: whole or not at all
manifest    what a bundle says of itself
reading     a bundle read back, and refused where it cannot be trusted
exhibit     a monitor over a bundle, for the same screens
tallies     what a bundle says in figures
comparing   what is new, gone, worse and better between two bundles
"""
