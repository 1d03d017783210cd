"""Where cxtop's files are on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Paths:
    """The files of one user. Nothing here is created; whoever writes makes the folder, 0700."""

    config_file: Path
    config_dir: Path
    state_dir: Path
    data_dir: Path

    @property
    def log_file(self) -> Path:
        """Where cxtop writes what it does."""
        return self.state_dir / "cxtop.log"

    @property
    def captures_dir(self) -> Path:
        """Where capture logs lie unless somebody says otherwise."""
        return self.data_dir / "captures"

    @property
    def schemas_dir(self) -> Path:
        """Where the user puts the schemas of actions that cxtop is to know."""
        return self.config_dir / "schemas"

    def store_file(self, profile_name: str) -> Path:
        """The store of one profile; any name gives one file inside the state folder."""
        name = quote(profile_name, safe="").replace(".", "%2E")
        if len(name) > _LONGEST_NAME:
            import hashlib

            digest = hashlib.sha256(profile_name.encode("utf-8", "surrogatepass")).hexdigest()
            name = f"{name[:_LONGEST_NAME]}-{digest[:16]}"
        return self.state_dir / "stores" / f"{name}.sqlite3"


def find_paths(
    env: Mapping[str, str], *, config_file: str | Path | None = None, cwd: Path | None = None
) -> Paths:
    """The paths that `CXTOP_HOME` in `env` gives, else those of the operating system's custom.

    `config_file` names another config file; the folders stay. Relative paths count from `cwd`.
    """
    here = cwd or Path.cwd()
    if home := env.get("CXTOP_HOME", "").strip():
        root = here / Path(home).expanduser()
        config_dir, state_dir, data_dir = root, root / "state", root / "data"
    else:
        from platformdirs import PlatformDirs

        dirs = PlatformDirs("cxtop", appauthor=False)
        config_dir = Path(dirs.user_config_dir)
        state_dir = Path(dirs.user_state_dir)
        data_dir = Path(dirs.user_data_dir)
    file = here / Path(config_file).expanduser() if config_file else config_dir / "config.toml"
    return Paths(file, config_dir, state_dir, data_dir)
