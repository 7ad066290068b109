"""``python -m training``: the steps of the recipe, run from the repository's root."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main()
