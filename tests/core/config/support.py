"""Files and environments that the tests of configuration share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cxtop.core.config import Settings, load


class Place:
    """A home of its own: the config folder, the working folder, and an environment."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.cwd = root / "work"
        self.home.mkdir()
        self.cwd.mkdir()
        self.env = {"CXTOP_HOME": str(self.home), "HOME": str(self.home)}
        self.config_file = self.home / "config.toml"

    def config(self, text: str, mode: int = 0o600) -> Path:
        """Write config.toml."""
        self.config_file.write_text(text, encoding="utf-8")
        self.config_file.chmod(mode)
        return self.config_file

    def dotenv(self, text: str, mode: int = 0o600) -> Path:
        """Write .env into the working folder."""
        path = self.cwd / ".env"
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def gc(self, text: str, mode: int = 0o600) -> Path:
        """Write the file of the gc tool."""
        folder = self.home / ".gc"
        folder.mkdir()
        path = folder / "config.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def load(self, flags: dict[str, Any] | None = None, **env: str) -> Settings:
        """Load with these flags and these variables beside the home."""
        return load(flags, env=self.env | env, cwd=self.cwd)
