"""Makes docs/snapshot.schema.json from the models. Run by `make schema`."""

from __future__ import annotations

import json
from pathlib import Path

from cxtop.core.snapshot.formats.jsondocument import schema

text = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
Path(__file__).with_name("snapshot.schema.json").write_text(text, encoding="utf-8")
