"""Networks that no library has, written from their papers for PyTorch."""

from __future__ import annotations

from importlib import import_module

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate


class DeepLabV3Plus(nn.Module):
    """Chen et al. 2018, Figure 2: torchvision's backbone and ASPP, and the decoder."""

    def __init__(self, backbone: str):
        super().__init__()
        models = import_module("torchvision").models
        self.backbone = models._utils.IntermediateLayerGetter(
            models.get_model(
                backbone,
                weights=None,
                replace_stride_with_dilation=[False, False, True],
            ),
            {"layer1": "detail", "layer4": "semantic"},
        )
        self.aspp = models.segmentation.deeplabv3.ASPP(2048, [6, 12, 18])
        self.reduce = convolution(256, 48, 1)
        self.decoder = nn.Sequential(
            convolution(256 + 48, 256, 3), convolution(256, 256, 3)
        )
        self.logits = nn.Conv2d(256, 21, 1)

    def forward(self, image: Tensor) -> Tensor:
        features = self.backbone(image)
        detail = self.reduce(features["detail"])
        semantic = resized(self.aspp(features["semantic"]), detail)
        decoded = self.decoder(torch.cat([semantic, detail], dim=1))
        return resized(self.logits(decoded), image)


def convolution(channels: int, filters: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
    )


def resized(x: Tensor, like: Tensor) -> Tensor:
    return interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)
