"""A service that scores one photo a request: ``curl --data-binary @photo.jpg http://localhost:8000/``."""

from __future__ import annotations

import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

from mobileiqa_sdk import PhotoError, Scorer

MAX_BYTES = 20_000_000  # longer bodies are refused unread
MAX_PIXELS = 50_000_000  # larger photos are refused before they are decoded
AT_ONCE = 8  # connections; others are told to come back, so that memory has a bound
SECONDS = 10  # that a client may be silent

scorer = Scorer(threads=1)
slots = threading.BoundedSemaphore(AT_ONCE)


class Handler(BaseHTTPRequestHandler):
    timeout = SECONDS

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            return self.answer(411, error="send the photo as the body, with its Content-Length")
        if int(length) > MAX_BYTES:
            return self.answer(413, error=f"a photo may have {MAX_BYTES} bytes")
        try:
            photo = self.rfile.read(int(length))
            if pixels_of(photo) > MAX_PIXELS:
                return self.answer(413, error=f"a photo may have {MAX_PIXELS} pixels")
            result = scorer.assess(photo)
        except PhotoError as error:
            return self.answer(422, error=error.reason)
        return self.answer(200, score=result.score, band=result.band)

    def answer(self, status: int, **values: Any) -> None:
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    def process_request(self, request: Any, client_address: Any) -> None:
        if slots.acquire(blocking=False):
            return super().process_request(request, client_address)
        request.sendall(b"HTTP/1.0 503 Busy\r\nRetry-After: 1\r\n\r\n")
        return self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            slots.release()


def pixels_of(photo: bytes) -> int:
    """Returns what the header says; 0 where Pillow cannot tell, which the scorer will say why."""
    try:
        with Image.open(io.BytesIO(photo)) as image:
            return image.width * image.height
    except (OSError, ValueError, Image.DecompressionBombError):
        return 0


if __name__ == "__main__":
    Server(("", 8000), Handler).serve_forever()
