"""Networks of the package ``pyiqa``, built from its code without downloading weights.

Each function returns a network in eval mode with random weights, for ``--arch pyiqa_networks.py:topiq``. To
export one with trained weights, name their file by ``--checkpoint``, and the published backbone in
``arch.kwargs``. Structure and operators are those of pyiqa's code. Backbones are small ones of the same
family where pyiqa lets them be chosen, so that all networks can be exported in an hour on a laptop.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import numpy as np
import timm
import torch
import torchvision
from PIL import Image
from torch import Tensor, nn

from mobileiqa_bench.scenes import scene

_BACKBONES = ("resnet18", "resnet34", "resnet50", "vgg16")
_SCENES = 6
"""Pictures that the statistics of BatchNorm are taken from."""
_RESIDUAL = 0.2
_CLIP: dict[str, dict[str, Any]] = {
    "RN50": {"vision_width": 64, "vision_patch_size": None},
    "ViT-B/32": {"vision_width": 768, "vision_patch_size": 32},
}
"""What the published image encoders of CLIP are made with, besides their layers."""


def tres(size: int = 224, backbone: str = "resnet18") -> nn.Module:
    """TReS, one crop of an image; published on ``resnet50``."""
    with _without_downloads():
        from pyiqa.archs.tres_arch import TReS

        return _with_statistics(TReS(backbone, pretrained=False, test_sample=1), size)


def maniqa() -> nn.Module:
    """MANIQA, one crop of an image, on a ViT of 10 blocks of 96 channels instead of 12 of 768."""
    with _without_downloads(embed_dim=96, num_heads=3, depth=10):
        from pyiqa.archs.maniqa_arch import MANIQA

        network = MANIQA(embed_dim=96, dim_mlp=96, pretrained=False, test_sample=1)
    # Its last layers end in ReLU; with PyTorch's initial weights they answer 0 to every image.
    for layer in (*network.fc_score, *network.fc_weight):
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.3)
            nn.init.constant_(layer.bias, 0.3)
    return _ready(network)


def hyperiqa(size: int = 224) -> nn.Module:
    """HyperIQA on ResNet-50, one crop of an image."""
    with _without_downloads():
        from pyiqa.archs.hypernet_arch import HyperNet

        return _with_statistics(HyperNet(pretrained=False, num_crop=1), size)


def topiq(size: int = 384, backbone: str = "resnet18", width: int = 64) -> nn.Module:
    """TOPIQ without a reference (CFANet); published on ``resnet50`` with 256 channels."""
    with _without_downloads():
        from pyiqa.archs.topiq_arch import CFANet

        network = CFANet(backbone, use_ref=False, pretrained=False, backbone_pretrain=False, inter_dim=width)
    return _with_statistics(network, size)


def liqe(layers: int = 2) -> nn.Module:
    """LIQE on CLIP's ViT-B/32, two patches of an image; published with 12 layers."""
    with _without_downloads(), tempfile.TemporaryDirectory() as cache:
        import pyiqa.archs.liqe_arch as module

        with (
            mock.patch.object(module, "DEFAULT_CACHE_DIR", cache),
            mock.patch.object(module, "load", _clip(layers)),
        ):
            return _ready(module.LIQE(pretrained=False, num_patch=2))


def clipiqa(size: int = 224, layers: Sequence[int] = (1, 1, 1, 1)) -> nn.Module:
    """CLIPIQA on CLIP's ResNet; published with 3, 4, 6 and 3 layers."""
    with _without_downloads():
        import pyiqa.archs.clipiqa_arch as module

        with mock.patch.object(module, "load", _clip(tuple(layers))):
            network = module.CLIPIQA(pretrained=False)
    _with_statistics(network.clip_model[0].visual, size)
    return _ready(network)


def arniqa(size: int = 224, backbone: str = "resnet18") -> nn.Module:
    """ARNIQA, its regressor rebuilt as a layer: pyiqa loads it as TorchScript. Published on ``resnet50``."""
    with _without_downloads():
        import pyiqa.archs.arniqa_arch as module

        whole = getattr(torchvision.models, backbone)()
        encoder = nn.Sequential(*list(whole.children())[:-1])
        regressor = nn.Linear(2 * whole.fc.in_features, 1)
        weights = {f"model.{key}": value for key, value in encoder.state_dict().items()}
        with (
            mock.patch.object(torchvision.models, "resnet50", return_value=whole),
            mock.patch.object(module, "load_file_from_url", return_value=""),
            mock.patch.object(torch.hub, "load_state_dict_from_url", return_value=weights),
            mock.patch.object(torch.jit, "load", return_value=regressor),
        ):
            return _with_statistics(module.ARNIQA(), size)


def musiq() -> nn.Module:
    """MUSIQ, three scales of an image."""
    with _without_downloads():
        from pyiqa.archs.musiq_arch import MUSIQ

        return _ready(MUSIQ(pretrained=False, num_class=1))


def cnniqa() -> nn.Module:
    """CNNIQA."""
    with _without_downloads():
        from pyiqa.archs.cnniqa_arch import CNNIQA

        return _ready(CNNIQA(pretrained=None))


def dbcnn(size: int = 256) -> nn.Module:
    """DBCNN on VGG16."""
    with _without_downloads():
        import pyiqa.archs.dbcnn_arch as module

        with mock.patch.object(module, "load_pretrained_network", return_value=None):
            return _with_statistics(module.DBCNN(pretrained=False), size)


def nima(size: int = 224) -> nn.Module:
    """NIMA on MobileNetV3; its answer is the mean of a distribution over ten bins."""
    with _without_downloads():
        from pyiqa.archs.nima_arch import NIMA

        return _with_statistics(NIMA("mobilenetv3_small_100", pretrained=False), size)


def wadiqam() -> nn.Module:
    """WaDIQaM without a reference."""
    with _without_downloads():
        from pyiqa.archs.wadiqam_arch import WaDIQaM

        network = WaDIQaM(metric_type="NR", model_name="wadiqam_nr_koniq", pretrained=False)
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight)
    return _ready(network)


def _ready(network: nn.Module) -> nn.Module:
    return network.eval()


@contextmanager
def _without_downloads(**sizes: Any) -> Iterator[None]:
    """Backbones keep the weights that they are initialised with; ``sizes`` are passed to timm's."""
    torch.manual_seed(0)
    create = timm.create_model

    def created(name: str, **kwargs: Any) -> Any:
        return create(name, **{**kwargs, **sizes, "pretrained": False})

    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(timm, "create_model", created))
        for name in _BACKBONES:
            build = getattr(torchvision.models, name)
            stack.enter_context(mock.patch.object(torchvision.models, name, _untrained(build)))
        yield


def _untrained(build: Any) -> Any:
    return lambda *_, **__: build(weights=None)


def _clip(layers: int | tuple[int, ...]) -> Callable[..., nn.Module]:
    """Returns a loader of CLIP with random weights, its image encoder of the given layers."""

    def load(name: str, *_: object, **__: object) -> nn.Module:
        from pyiqa.archs.clip_model import CLIP

        network: nn.Module = CLIP(
            **_CLIP[name],
            embed_dim=512,
            image_resolution=224,
            vision_layers=layers,
            context_length=77,
            vocab_size=49408,
            transformer_width=64,
            transformer_heads=2,
            transformer_layers=2,
        )
        return network.eval()

    return load


def _with_statistics(network: nn.Module, size: int) -> nn.Module:
    """Returns the network with BatchNorm's statistics of some pictures, so that images differ in score.

    What residual blocks add counts less, as in the first epochs of training: of random weights alone the
    score depends on rounding more than on the image.
    """
    for block in network.modules():
        norms = [module for module in block.children() if isinstance(module, nn.BatchNorm2d)]
        if hasattr(block, "downsample") and norms:
            nn.init.constant_(norms[-1].weight, _RESIDUAL)
    norms = [module for module in network.eval().modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all
        norm.train()
    with torch.no_grad():
        if norms:
            network(_pictures(size))
    return network.eval()


def _pictures(size: int) -> Tensor:
    """Returns pictures as [N, 3, size, size] from 0 to 1."""
    resized = [Image.fromarray(scene(seed)).resize((size, size)) for seed in range(_SCENES)]
    return (
        torch.from_numpy(np.stack([np.asarray(picture) for picture in resized])).permute(0, 3, 1, 2).float()
        / 255
    )
