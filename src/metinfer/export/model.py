"""The whole model in parts: equations, inputs of all lanes, and the layer of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metinfer.errors import MetinferError
from metinfer.export.courses import courses_of
from metinfer.export.layer import Layer, Setting, identifier, named_layer, plain_layer
from metinfer.export.parts import Parts, Quantity
from metinfer.inference.density import Joint
from metinfer.inference.design import LaneSpec, lane_spec
from metinfer.inference.dosing import courses
from metinfer.inference.lanes import solver_lanes
from metinfer.mechanism.equations import STATES, bolus
from metinfer.mechanism.grid import Lane
from metinfer.mechanism.infix import formulas

TITLE = "Dormant tumour cells and their niche in the liver"


@dataclass(frozen=True)
class Exported:
    """A model with what each of its conditions sets.

    Attributes
    ----------
    parts : Parts
    conditions : mapping of str to mapping of str to (float or str)
        Condition -> quantity -> number, or the name of an unknown.
    """

    parts: Parts
    conditions: Mapping[str, Mapping[str, Setting]]


def model_of(lanes: Sequence[Lane], layer: Layer | None = None) -> Exported:
    """One model for some lanes, with one condition for each, by the lane's name.

    Parameters
    ----------
    lanes : sequence of Lane
    layer : Layer, optional
        Where lane parameters come from; by default they are parameters of the model themselves.
    """
    layer = layer or plain_layer(len(lanes))
    inputs = courses_of(lanes)
    text = formulas(inputs.before)
    titles = {s.name: (s.title.replace("_", " "), s.unit) for s in STATES}
    quantities = [
        *layer.quantities,
        *inputs.quantities,
        Quantity(bolus.name, "whether arriving founders come at once at time zero", value=0.0),
        *(Quantity(name, start=formula) for name, formula in text.start_derived),
        *(Quantity(name, rule=formula) for name, formula in text.derived),
        *(
            Quantity(name, titles[name][0], titles[name][1], start=start, rate=rate, state=True)
            for (name, start), (_, rate) in zip(text.starts, text.rates, strict=True)
        ),
    ]
    set_by = {
        identifier(lane.name): {**theta, **values, bolus.name: float(lane.bolus)}
        for lane, theta, values in zip(lanes, layer.values, inputs.values, strict=True)
    }
    if len(set_by) < len(lanes):
        raise MetinferError("two arms have names that differ only in signs; rename one")
    return Exported(Parts("metinfer", TITLE, tuple(quantities), tuple(inputs.events)), set_by)


@dataclass(frozen=True)
class ArmPart:
    """One context of an arm: its condition."""

    arm: str
    context: str
    condition: str
    spec: LaneSpec


def arm_parts(evidence: Any, joint: Joint) -> tuple[ArmPart, ...]:
    """Every arm that fitted rows and intervals name, one part per context."""
    design = joint.design
    names = dict.fromkeys(
        a for r in (*design.rows, *design.intervals) for a in (r.arm, _reference(r)) if a
    )
    parts = []
    for name in names:
        arm = evidence.arm(name)
        given = courses(evidence.doses_of(name), arm.species, evidence.therapies)
        contexts = [c for c, _ in arm.contexts] or [_any_context(joint, arm.species)]
        for context in contexts:
            label = name if len(contexts) == 1 else f"{name}__{context}"
            parts.append(ArmPart(name, context, identifier(label), lane_spec(arm, context, given)))
    return tuple(parts)


def _any_context(joint: Joint, species: str) -> str:
    """A context for an arm without a tumour, of which only the niche is read."""
    species_of = joint.design.coordinates.context_species
    same = [context for context, of in species_of.items() if of == species]
    return next(iter([*same, *species_of]))


def _reference(row: Any) -> str:
    return str(getattr(row, "reference_arm", "") or "")


def evidence_model(parts: Sequence[ArmPart], joint: Joint) -> Exported:
    """The model of an evidence folder, with its arms as conditions.

    Parameters
    ----------
    parts : sequence of ArmPart
    joint : Joint
    """
    specs = [p.spec for p in parts]
    lanes = [
        Lane(p.condition, (0.0,), lane.inputs, lane.bolus, lane.healthy_start)
        for p, lane in zip(parts, solver_lanes(specs, [(0.0,)] * len(specs)), strict=True)
    ]
    return model_of(lanes, named_layer(specs, joint.table))
