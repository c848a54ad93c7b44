"""PyTorch: a network that `torch.export` wrote down."""
