"""The site builds without a warning: its links, its anchors, its reference."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_site_builds_strictly(tmp_path: Path) -> None:
    pytest.importorskip("material")
    pytest.importorskip("mkdocstrings")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    reference = (tmp_path / "api" / "index.html").read_text(encoding="utf-8")
    for name in ("mobileiqa_sdk.score", "mobileiqa_sdk.Scorer.score_many", "mobileiqa_sdk.find_photos"):
        assert f'id="{name}"' in reference
    assert (tmp_path / "server.py").is_file()
    assert not (tmp_path / "site_hooks.py").exists()


def test_links_out_of_the_site_become_names() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        from site_hooks import on_page_markdown
    finally:
        sys.path.pop(0)

    class Page:
        class file:  # noqa: N801 - mkdocs calls it so
            src_uri = "index.md"

    text = (
        "[the model card](../training/MODEL_CARD.md#data) [`pyproject.toml`](../pyproject.toml) [x](api.md)"
    )
    assert on_page_markdown(text, Page()) == (
        "the model card (`training/MODEL_CARD.md` in the repository) `pyproject.toml` [x](api.md)"
    )
    with pytest.raises(FileNotFoundError, match="gone"):
        on_page_markdown("[x](../gone.md)", Page())
