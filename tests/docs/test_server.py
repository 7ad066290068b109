"""The service in docs/server.py answers, and bounds what a client can ask for."""

from __future__ import annotations

import http.client
import io
import json
import re
import runpy
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import mobileiqa_sdk

ROOT = Path(__file__).parents[2]
PHOTO = (ROOT / "docs" / "otters.jpg").read_bytes()


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[dict[str, Any], int]]:
    """The module's names, and the port that it serves on."""
    names = runpy.run_path(str(ROOT / "docs" / "server.py"))
    server = names["Server"](("127.0.0.1", 0), names["Handler"])
    names["Handler"].log_message = lambda *_: None
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield names, server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def post(port: int, body: bytes | None, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest("POST", "/")
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    if body:
        connection.send(body)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if text else None


def length(body: bytes) -> dict[str, str]:
    return {"Content_Length": str(len(body))}


def test_a_photo(service: tuple[dict[str, Any], int]) -> None:
    score = mobileiqa_sdk.Scorer(threads=1).score(PHOTO)
    assert post(service[1], PHOTO, **length(PHOTO)) == (
        200,
        {"score": score, "band": mobileiqa_sdk.band(score)},
    )


def test_the_answer_in_the_document(service: tuple[dict[str, Any], int]) -> None:
    text = (ROOT / "docs" / "servers.md").read_text(encoding="utf-8")
    block = re.search(r"```json\n(.*)\n```", text)
    assert block
    stated, answer = json.loads(block[1]), post(service[1], PHOTO, **length(PHOTO))[1]
    assert stated == {"score": pytest.approx(answer["score"], abs=1e-4), "band": answer["band"]}


@pytest.mark.parametrize("body", [b"", b"nonsense", PHOTO[:1000]])
def test_a_body_that_is_no_photo(service: tuple[dict[str, Any], int], body: bytes) -> None:
    status, answer = post(service[1], body, **length(body))
    assert status == 422
    assert answer["error"]


def test_bodies_without_a_bound(service: tuple[dict[str, Any], int]) -> None:
    names, port = service
    assert post(port, None)[0] == 411
    assert post(port, None, Content_Length="-1")[0] == 411
    assert post(port, None, Content_Length=str(names["MAX_BYTES"] + 1))[0] == 413


def test_a_photo_of_too_many_pixels_is_not_decoded(service: tuple[dict[str, Any], int]) -> None:
    names, port = service
    file = io.BytesIO()
    Image.new("1", (names["MAX_PIXELS"] // 5000 + 1, 5000)).save(file, "PNG")
    assert post(port, file.getvalue(), **length(file.getvalue()))[0] == 413


def test_connections_beyond_the_bound_are_told_to_come_back(service: tuple[dict[str, Any], int]) -> None:
    names, port = service
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(names["AT_ONCE"])]
    try:
        # The server takes connections in order: the next one finds no room.
        with socket.create_connection(("127.0.0.1", port), timeout=30) as late:
            assert late.recv(100).startswith(b"HTTP/1.0 503 ")
    finally:
        for connection in silent:
            connection.close()
