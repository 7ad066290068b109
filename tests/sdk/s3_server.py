"""A server on loopback that speaks S3: moto, if it is installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def s3_bucket(monkeypatch: pytest.MonkeyPatch, objects: Mapping[str, bytes]) -> Iterator[Any]:
    """Serve a bucket called ``photos``, to this process and to those that it starts; gives fsspec's view."""
    server_module = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    server = server_module.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        }.items():
            monkeypatch.setenv(name, value)
        files = s3fs.S3FileSystem()
        files.mkdir("photos")
        for name, data in objects.items():
            files.pipe(f"photos/{name}", data)
        yield files
    finally:
        server.stop()
