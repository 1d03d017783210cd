"""Notice to people who do not look: which events, in which words, by which way (contract §7)."""

from .composing import trial_notice
from .notice import CodeCount, Notice, Occasion, Sample
from .notifier import Notifier
from .sending import Sent, Target, send_once, targets_of

__all__ = [
    "CodeCount",
    "Notice",
    "Notifier",
    "Occasion",
    "Sample",
    "Sent",
    "Target",
    "send_once",
    "targets_of",
    "trial_notice",
]
