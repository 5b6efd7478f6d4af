"""The likelihood of an evidence folder inside somebody else's PyMC model."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from metinfer.errors import MetinferError
from metinfer.inference.density import Joint
from metinfer.inference.model import latent_variables, name_variables, score, transfer_variable
from metinfer.inference.priors import ALL, PriorTable

TRANSFER = "transfer"


def add_likelihood(
    evidence: Any,
    parameters: Mapping[str, Any] | None = None,
    roles: Sequence[str] = ("fit",),
    refine: int = 1,
) -> dict[str, Any]:
    """Add the likelihood of an evidence folder to the current PyMC model.

    Parameters
    ----------
    evidence : Evidence
    parameters : mapping of str to tensor, optional
        Parameters of `parameters.toml` that the model has its own prior for, on their natural
        scale and in their unit: a scalar, or (coordinate,) for a parameter that is repeated over
        contexts, species, ...; a scalar then holds for all. ``transfer`` (transfer_parameter,)
        stands for the log deviations of human from mouse effects. Every parameter that is not
        named gets its prior from the folder.
    roles : sequence of str
        Roles of the rows that enter the likelihood.
    refine : int
        Every step of the solver's grid is split into so many.

    Returns
    -------
    dict
        Every named parameter as a tensor.

    Raises
    ------
    MetinferError
        If a parameter is unknown or has the wrong shape.

    Examples
    --------
    >>> import metinfer as mi
    >>> import pymc as pm
    >>> with pm.Model() as model:
    ...     ceiling = pm.LogNormal("my_ceiling", 3.0, 0.2)
    ...     named = mi.add_likelihood(mi.read_evidence("tests/data/tiny"), {"nk_ceiling": ceiling})
    >>> named["nk_ceiling"] is ceiling
    True
    """
    model = pm.modelcontext(None)
    joint = Joint.of(evidence, roles)
    given = given_parameters(joint.table, parameters or {}, pt.as_tensor_variable)
    rest = replace(joint, table=joint.table.without(given))
    model.add_coords(rest.coords)
    params = _others(rest, given) | given
    parts = [pt.atleast_1d(params[p.name]) for p in joint.table.parameters if p.name in params]
    labels = [e.label for p in joint.table.parameters for e in joint.table.entries_of(p)]
    order = np.array([labels.index(label) for label in joint.table.labels])
    score(joint, pt.concatenate(parts)[order], params[TRANSFER], refine)
    return params


def _others(joint: Joint, given: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters that were not given, with the folder's priors."""
    params = joint.table.natural(*latent_variables(joint.table), pt)
    params.pop(ALL)
    if TRANSFER not in given:
        params[TRANSFER] = transfer_variable()
    name_variables(params, joint.table)
    return params


def given_parameters(table: PriorTable, given: Mapping[str, Any], convert: Any) -> dict[str, Any]:
    """Checked parameters by name, each () or (coordinate,); a scalar is repeated over those."""
    sizes = sizes_of(table, given)
    return {name: _shaped(name, convert(v), sizes[name]) for name, v in given.items()}


def sizes_of(table: PriorTable, given: Mapping[str, Any]) -> dict[str, int | None]:
    """Name -> length of its coordinate, None for a scalar; unknown names are refused."""
    where = table.coordinates
    sizes: dict[str, int | None] = {
        p.name: len(getattr(where, p.dims)) if p.dims else None for p in table.parameters
    }
    sizes[TRANSFER] = len(table.transfers)
    for name in given:
        if name not in sizes:
            raise MetinferError(f"unknown parameter {name!r}{_hint(name, sizes)}")
    return sizes


def _hint(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"


def _shaped(name: str, value: Any, size: int | None) -> Any:
    if value.ndim == 0:
        return value if size is None else value + pt.zeros(size)
    if value.ndim > 1 or size is None or value.type.shape[0] not in (None, size):
        wanted = "a scalar" if size is None else f"a scalar or a vector of {size}"
        raise MetinferError(f"parameter {name!r} must be {wanted}; got shape {value.type.shape}")
    return value
