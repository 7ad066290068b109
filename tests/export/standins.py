"""Small networks of the forms of well-known ones, written anew from their papers, with random weights."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FILE = Path(__file__)
"""To name factories by: ``{FILE}:nima``."""


def _stage(inputs: int, outputs: int, stride: int = 2) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Inverted(nn.Module):
    """A block of MobileNetV2 (arXiv 1801.04381)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        wide = 4 * inputs
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, wide, 1, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU6(inplace=True),
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU6(inplace=True),
            nn.Conv2d(wide, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


class NIMA(nn.Module):
    """Neural image assessment (arXiv 1709.05424): a distribution over the scores 1 to 10."""

    def __init__(self, bins: int = 10, width: int = 24) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _stage(3, 16), Inverted(16, 16, 1), Inverted(16, width, 2), Inverted(width, width, 1)
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Sequential(nn.Dropout(0.75), nn.Linear(width, bins), nn.Softmax(dim=1))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.pool(self.features(x)).flatten(1))
        return out


class CNNIQA(nn.Module):
    """Kang et al. 2014: grey patches, normalised locally, one convolution, largest and smallest answer."""

    def __init__(self, side: int = 32, kernels: int = 20, hidden: int = 48) -> None:
        super().__init__()
        self.side = side
        self.conv = nn.Conv2d(1, kernels, 7)
        self.fc1, self.fc2 = nn.Linear(2 * kernels, hidden), nn.Linear(hidden, hidden)
        self.score = nn.Linear(hidden, 1)
        self.register_buffer("box", torch.full((1, 1, 3, 3), 1 / 9))

    box: Tensor

    def forward(self, x: Tensor) -> Tensor:
        side = self.side
        windows = x.unfold(2, side, side).unfold(3, side, side)
        patches = self.normalised(windows.reshape(-1, 1, side, side))
        maps = self.conv(patches)
        smallest = -F.max_pool2d(-maps, (maps.size(-2), maps.size(-1)))
        pooled = torch.cat((F.adaptive_max_pool2d(maps, 1), smallest), 1).squeeze(3).squeeze(2)
        hidden = F.relu(self.fc2(F.dropout(F.relu(self.fc1(pooled)), training=self.training)))
        score: Tensor = self.score(hidden).mean(0)
        return score

    def normalised(self, patches: Tensor) -> Tensor:
        """Less the mean of 3x3, over their deviation."""
        padded = F.pad(patches, (1, 1, 1, 1), mode="replicate")
        mean = F.conv2d(padded, self.box)
        variance = F.conv2d(padded**2, self.box) - mean**2
        return (patches - mean) / (variance.clamp(min=0).sqrt() + 1 / 8)


class DBCNN(nn.Module):
    """Zhang et al. 2018 (arXiv 1907.02665): two streams, whose maps meet in a bilinear product."""

    def __init__(self, first: int = 32, second: int = 16) -> None:
        super().__init__()
        self.features1 = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2, 2),
            nn.Conv2d(16, first, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2, 2),
        )
        self.features2 = nn.Sequential(_stage(3, 16), _stage(16, second))
        self.fc = nn.Linear(first * second, 1)

    def forward(self, x: Tensor) -> Tensor:
        one, two = self.features1(x), self.features2(x)
        count, channels, height, width = one.size()
        assert channels == 32
        if (height, width) != two.shape[2:]:
            two = F.interpolate(two, (height, width), mode="bilinear", align_corners=True)
        one, two = one.view(count, -1, height * width), two.view(count, -1, height * width)
        product = torch.bmm(one, two.transpose(1, 2)) / (height * width)
        signed = F.normalize(torch.sqrt(product.view(count, -1) + 1e-8))
        score: Tensor = self.fc(signed)
        return score


class HyperIQA(nn.Module):
    """Su et al. 2020: the weights of a small network that makes the score are predicted for each image.

    As published, they are used as kernels of 1x1 convolutions, with one group for each image.
    """

    sizes = (42, 28, 14)

    def __init__(self, grid: int = 7) -> None:
        super().__init__()
        self.grid = grid
        self.stem, self.middle, self.last = _stage(3, 16), _stage(16, 32), _stage(32, 48)
        self.local = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, 8, 1), nn.AdaptiveAvgPool2d(5), nn.Flatten(), nn.Linear(200, 14))
            for c in (16, 32, 48)
        )
        self.hyper = nn.Sequential(nn.Conv2d(48, 28, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(grid))
        pairs = list(zip(self.sizes, self.sizes[1:], strict=False))
        self.weights = nn.ModuleList(nn.Conv2d(28, a * b // grid**2, 3, padding=1) for a, b in pairs)
        self.biases = nn.ModuleList(nn.Linear(28, b) for _, b in pairs)
        self.last_weight, self.last_bias = nn.Linear(28, self.sizes[-1]), nn.Linear(28, 1)

    def forward(self, x: Tensor) -> Tensor:
        first = self.stem(x)
        middle = self.middle(first)
        last = self.last(middle)
        taps = zip(self.local, (first, middle, last), strict=True)
        vector = torch.cat([block(tap) for block, tap in taps], 1).view(-1, self.sizes[0], 1, 1)
        hyper = self.hyper(last)
        pooled = F.adaptive_avg_pool2d(hyper, (1, 1)).squeeze()
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            inputs, outputs = self.sizes[index : index + 2]
            kernel = weight(hyper).view(-1, inputs, 1, 1)
            groups = kernel.shape[0] // outputs
            row = vector.view(1, -1, 1, 1)
            vector = torch.sigmoid(F.conv2d(row, kernel, bias(pooled).view(-1), groups=groups))
        kernel = self.last_weight(pooled).view(-1, self.sizes[-1], 1, 1)
        return F.conv2d(vector, kernel, self.last_bias(pooled).view(-1)).squeeze()


class HyperProducts(HyperIQA):
    """The same with products of matrices, as others have written it; gives a dictionary."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        first = self.stem(x)
        middle = self.middle(first)
        last = self.last(middle)
        taps = zip(self.local, (first, middle, last), strict=True)
        vector = torch.cat([block(tap) for block, tap in taps], 1).unsqueeze(1)
        hyper = self.hyper(last)
        pooled = F.adaptive_avg_pool2d(hyper, 1).flatten(1)
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            matrix = weight(hyper).reshape(len(x), self.sizes[index + 1], -1)
            vector = torch.sigmoid(torch.bmm(vector, matrix.transpose(1, 2)) + bias(pooled).unsqueeze(1))
        score = torch.bmm(vector, self.last_weight(pooled).unsqueeze(2)).squeeze(2) + self.last_bias(pooled)
        return {"features": pooled, "score": score}  # type: ignore[return-value]


def seeded(kind: str, **kwargs: int) -> nn.Module:
    """A network of this file with weights, and statistics of its norms, that depend on its kind alone."""
    with torch.random.fork_rng():
        torch.manual_seed(len(kind))
        network: nn.Module = globals()[kind](**kwargs)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean = torch.randn(module.num_features) * 0.1
                module.running_var = torch.rand(module.num_features) + 0.5
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, std=0.1)
    return network.eval()


def nima() -> nn.Module:
    return seeded("NIMA")


def cnniqa() -> nn.Module:
    return seeded("CNNIQA")


def dbcnn() -> nn.Module:
    return seeded("DBCNN")


def hyperiqa() -> nn.Module:
    return seeded("HyperIQA")


def hyper_products() -> nn.Module:
    return seeded("HyperProducts")
