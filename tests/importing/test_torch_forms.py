"""Forms in which PyTorch modules write what the language has, in small modules."""

import pytest
import torch
from test_import_torch import imported
from torch import nn
from torch.nn import functional as F

import archspec


class Standardised(nn.Module):
    """Weights that are computed: standardised ones, a resized embedding, an MLP's."""

    def __init__(self):
        super().__init__()
        self.conv, self.gain = nn.Conv2d(3, 8, 2, 2), nn.Parameter(torch.ones(8))
        self.places = nn.Parameter(torch.zeros(1, 8, 3, 3))
        self.qkv, self.head = nn.Linear(8, 24), nn.Linear(8, 3)
        self.bias = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 2))
        at = torch.stack(torch.meshgrid(*[torch.arange(-3.0, 4)] * 2, indexing="ij"))
        self.register_buffer("at", at, persistent=False)

    def forward(self, x):
        weight = F.batch_norm(
            self.conv.weight.reshape(1, 8, -1), None, None, self.gain, training=True
        )
        x = F.conv2d(x, weight.view_as(self.conv.weight), self.conv.bias, 2)
        x = x + F.interpolate(self.places, (4, 4), mode="bicubic")
        x = x.flatten(2).transpose(1, 2)
        table = 2 * self.bias(self.at.permute(1, 2, 0)).sigmoid().view(-1, 2)
        at = torch.arange(16)
        at = torch.stack([at // 4, at % 4])
        apart = at[:, :, None] - at[:, None] + 3
        bias = table[(apart[0] * 7 + apart[1]).view(-1)].view(16, 16, 2)
        q, k, v = self.qkv(x).view(-1, 16, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v, bias.permute(2, 0, 1))
        return self.head(y.transpose(1, 2).flatten(2).mean(1))


def test_computed_weights():
    text = imported(Standardised(), (3, 8, 8))
    assert "attention: {attention: {heads: 2, relative_bias: signed}}" in text


def test_computed_weights_are_said_to_be_so():
    found = archspec.import_model(Standardised(), torch.rand(2, 3, 8, 8))
    assert found.names["stem.bias"] == "conv.bias"
    assert "stem.weight" not in found.names
    (note,) = found.notes
    assert "3 weights are computed from others of the model: " in note
    assert "stem.weight (of conv.weight, gain); positions.embedding (of places)" in note
    assert {array.dtype.name for array in found.weights.values()} == {"float32"}
    assert not found.unused


class Switched(nn.Module):
    """Norms that lack a scale or shift, two of them written out."""

    def __init__(self):
        super().__init__()
        self.conv, self.batch = nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8, affine=False)
        self.groups = nn.GroupNorm(2, 8, affine=False)
        self.norms = nn.ModuleList(nn.LayerNorm(8, bias=False) for _ in range(3))
        self.whole, self.head = nn.LayerNorm(8), nn.Linear(8, 3)
        self.gain = nn.Parameter(torch.rand(8))

    def forward(self, x):
        x = self.groups(self.batch(self.conv(x))).flatten(2).transpose(1, 2)
        for norm in self.norms:
            x = norm(x)
        x = F.layer_norm(self.whole(x), (8,))
        x = x / (x.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt()
        mean, variance = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, correction=0)
        x = self.gain * ((x - mean) / (variance + 1e-5).sqrt())
        return self.head(x.mean(1))


def test_norms_without_scale_or_shift():
    text = imported(Switched(), (3, 4, 4))
    assert "batch_norm: {epsilon: 1e-5, decay: 0.9, scale: false, shift: false}" in text
    assert "layer_norm: {epsilon: 1e-5, shift: false}" in text
    assert "group_norm: {epsilon: 1e-5, scale: false, shift: false}" in text
    assert "rms_norm: {epsilon: 1e-6, scale: false}" in text
    assert "{layer_norm: {scale: false}}" in text
    assert "{layer_norm: {shift: true}}" in text
    assert "norm_2: layer_norm" in text


class Factors(nn.Module):
    """Numbers that no layer uses up, and learned ones."""

    def __init__(self):
        super().__init__()
        self.conv, self.next = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1)
        self.scale, self.bias = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
        self.one, self.two = nn.Linear(4, 3), nn.Linear(4, 3)

    def forward(self, x):
        x = self.conv(x * 2 - 1)
        x = self.scale * F.relu(x) ** 2 + self.bias
        x = x + 0.25 * self.next(x)
        x = (1 - x.mean((2, 3)) * -0.5) / 3
        return (self.one(x) + self.two(x)) / 2


def test_factors_of_numbers():
    text = imported(Factors(), (3, 4, 4))
    assert "scalar_affine: scalar_affine\n" in text
    assert text.count("{normalize: ") == 4
    assert "{normalize: {mean: [0.5], std: [0.5]}}" in text


class Stacks(nn.Module):
    """Branches that are stacked and added up, or averaged."""

    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList(nn.Conv2d(3, 4, 1) for _ in range(3))
        self.last = nn.ModuleList(nn.Linear(4, 5) for _ in range(2))

    def forward(self, x):
        x = torch.stack([part(x) for part in self.parts]).sum(0)
        x = torch.stack([x.relu(), x], -1).mean(-1, keepdim=True).squeeze(-1)
        return torch.stack([part(x.mean((2, 3))) for part in self.last], 1).sum(1)


def test_stacks_that_are_added_up():
    text = imported(Stacks(), (3, 4, 4))
    assert "      c: {}\n  act: activation" in text
    assert "sum_2: {add: {main: {}, shortcut: {from: sum}}}" in text
    assert "{normalize: {mean: [0], std: [2]}}" in text


def test_other_stacks_are_refused():
    module = nn.Sequential(nn.Conv2d(3, 4, 1))
    module.forward = lambda x: torch.stack([module[0](x), torch.ones(2, 4, 4, 4)])
    with pytest.raises(archspec.ImportFailed, match="several shapes, or of constants"):
        archspec.import_model(module, torch.rand(2, 3, 4, 4))
    module.forward = lambda x: torch.stack([x, module[0](x)[:, :3]]).relu()
    with pytest.raises(archspec.ImportFailed, match="dimension that are not added up"):
        archspec.import_model(module, torch.rand(2, 3, 4, 4))


class Responses(nn.Module):
    """Global response normalisation as timm writes it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 1)
        self.scale, self.shift = (nn.Parameter(torch.zeros(8)) for _ in range(2))

    def forward(self, x):
        x = self.conv(x).permute(0, 2, 3, 1)
        norm = x.norm(p=2, dim=(1, 2), keepdim=True)
        norm = norm / (norm.mean(-1, keepdim=True) + 1e-6)
        return (x + torch.addcmul(self.shift, self.scale, x * norm)).permute(0, 3, 1, 2)


def test_response_norm_of_addcmul():
    text = imported(Responses(), (3, 4, 4))
    assert "global_response_norm: global_response_norm\n" in text


class Norms(nn.Module):
    """Norms that are written out, or have their scale and shift beside them."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 2, 2)
        for name in ("one", "two", "three", "four", "five", "six", "seven"):
            setattr(self, name, nn.Parameter(torch.ones(8)))

    def forward(self, x):
        x = self.conv(x)
        mean = x.mean(1, keepdim=True)
        spread = (x - mean).pow(2).mean(1, keepdim=True)
        x = (x - mean) / torch.sqrt(spread + 1e-6)
        x = self.one[:, None, None] * x + self.two[:, None, None]
        x = x.permute(0, 2, 3, 1)
        x = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * self.three
        spread, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
        x = (x - mean) * (spread + 1e-3).rsqrt()
        x = (x * self.four + self.five).permute(0, 3, 1, 2)
        x = F.layer_norm(x, x.shape[1:])
        x = x * self.six[:, None, None] + self.seven[:, None, None]
        return x * F.relu6(x + 3) / 6


def test_norms_that_are_written_out():
    text = imported(Norms(), (3, 8, 8))
    assert "activation: hard_swish" in text
    assert [line.split(": ")[1] for line in text.splitlines()[-5:]] == [
        "layer_norm",
        "rms_norm",
        "{layer_norm",
        "{group_norm",
        "activation",
    ]


class Slices(nn.Module):
    """Patches merged by slices with a step, as torchvision's Swin does; ECA."""

    def __init__(self):
        super().__init__()
        self.conv, self.gate = nn.Conv2d(3, 6, 1), nn.Conv1d(1, 1, 3, padding=1)
        self.norm, self.reduce = nn.LayerNorm(24), nn.Linear(24, 5, bias=False)

    def forward(self, x):
        x = self.conv(x)
        y = self.gate(x.mean((2, 3)).view(len(x), 1, -1)).sigmoid()
        x = x * y.view(len(x), -1, 1, 1).expand_as(x)
        x = x.permute(0, 2, 3, 1)
        rows = [x[:, 0::2], x[:, 1::2]]
        x = torch.cat([y[:, :, n::2] for n in range(2) for y in rows], -1)
        return self.reduce(self.norm(x)).mean((1, 2))


def test_slices_with_a_step():
    text = imported(Slices(), (3, 4, 6))
    assert "space_to_depth: {space_to_depth: {order: channels_last}}" in text
    assert "transpose: transpose" in text
    assert "kernel: [1, 3]" in text


class Lines(Slices):
    """Every other row alone, which is no op."""

    def forward(self, x):
        return self.conv(x)[:, :, ::2].relu()


def test_every_other_row():
    with pytest.raises(archspec.ImportFailed, match="relu: a slice with a step"):
        archspec.import_model(Lines(), torch.rand(2, 3, 4, 6))


class Turned(nn.Module):
    """Attention of one head with channels before positions, as in SHViT."""

    def __init__(self):
        super().__init__()
        self.qkv, self.project = nn.Conv2d(3, 4 + 4 + 6, 1), nn.Conv2d(6, 5, 1)

    def forward(self, x):
        q, k, v = (y.flatten(2) for y in self.qkv(x).split([4, 4, 6], 1))
        scores = (q.transpose(1, 2) @ k * 0.3).softmax(-1)
        turned = v @ scores.transpose(1, 2)
        return self.project(turned.reshape(len(x), 6, *x.shape[2:]))


def test_attention_with_channels_before_positions():
    assert "scale: 0.3" in imported(Turned(), (3, 4, 4))


class Windows(nn.Module):
    """Queries, keys and values that are cut into windows one by one, biased and masked;
    patches that are gathered by pixel_unshuffle and channel_shuffle, then dilation.
    """

    def __init__(self):
        super().__init__()
        self.stem, self.grid = nn.Conv2d(3, 8, 1), nn.Conv2d(32, 96, 1)
        self.qkv = nn.Linear(8, 24)
        self.table, self.norm = nn.Parameter(torch.zeros(2, 3, 3)), nn.LayerNorm(32)
        rows, columns = [at.flatten() for at in torch.meshgrid(*[torch.arange(2)] * 2)]
        at = [each[:, None] - each + 1 for each in (rows, columns)]
        self.register_buffer("at", 3 * at[0] + at[1], persistent=False)

    def forward(self, x):
        x = self.stem(x).permute(0, 2, 3, 1)
        zone = torch.arange(8) >= 7
        zones = self.windows((2 * zone[:, None] + zone.long())[None, :, :, None])
        apart = zones != zones.transpose(1, 2)
        mask = torch.where(apart, -torch.inf, 0.0)[:, None].repeat(len(x), 1, 1, 1)
        bias = self.table.flatten(1)[:, self.at] + mask
        q, k, v = [
            self.windows(each.roll((-1, -1), (1, 2))).view(-1, 4, 2, 4).transpose(1, 2)
            for each in self.qkv(x).chunk(3, -1)
        ]
        y = F.scaled_dot_product_attention(q, k, v, bias).transpose(1, 2)
        y = y.reshape(-1, 4, 4, 2, 2, 8).transpose(2, 3).reshape(-1, 8, 8, 8)
        x = (x + y.roll((1, 1), (1, 2))).permute(0, 3, 1, 2)
        x = F.channel_shuffle(F.pixel_unshuffle(x, 2), 8).permute(0, 2, 3, 1)
        return self.dilated(self.norm(x).permute(0, 3, 1, 2)).mean((2, 3))

    def windows(self, x):
        x = x.reshape(len(x), 4, 2, 4, 2, -1).transpose(2, 3)
        return x.reshape(len(x) * 16, 4, -1)

    def dilated(self, x):
        parts = self.grid(x).view(-1, 96, 2, 2, 2, 2).permute(0, 3, 5, 2, 4, 1)
        heads = parts.reshape(-1, 4, 3, 4, 8).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(*heads, torch.ones(4, 4) > 0)
        y = y.transpose(1, 2).reshape(-1, 2, 2, 2, 2, 32).permute(0, 5, 3, 1, 4, 2)
        return x + y.reshape(x.shape)


@pytest.mark.filterwarnings("ignore:torch.meshgrid")
def test_windows_that_are_written_out():
    text = imported(Windows(), (3, 8, 8))
    assert "{heads: 2, window: 2, shift: 1, relative_bias: signed}" in text
    assert "{heads: 4, dilation: 2}" in text
    assert "{space_to_depth: {order: channels_last}}" in text
    assert "shuffle" not in text


class Pooled(nn.Module):
    """Attention pooling, whose query is learned."""

    def __init__(self):
        super().__init__()
        self.latent, self.kv = nn.Parameter(torch.rand(1, 2, 1, 4)), nn.Linear(8, 16)

    def forward(self, x):
        k, v = self.kv(x.flatten(2).mT).view(-1, 16, 2, 2, 4).permute(2, 0, 3, 1, 4)
        query = self.latent.expand(len(x), -1, -1, -1)
        return F.scaled_dot_product_attention(query, k, v)


def test_learned_queries():
    message = "attention with queries, keys or values that read no tensor"
    with pytest.raises(archspec.ImportFailed, match=message):
        archspec.import_model(Pooled(), torch.rand(2, 8, 4, 4))
