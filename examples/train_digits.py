"""Train one spec in PyTorch and Keras and compare the losses.

    pip install 'archspec-nn[torch,keras,weights]' scikit-learn matplotlib
    python examples/train_digits.py

archspec generates a PyTorch module and a Keras model from examples/digits.yaml. Both
start from the same weights and train on the same batches of handwritten digits. In
exact arithmetic their losses would be equal, but frameworks round differently and
training amplifies differences. For comparison, PyTorch also trains from weights
perturbed by one unit in the last place.

docs/training.md explains the output; the plot is written to digits.svg.
"""

import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import matplotlib as mpl
import numpy as np
import tensorflow as tf
import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import archspec

NETWORK = archspec.load(Path(__file__).with_name("digits.yaml"))
BATCH, STEPS = 64, 22  # images per step, steps per epoch
LEARNING_RATE, MOMENTUM = 0.05, 0.875


def digits(epochs, dtype):
    """The batches of all epochs, test images (N, 1, 8, 8) and test labels (N)."""
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).reshape(-1, 1, 8, 8).astype(dtype)
    images, test_images, labels, test_labels = train_test_split(
        images, labels, train_size=BATCH * STEPS, stratify=labels, random_state=0
    )
    random = np.random.default_rng(0)
    order = np.concatenate([random.permutation(len(images)) for _ in range(epochs)])
    batches = [(images[rows], labels[rows]) for rows in order.reshape(-1, BATCH)]
    return batches, test_images, test_labels


def build(target, weights):
    """The generated network, and the weights by their names there."""
    return NETWORK.build(target), archspec.Weights(NETWORK, weights).to(target)


def train_torch(weights, batches):
    """A PyTorch module trained on the batches, and the loss of each step."""
    torch.set_default_dtype(torch.from_numpy(batches[0][0]).dtype)
    model, arrays = build("torch", weights)
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    model.load_state_dict(tensors, strict=False)  # batch counters are not weights
    optimizer = torch.optim.SGD(model.parameters(), LEARNING_RATE, MOMENTUM)

    def step(images, labels):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    losses = [step(*map(torch.from_numpy, batch)) for batch in batches]
    return model.eval(), np.array(losses)


def train_keras(weights, batches):
    """A Keras model trained on the batches, and the loss of each step."""
    dtype = batches[0][0].dtype.name
    keras.config.set_floatx(dtype)  # for the optimiser
    keras.config.set_dtype_policy(dtype)  # for the layers
    model, arrays = build("keras", weights)
    for variable in model.weights:
        variable.assign(arrays[variable.path])
    optimizer = keras.optimizers.SGD(LEARNING_RATE, MOMENTUM)
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step(images, labels):
        with tf.GradientTape() as tape:
            loss = cross_entropy(labels, model(images, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    batches = [(np.moveaxis(images, 1, -1), labels) for images, labels in batches]
    losses = [step(*map(tf.constant, batch)).numpy() for batch in batches]
    return model, np.array(losses)


def compare(dtype, epochs):
    """Losses of both, and the relative differences of Keras and perturbed PyTorch."""
    batches, images, labels = digits(epochs, dtype)
    start = {name: w.astype(dtype) for name, w in NETWORK.init_weights().items()}
    near = {name: np.nextafter(w, w.dtype.type(9)) for name, w in start.items()}
    module, losses = train_torch(start, batches)
    model, of_keras = train_keras(start, batches)
    _, of_near = train_torch(near, batches)
    apart, grown = (abs(other - losses) / losses for other in (of_keras, of_near))

    print(f"{dtype}  PyTorch   Keras  difference  perturbed PyTorch")
    steps = np.reshape([losses, of_keras, apart, grown], (4, epochs, STEPS))
    for epoch, (a, b, c, d) in enumerate(steps.swapaxes(0, 1), 1):
        print(f"epoch {epoch}   {a.mean():.4f}  {b.mean():.4f}", end="     ")
        print(f"{c.max():.1e}            {d.max():.1e}")
    answers = module(torch.from_numpy(images)).argmax(1).numpy()
    others = model(np.moveaxis(images, 1, -1), training=False).numpy().argmax(1)
    right = (answers == labels).mean(), (others == labels).mean()
    print("correct    {:.1%}   {:.1%} of the test images\n".format(*right))
    return losses, of_keras, apart, grown


def draw(results, file):
    """Plot the losses in single precision and the differences in both precisions."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.set(title="Loss in float32", xlabel="step")
    left.semilogy(results["float32"][0], "tab:orange", linewidth=5, label="PyTorch")
    left.semilogy(results["float32"][1], "black", linewidth=1, label="Keras")
    right.set(title="Largest relative difference so far", xlabel="step")
    for dtype, (_, _, apart, grown) in results.items():
        right.semilogy(np.maximum.accumulate(apart), label=f"Keras, {dtype}")
        right.semilogy(np.maximum.accumulate(grown), "k:", label="PyTorch, nudged")
    left.legend()
    right.legend()
    with mpl.rc_context({"svg.hashsalt": "digits", "svg.fonttype": "none"}):
        figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    torch.set_num_threads(1)  # threads slow such a small network down
    draw({dtype: compare(dtype, 6) for dtype in ("float32", "float64")}, "digits.svg")
