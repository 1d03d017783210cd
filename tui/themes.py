"""The two looks of cxtop: layers of one hue, one accent, colours only where they mean something."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="cxtop-dark",
    dark=True,
    primary="#6ea8ff",
    secondary="#8b9bb4",
    accent="#f2b872",
    foreground="#d8dee9",
    background="#12161d",
    surface="#171c25",
    panel="#202735",
    success="#7fcf94",
    warning="#e8b45a",
    error="#f07a82",
    variables={
        "text-primary": "#6ea8ff",
        "text-accent": "#f2b872",
        "text-success": "#7fcf94",
        "text-warning": "#e8b45a",
        "text-error": "#f07a82",
        "footer-background": "#171c25",
        "footer-key-foreground": "#f2b872",
        "footer-description-foreground": "#8b95a7",
        "scrollbar": "#2c3546",
        "scrollbar-hover": "#3a465c",
        "scrollbar-active": "#4a5872",
        "scrollbar-background": "#12161d",
        "scrollbar-background-hover": "#12161d",
        "scrollbar-background-active": "#12161d",
    },
)

LIGHT = Theme(
    name="cxtop-light",
    dark=False,
    primary="#1f5fbf",
    secondary="#5b6678",
    accent="#9a5b00",
    foreground="#1f2733",
    background="#fafbfc",
    surface="#f1f3f6",
    panel="#e4e8ee",
    success="#1d7a3c",
    warning="#8a5a00",
    error="#b3262f",
    variables={
        "text-primary": "#1f5fbf",
        "text-accent": "#9a5b00",
        "text-success": "#1d7a3c",
        "text-warning": "#8a5a00",
        "text-error": "#b3262f",
        "footer-background": "#f1f3f6",
        "footer-key-foreground": "#9a5b00",
        "footer-description-foreground": "#5b6678",
        "scrollbar": "#c9d0da",
        "scrollbar-hover": "#b3bdca",
        "scrollbar-active": "#9aa6b6",
        "scrollbar-background": "#fafbfc",
        "scrollbar-background-hover": "#fafbfc",
        "scrollbar-background-active": "#fafbfc",
    },
)

DEFAULT = DARK.name
