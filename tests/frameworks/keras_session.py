"""What one Keras backend does with generated files; run as a program.

python keras_session.py FOLDER: reads FOLDER/NAME.py, whose function is in
FOLDER/names.json, and prints one JSON object: NAME -> check -> a word on what failed.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import traceback
from pathlib import Path

import keras
import numpy as np

FITTED = ("everything", "unet")
EXPORTED = ("everything", "any_size", "mobilenetv2")


def outputs(model, image):
    # JAX would compile every operation by itself.
    jax = keras.backend.backend() == "jax"
    found = model.predict_on_batch(image) if jax else model(image)
    found = found if isinstance(found, dict) else {"": found}
    return {name: keras.ops.convert_to_numpy(array) for name, array in found.items()}


def randomize(model):
    random = np.random.default_rng(0)
    for variable in model.weights:
        values = random.uniform(0.5, 1.5, variable.shape)
        if len(variable.shape) > 1:
            fan_in = np.prod(variable.shape[:-1])
            values = random.normal(scale=(2 / fan_in) ** 0.5, size=variable.shape)
        variable.assign(values)


def reload(model, folder, image):
    """Saved and loaded, the weights and the outputs are the same, bit by bit."""
    path = folder / "model.keras"
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert [w.path for w in loaded.weights] == [w.path for w in model.weights]
    weights = zip(model.get_weights(), loaded.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in weights)
    before, after = outputs(model, image), outputs(loaded, image)
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def export(model, folder, image):
    """A SavedModel gives what the model gives."""
    import tensorflow

    path = folder / "exported"
    model.export(path, format="tf_saved_model", verbose=False)
    loaded = tensorflow.saved_model.load(path)
    served = loaded.serve(image)
    served = served if isinstance(served, dict) else {"": served}
    for name, expected in outputs(model, image).items():
        worst = np.abs(np.asarray(served[name]) - expected).max()
        assert worst <= 1e-4 * np.abs(expected).max(), worst


def fit(model, folder, image):
    """One step has a finite loss and moves every weight."""
    before = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    target = np.random.default_rng(1).normal(size=(len(image), *model.output_shape[1:]))
    model.compile("sgd", "mse")
    history = model.fit(image, target, epochs=1, batch_size=len(image), verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    pairs = zip(model.weights, before, strict=True)
    still = [w.path for w, b in pairs if np.array_equal(w.numpy(), b)]
    assert not still, still


def any_size(model, build, image):
    """Built for images of all sizes, it gives the same."""
    other = build(input_shape=(None, None, image.shape[-1]))
    other.set_weights(model.get_weights())
    before, after = outputs(model, image), outputs(other, image)
    for name, expected in before.items():
        assert np.abs(after[name] - expected).max() <= 1e-5 * np.abs(expected).max()


def main(folder):
    sys.path.insert(0, str(folder))
    report = {}
    for name, function in json.loads((folder / "names.json").read_text()).items():
        build = getattr(importlib.import_module(name), function)
        keras.utils.set_random_seed(0)  # else one `fit` in a hundred drops a whole path
        model = build()
        randomize(model)
        shape = (2, *model.input_shape[1:])
        image = np.random.default_rng(0).normal(size=shape).astype("float32")
        checks = [reload]
        if name in EXPORTED and keras.backend.backend() != "torch":
            checks.append(export)  # Keras exports no model at all there
        if name in FITTED:
            checks.append(fit)
        if "input_shape" in inspect.signature(build).parameters:
            checks.append(any_size)
        report[name] = {}
        for check in checks:
            try:
                check(model, build if check is any_size else folder, image)
                report[name][check.__name__] = "fine"
            except Exception:
                report[name][check.__name__] = traceback.format_exc()[-1500:]
    print(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
