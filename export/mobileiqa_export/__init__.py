"""From a trained student checkpoint to a verified artifact. Needs the ``export`` extra (torch, onnx)."""
