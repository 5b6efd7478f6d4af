"""SBML (Level 3 Version 1 core) of a model in parts, written by libSBML."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from metinfer.errors import MetinferError
from metinfer.export.parts import Event, Parts, Quantity

LEVEL, VERSION = 3, 1
HOST = "host"
NEEDED = "metinfer export needs python-libsbml, which is not installed: pip install python-libsbml"
#: Unit in the tables -> id and definition (kind, exponent, multiplier); all others are numbers.
UNITS: dict[str, tuple[str, tuple[tuple[str, int, float], ...]]] = {
    "day": ("day", (("second", 1, 86400.0),)),
    "1/day": ("per_day", (("second", -1, 86400.0),)),
}
PLAIN = "dimensionless"


def libsbml() -> Any:
    """The library that writes SBML.

    Raises
    ------
    MetinferError
        If it is not installed.
    """
    try:
        return import_module("libsbml")
    except ImportError:
        raise MetinferError(NEEDED) from None


def write_sbml(parts: Parts) -> str:
    """SBML text of a model.

    Parameters
    ----------
    parts : Parts

    Raises
    ------
    MetinferError
        If libSBML is missing, or finds an error in the model.
    """
    library = libsbml()
    document = library.SBMLDocument(LEVEL, VERSION)
    model = document.createModel()
    writer = _Writer(library, model)
    writer.head(parts)
    for quantity in parts.quantities:
        writer.quantity(quantity)
    for quantity in parts.quantities:
        writer.formulas(quantity)
    for event in parts.events:
        writer.event(event)
    _check(library, document)
    return str(library.writeSBMLToString(document))


def _check(library: Any, document: Any) -> None:
    """Raise on errors; units are left out, as numbers inside formulas carry none."""
    document.setConsistencyChecks(library.LIBSBML_CAT_UNITS_CONSISTENCY, False)
    document.setConsistencyChecks(library.LIBSBML_CAT_MODELING_PRACTICE, False)
    document.checkConsistency()
    if document.getNumErrors(library.LIBSBML_SEV_ERROR):
        raise MetinferError(f"the SBML is not valid: {document.getErrorLog().toString().strip()}")


class _Writer:
    """Puts parts into one libSBML model."""

    def __init__(self, library: Any, model: Any) -> None:
        self.library, self.model = library, model
        self.settings = library.L3ParserSettings()
        self.settings.setModel(model)
        self.settings.setComparisonCaseSensitivity(library.L3P_COMPARE_BUILTINS_CASE_SENSITIVE)

    def head(self, parts: Parts) -> None:
        """Name, units and the one compartment."""
        model = self.model
        model.setId(parts.id)
        model.setName(parts.title)
        for name, kinds in UNITS.values():
            definition = model.createUnitDefinition()
            definition.setId(name)
            for kind, exponent, multiplier in kinds:
                unit = definition.createUnit()
                unit.setKind(getattr(self.library, f"UNIT_KIND_{kind.upper()}"))
                unit.setExponent(exponent)
                unit.setMultiplier(multiplier)
                unit.setScale(0)
        model.setTimeUnits("day")
        model.setSubstanceUnits(PLAIN)
        model.setExtentUnits(PLAIN)
        compartment = model.createCompartment()
        compartment.setId(HOST)
        compartment.setSpatialDimensions(3)
        compartment.setSize(1.0)
        compartment.setUnits(PLAIN)
        compartment.setConstant(True)

    def quantity(self, quantity: Quantity) -> None:
        """A species or a parameter."""
        unit = UNITS.get(quantity.unit, (PLAIN,))[0]
        if quantity.state:
            item = self.model.createSpecies()
            item.setCompartment(HOST)
            item.setHasOnlySubstanceUnits(True)
            item.setBoundaryCondition(False)
            item.setSubstanceUnits(PLAIN)
            if quantity.value is not None:
                item.setInitialAmount(quantity.value)
        else:
            item = self.model.createParameter()
            item.setUnits(unit)
            if quantity.value is not None:
                item.setValue(quantity.value)
        item.setConstant(quantity.constant)
        item.setId(quantity.id)
        if quantity.title:
            item.setName(quantity.title)

    def formulas(self, quantity: Quantity) -> None:
        """Rules and starts, once every name is known."""
        if quantity.rule:
            rule = self.model.createAssignmentRule()
            rule.setVariable(quantity.id)
            rule.setMath(self._math(quantity.rule))
        if quantity.rate:
            rule = self.model.createRateRule()
            rule.setVariable(quantity.id)
            rule.setMath(self._math(quantity.rate))
        if quantity.start:
            start = self.model.createInitialAssignment()
            start.setSymbol(quantity.id)
            start.setMath(self._math(quantity.start))

    def event(self, event: Event) -> None:
        """An event without delay, in order of the values before it."""
        item = self.model.createEvent()
        item.setId(event.id)
        item.setUseValuesFromTriggerTime(True)
        trigger = item.createTrigger()
        trigger.setInitialValue(True)
        trigger.setPersistent(True)
        trigger.setMath(self._math(event.trigger))
        for variable, formula in event.changes.items():
            change = item.createEventAssignment()
            change.setVariable(variable)
            change.setMath(self._math(formula))

    def _math(self, formula: str) -> Any:
        node = self.library.parseL3FormulaWithSettings(formula, self.settings)
        if node is None:
            raise MetinferError(
                f"not a formula: {formula!r} ({self.library.getLastParseL3Error()})"
            )
        return node
