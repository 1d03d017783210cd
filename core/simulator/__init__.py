"""A simulated platform over real HTTP on loopback: both dialects, repeatable by seed.

Nothing heavy is imported here; `serve` starts it, `app.create_app` is the platform itself.
"""
