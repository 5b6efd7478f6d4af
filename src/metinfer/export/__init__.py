"""The model and its evidence in the formats of other programs: SBML and PEtab."""
