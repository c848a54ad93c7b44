"""Networks that no library has, written from their papers for PyTorch."""

from __future__ import annotations

from importlib import import_module

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, scaled_dot_product_attention


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


class SegFormer(nn.Module):
    """Xie et al. 2021, Figure 2, with the sizes of B0 and B1 in Table 6."""

    def __init__(self, width: int):
        super().__init__()
        widths = [3, width, 2 * width, 5 * width, 8 * width]
        steps = [(7, 4), (3, 2), (3, 2), (3, 2)]
        attention = [(1, 8), (2, 4), (5, 2), (8, 1)]
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(widths[i], widths[i + 1], *steps[i], steps[i][0] // 2),
                Across(nn.LayerNorm(widths[i + 1])),
                *[MixLayer(widths[i + 1], *attention[i]) for _ in range(2)],
                Across(nn.LayerNorm(widths[i + 1], eps=1e-6)),
            )
            for i in range(4)
        )
        self.unify = nn.ModuleList(nn.Conv2d(c, 256, 1) for c in widths[:0:-1])
        self.fuse = convolution(4 * 256, 256, 1)
        self.logits = nn.Conv2d(256, 150, 1)

    def forward(self, image: Tensor) -> Tensor:
        maps = [image]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        unified = [
            resized(unify(x), maps[1])
            for unify, x in zip(self.unify, maps[:0:-1], strict=True)
        ]
        return self.logits(self.fuse(torch.cat(unified, dim=1)))


class MixLayer(nn.Module):
    """Efficient self-attention, and Mix-FFN by 1x1 convolutions (section 3.1)."""

    def __init__(self, channels: int, heads: int, reduction: int):
        super().__init__()
        self.heads = heads
        self.norm = Across(nn.LayerNorm(channels, eps=1e-6))
        self.reduce = nn.Sequential()
        if reduction > 1:
            self.reduce = nn.Sequential(
                nn.Conv2d(channels, channels, reduction, reduction),
                Across(nn.LayerNorm(channels)),
            )
        self.query = nn.Conv2d(channels, channels, 1)
        self.key = nn.Conv2d(channels, channels, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.project = nn.Conv2d(channels, channels, 1)
        hidden = 4 * channels
        self.mlp = nn.Sequential(
            Across(nn.LayerNorm(channels, eps=1e-6)),
            nn.Conv2d(channels, hidden, 1),
            nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden),
            nn.GELU(),
            nn.Conv2d(hidden, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        few = self.reduce(y)
        seen = scaled_dot_product_attention(
            *[self.split(t) for t in (self.query(y), self.key(few), self.value(few))]
        )
        x = x + self.project(seen.transpose(2, 3).reshape(x.shape))
        return x + self.mlp(x)

    def split(self, x: Tensor) -> Tensor:
        """(N, heads, positions, channels of a head)."""
        return x.flatten(2).unflatten(1, (self.heads, -1)).transpose(2, 3)


class Across(nn.Module):
    """A layer over the channels of every position."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.movedim(1, -1)).movedim(-1, 1)


class DeepLabMobileNet(nn.Module):
    """Sandler et al. 2018, Section 6.3, on torchvision's backbone and ASPP.

    `decoder` is that of Chen et al. 2018, Figure 2.
    """

    def __init__(self, rates: tuple[int, ...] = (6, 12, 18), decoder: bool = False):
        super().__init__()
        models = import_module("torchvision").models
        features = models.mobilenet_v2(weights=None).features[:18]
        features[14].conv[1][0].stride = (1, 1)
        for block in features[15:]:
            block.conv[1][0].dilation = block.conv[1][0].padding = (2, 2)
        self.detail, self.semantic = features[:4], features[4:]
        self.aspp = models.segmentation.deeplabv3.ASPP(320, rates)
        self.reduce = self.decoder = None
        if decoder:
            self.reduce = convolution(24, 48, 1)
            self.decoder = nn.Sequential(
                convolution(256 + 48, 256, 3), convolution(256, 256, 3)
            )
        self.logits = nn.Conv2d(256, 21, 1)

    def forward(self, image: Tensor) -> Tensor:
        detail = self.detail(image)
        x = self.aspp(self.semantic(detail))
        if self.decoder is not None:
            detail = self.reduce(detail)
            x = self.decoder(torch.cat([resized(x, detail), detail], dim=1))
        return resized(self.logits(x), image)


class PathAggregation(nn.Module):
    """Liu et al. 2018, Section 3.1, on torchvision's feature pyramid."""

    def __init__(self):
        super().__init__()
        detection = import_module("torchvision").models.detection.backbone_utils
        self.pyramid = detection.resnet_fpn_backbone(
            backbone_name="resnet50", weights=None, norm_layer=nn.BatchNorm2d
        )
        self.levels = nn.ModuleList(
            nn.ModuleList(nn.Conv2d(256, 256, 3, stride, 1) for stride in (2, 1))
            for _ in range(3)
        )

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        finest, *others, _ = self.pyramid(image).values()
        found = {"n2": finest}
        for (down, mix), own in zip(self.levels, others, strict=True):
            finest = mix(down(finest).relu() + own).relu()
            found[f"n{len(found) + 2}"] = finest
        return found


def convolution(channels: int, filters: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
    )


def resized(x: Tensor, like: Tensor) -> Tensor:
    return interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)
