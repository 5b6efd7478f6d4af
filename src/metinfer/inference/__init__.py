"""The joint model of all evidence, its sampling and its checks."""
