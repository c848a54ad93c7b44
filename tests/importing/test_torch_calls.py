"""Calls of `torch.export` that change tensors in place, or would read wrong."""

import pytest
import torch
from test_import_torch import Small, imported
from torch import nn
from torch.nn import functional as F

import archspec


class Filled(nn.Module):
    """Masks of kernels filled in place, by parts, and parts of images changed alike."""

    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.2)
        self.first, self.second = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 1)
        self.kernel = nn.Parameter(torch.zeros(8, 8, 3, 3))

    def forward(self, x):
        mask = torch.ones(3, 3)
        kept = mask.clone()
        mask[2].fill_(0)
        mask[1, 2:] = 0.5
        mask[0] += kept[0]
        mask.masked_fill_(mask == 2, -1.0)
        corner = mask[:2, :2]
        corner[0, 0].copy_(torch.tensor(3.0)).mul_(2)
        whole = (mask == 0).to(torch.float32) + (kept == 1).to(torch.float32)
        x = F.relu_(self.drop(self.first(x)))
        y = self.second(x)
        y.add_(x).sigmoid_()
        return F.conv2d(y, self.kernel * mask * kept * whole, padding=1)


def test_changes_in_place():
    imported(Filled(), (3, 6, 6))


class Stale(nn.Module):
    def __init__(self, change):
        super().__init__()
        self.conv, self.change = nn.Conv2d(3, 8, 1), change

    def forward(self, x):
        return self.change(self.conv(x))


def changed_part(x):
    x[:, :4].relu_()
    return x


def changed_view(x):
    y = x.view(-1, 8, 49)
    x.relu_()
    return y


def changed_base(x):
    x.view(-1, 8, 49).relu_()
    return x


def still_random(x):
    return F.dropout(x, 0.5)


def cut_off(x):
    return F.interpolate(x, scale_factor=1.5, mode="bilinear")


def without_fractions(x):
    return x.long().float()


def softmax_of_rows(x):
    return x.softmax(2)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (changed_part, "a part was changed in place"),
        (changed_view, "a part was changed in place"),
        (changed_base, "a part was changed in place"),
        (still_random, "not turned off"),
        (cut_off, "cuts off rows"),
        (without_fractions, "whole numbers"),
        (softmax_of_rows, "rearranged"),
    ],
)
def test_what_cannot_be_followed_is_refused(change, why):
    with pytest.raises(archspec.ImportFailed, match=why) as caught:
        archspec.import_model(Stale(change), torch.rand(2, 3, 7, 7))
    assert {each.code for each in caught.value.diagnostics} == {"AS703"}


@pytest.mark.parametrize("kind", ["file", "module"])
def test_a_checkpoint_of_other_classes(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    torch.save(Small(7).state_dict(), "other.pth")
    model, image = Small(), torch.rand(2, 3, 16, 16)
    if kind == "file":
        torch.export.save(torch.export.export(model.eval(), (image,)), "small.pt2")
    given = ("small.pt2",) if kind == "file" else (model, image)
    with pytest.raises(archspec.ImportFailed, match=r"\(7, 8\)") as caught:
        archspec.import_model(*given, checkpoint="other.pth")
    assert {each.code for each in caught.value.diagnostics} == {"AS705"}
