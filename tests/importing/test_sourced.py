"""Other checkpoints of a model that was imported: its spec knows their layers."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import archspec


class Beside(nn.Module):
    """Layers side by side that are alike, one after the other in no order."""

    def __init__(self):
        super().__init__()
        self.zeta, self.alpha = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)
        self.mix, self.attend = (
            nn.Conv2d(8, 8, 1),
            nn.MultiheadAttention(8, 2, batch_first=True),
        )
        self.last = nn.Conv2d(8, 8, 1)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = torch.cat([self.alpha(x), self.zeta(x)], 1)
        x = self.mix(self.last(x).relu()).flatten(2).mT
        return self.fc(self.attend(x, x, x, need_weights=False)[0].mean(1))


def check_adopted(found, other, folder):
    """Another checkpoint, in any order, gives each layer the weights of its own."""
    torch.save(other.state_dict(), folder / "other.pth")
    save_file(other.state_dict(), folder / "other.safetensors")
    for name in ("other.pth", "other.safetensors"):
        weights = found.network.adopt(folder / name)
        for own, theirs in found.names.items():
            wanted = other.state_dict()[theirs].numpy()
            array = weights[own]
            np.testing.assert_array_equal(array, wanted.reshape(array.shape))


def test_names_are_written_where_they_are_needed(tmp_path):
    found = archspec.import_model(Beside(), torch.rand(2, 3, 4, 4))
    names = "{zeta: zeta, attend_3: attend.out_proj}"
    assert f"source: {{title: Beside, names: {names}}}\n" in found.text
    torch.manual_seed(1)
    check_adopted(found, Beside(), tmp_path)


class Shuffled(nn.Module):
    """Its last layer reads channels in another order than the layer before has them."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 1), nn.Linear(8, 5)

    def forward(self, x):
        x = self.conv(x).mean((2, 3))
        return self.fc(x.view(-1, 2, 4).transpose(1, 2).reshape(-1, 8))


def test_weights_that_are_reordered_are_noted():
    found = archspec.import_model(Shuffled(), torch.rand(2, 3, 4, 4))
    assert found.text.startswith("archspec: 1\nname: Shuffled\ninput:")
    assert "weights adopt would leave 'fc.weight' as it is" in found.summary


@pytest.mark.full
@pytest.mark.usefixtures("timm")
def test_a_model_of_timm(tmp_path):
    import timm

    model = timm.create_model("mobilevit_xxs")
    found = archspec.import_model(model, torch.rand(2, 3, 256, 256))
    assert "stages.3.0.norm: stages.2.1.norm" in found.text
    check_adopted(found, timm.create_model("mobilevit_xxs"), tmp_path)
