"""Lane parameters of the model from the named parameters of the evidence, and their priors.

A named parameter that all lanes share is a parameter of the SBML model under its own name. One
that is repeated (over contexts, species, sites, ...) is a parameter that a condition sets to the
one of its coordinate: ``awakening_rate`` to ``awakening_rate__colorectal``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from metinfer.errors import MetinferError
from metinfer.export.parts import Quantity
from metinfer.inference.density import TRANSLATION_SD
from metinfer.inference.design import LaneSpec
from metinfer.inference.lanes import DIMS, NAMES, SHARES, TRANSFERRED, LaneTable
from metinfer.inference.priors import EDGE, Entry, PriorTable, link_zone
from metinfer.mechanism.equations import PARAMETERS, Parameter
from metinfer.mechanism.infix import CUT

Setting = float | str
_ONE, _ZERO = "1", "0"
LATENT = "latent_"
TRANSFER = "transfer_"


@dataclass
class Layer:
    """Lane parameters of some lanes.

    Attributes
    ----------
    quantities : list of Quantity
    values : list of dict of str to (float or str)
        What each lane sets: a number, or the name of an unknown (lane,).
    """

    quantities: list[Quantity] = field(default_factory=list)
    values: list[dict[str, Setting]] = field(default_factory=list)


def identifier(label: str) -> str:
    """A label such as ``awakening_rate[colorectal]`` as a name that SBML and PEtab allow."""
    return re.sub(r"\W", "_", label.replace("[", "__").rstrip("]"))


def plain_layer(lanes: int) -> Layer:
    """Every lane parameter by itself, at its default, for `lanes` lanes."""
    free = [p for p in PARAMETERS if p.name not in CUT]
    quantities = [Quantity(p.name, p.meaning, p.unit, p.default) for p in free]
    return Layer(quantities, [{} for _ in range(lanes)])


def named_layer(specs: Sequence[LaneSpec], table: PriorTable) -> Layer:
    """Lane parameters by the named parameters of an evidence folder.

    Parameters
    ----------
    specs : sequence of LaneSpec
    table : PriorTable
    """
    places = LaneTable.of(specs, table.coordinates)
    labels = _labels(table)
    layer = Layer(values=[{} for _ in specs])
    _refuse_feedback(places.pins)
    done: set[str] = set()
    for i, parameter in enumerate(PARAMETERS):
        if parameter.name in CUT:
            continue
        if parameter.name in places.pins:
            layer.quantities.append(_fixed(parameter, places.pins[parameter.name]))
            continue
        column = _Column(
            parameter,
            [labels[j] for j in places.value[:, i]],
            [labels[j] for j in places.deviation[:, i]],
            places.factor[:, i],
        )
        column.add(layer, table, done)
    return layer


def _fixed(parameter: Parameter, value: float) -> Quantity:
    return Quantity(parameter.name, parameter.meaning, parameter.unit, value)


def _refuse_feedback(pins: Mapping[str, float]) -> None:
    for name, value in CUT.items():
        if pins.get(name, value) != value:
            raise MetinferError(
                f"a model variant with {name} = {pins[name]:g} cannot be exported: its start is "
                "the rest of a loop, and SBML has no form for that"
            )


def _labels(table: PriorTable) -> list[str]:
    """Labels of the joined vector of `LaneTable`, the last two standing for 1 and 0."""
    named = [e.label for n in NAMES for e in table.entries if e.parameter.name == n]
    return [*named, *(TRANSFER + name for name in TRANSFERRED.values()), _ONE, _ZERO]


@dataclass(frozen=True)
class _Column:
    """One lane parameter: value x factor x exp(deviation), label and number per lane."""

    parameter: Parameter
    value: Sequence[str]
    deviation: Sequence[str]
    factor: np.ndarray

    def add(self, layer: Layer, table: PriorTable, done: set[str]) -> None:
        """Add its rule, what the rule needs, and what each lane sets."""
        pieces = [*self._value(layer, table, done), *self._factor(layer), *self._deviation(layer)]
        rule = " * ".join(pieces) or "1"
        if self.parameter.name in SHARES:
            rule = f"1 - exp(-({rule}))"
        p = self.parameter
        layer.quantities.append(Quantity(p.name, p.meaning, p.unit, rule=rule))

    def _value(self, layer: Layer, table: PriorTable, done: set[str]) -> list[str]:
        named = [label for label in self.value if label != _ONE]
        if not named:
            return []
        name = named[0].partition("[")[0]
        entry = next(e for e in table.entries if e.label == named[0])
        if name not in done:
            done.add(name)
            layer.quantities += _named(entry)
        if name in DIMS:
            for values, label in zip(layer.values, self.value, strict=True):
                values[name] = 1.0 if label == _ONE else identifier(label)
        return [name]

    def _factor(self, layer: Layer) -> list[str]:
        if np.all(self.factor == 1.0):
            return []
        name = f"factor_{self.parameter.name}"
        layer.quantities.append(Quantity(name, f"factor of {self.parameter.name}", value=1.0))
        for values, number in zip(layer.values, self.factor, strict=True):
            values[name] = float(number)
        return [name]

    def _deviation(self, layer: Layer) -> list[str]:
        if all(label == _ZERO for label in self.deviation):
            return []
        name = f"deviation_{self.parameter.name}"
        title = f"log deviation of {self.parameter.name}"
        layer.quantities.append(Quantity(name, title, value=0.0))
        for values, label in zip(layer.values, self.deviation, strict=True):
            values[name] = 0.0 if label == _ZERO else identifier(label)
        return [f"exp({name})"]


def _named(entry: Entry) -> list[Quantity]:
    """A named parameter, with the latent behind it where it is a link."""
    parameter, median = entry.parameter, float(entry.quantile([0.5])[0])
    name, title, unit = parameter.name, parameter.meaning, parameter.unit
    if not _latent(entry):
        return [Quantity(name, title, unit, median)]
    latent = LATENT + name
    lower, upper = link_zone(entry.prior)
    above = f"ln(1 + exp(({latent} - {upper!r}) / {EDGE!r}))"
    below = f"ln(1 + exp(({lower!r} - {latent}) / {EDGE!r}))"
    rule = f"{float(entry.prior['scale'])!r} * {EDGE!r} * ({above} - {below})"
    return [
        Quantity(latent, f"standard normal latent of {name}", value=0.0),
        Quantity(name, title, unit, rule=rule),
    ]


def _latent(entry: Entry) -> bool:
    """Whether an unknown is written through its latent: a link that all lanes share."""
    return entry.prior["dist"] == "link" and entry.coordinate is None


@dataclass(frozen=True)
class Unknown:
    """One unknown with its prior, as PEtab writes it.

    Attributes
    ----------
    id, label : str
    scale : str
        Scale of estimation: lin or log.
    nominal, lower, upper : float
        Prior median and bounds (beyond 1 in 10,000 prior draws), on the linear scale.
    prior, arguments : str
    note : str
        Why the prior is not the one of the evidence; empty where it is.
    """

    id: str
    label: str
    scale: str
    nominal: float
    lower: float
    upper: float
    prior: str
    arguments: tuple[float, float]
    note: str = ""


#: Tail beyond which the bounds of an unknown lie.
TAIL = 1e-4


def unknowns(table: PriorTable) -> dict[str, Unknown]:
    """Every scalar unknown of a table and the transfers to people, by id."""
    found = [_unknown(e) for e in table.entries]
    found += [
        _normal(TRANSFER + name, f"log deviation of the human {name}", 0.0, TRANSLATION_SD)
        for name in table.transfers
    ]
    return {u.id: u for u in found}


def _normal(name: str, label: str, mean: float, sd: float) -> Unknown:
    reach = 4.0 * sd
    return Unknown(
        name, label, "lin", mean, mean - reach, mean + reach, "parameterScaleNormal", (mean, sd)
    )


def _unknown(entry: Entry) -> Unknown:
    name, prior = identifier(entry.label), entry.prior
    low, median, high = (float(q) for q in entry.quantile([TAIL, 0.5, 1.0 - TAIL]))
    match prior["dist"]:
        case "lognormal":
            arguments = (float(np.log(prior["median"])), float(prior["log_sd"]))
            return Unknown(
                name, entry.label, "log", median, low, high, "parameterScaleNormal", arguments
            )
        case "normal":
            return _normal(name, entry.label, float(prior["mean"]), float(prior["sd"]))
        case "link" if _latent(entry):
            return _normal(LATENT + name, f"standard normal latent of {entry.label}", 0.0, 1.0)
        case "beta":
            shapes = f"Beta({prior['a']:g}, {prior['b']:g})"
            note = f"{shapes} has no PEtab form: uniform within bounds"
            return Unknown(name, entry.label, "lin", median, 0.0, 1.0, "uniform", (0.0, 1.0), note)
    note = f"{prior['dist']} has no PEtab form: uniform within bounds"
    return Unknown(name, entry.label, "lin", median, low, high, "uniform", (low, high), note)


def latents_of(table: PriorTable, draw: Mapping[str, float]) -> dict[str, float]:
    """Values of all unknowns by id, from latents and shares of one draw by label.

    Parameters
    ----------
    table : PriorTable
    draw : mapping of str to float
        Natural values of every entry by label, standard normal latents under ``latent_`` + label,
        transfers under ``transfer_`` + name.
    """
    found = {identifier(e.label): draw[e.label] for e in table.entries if not _latent(e)}
    found |= {
        LATENT + identifier(e.label): draw[LATENT + e.label] for e in table.entries if _latent(e)
    }
    return found | {TRANSFER + name: draw[TRANSFER + name] for name in table.transfers}
