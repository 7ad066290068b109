"""Photos that are not files of their own: in tar and zip archives, in columns of bytes, behind URLs.

Nothing is unpacked to disk and nothing is rewritten: an archive is read from its beginning to its end, one
member at a time. A socket is opened for URLs alone, by fsspec (the extra ``[cloud]``).

- ``tar.py`` ``zip.py`` ``table.py``: the members of one archive or one table
- ``shard.py``: one archive or table as a unit of work, whatever its kind
- ``store.py``: URLs
- ``find.py``: what a command line names
"""

from __future__ import annotations

from .find import find_sources
from .shard import Shard
from .store import StoredPhoto

__all__ = ["Shard", "StoredPhoto", "find_sources"]
