"""Kernels that compute what a layer gives: what `table.KERNELS` names, each with its NumPy definition."""
