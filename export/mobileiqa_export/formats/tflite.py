"""TFLite by litert-torch, quantized by ai-edge-quantizer, with the contract as an associated file.

:mod:`mobileiqa_sdk.runtimes.tflite_file` says what that is and why it was chosen.
"""

from __future__ import annotations

from pathlib import Path

from mobileiqa_sdk._noise import quiet
from mobileiqa_sdk.runtimes.tflite_file import attach

from .job import Job
from .registry import FORMATS
from .sizes import example_pixels
from .tflite_layout import channels_last
from .tflite_outputs import with_output_names
from .tflite_sides import with_free_sides

with quiet():
    import litert_torch

    from .tflite_count import count_layers
    from .tflite_quantize import Writer, spared


def save(job: Job) -> Path:
    """Writes ``model.tflite`` into the folder: uint8 pixels [1, H, W, 3] -> float32 outputs, [n] or [1, n].

    Raises:
        ExportError: see :func:`mobileiqa_export.formats.tflite_quantize.spared`.
    """
    network = channels_last(job.network)
    scopes = spared(network, job)
    write: Writer = FORMATS["tflite"].writer(job.precision)
    with quiet():
        converted = litert_torch.convert(network, (example_pixels(job.contract.input),)).model_content()
        if job.contract.input.fit != "stretch":
            converted = with_free_sides(converted)
        if len(job.contract.outputs) > 1:
            converted = with_output_names(converted, [output.name for output in job.contract.outputs])
        model = write(converted, scopes, job)
    path = job.folder / "model.tflite"
    path.write_bytes(attach(model, job.contract.to_json()))
    return path


__all__ = ["count_layers", "save"]
