"""What the site needs beyond the pages as they stand in the repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"\[([^\]]+)\]\((\.\./[^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turns links to files outside of the site into their names.

    Raises:
        FileNotFoundError: there is no such file.
    """
    folder = (ROOT / "docs" / page.file.src_uri).parent

    def named(link: re.Match[str]) -> str:
        target = (folder / link[2]).resolve()
        if not target.exists():
            raise FileNotFoundError(f"{page.file.src_uri} links to {link[2]}, which does not exist")
        name = target.relative_to(ROOT).as_posix()
        text = link[1]
        return f"`{name}`" if text.strip("`") == name else f"{text} (`{name}` in the repository)"

    return _LINK.sub(named, markdown)
