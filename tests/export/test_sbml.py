from __future__ import annotations

import numpy as np
import pytest

from metinfer.errors import MetinferError
from metinfer.export import sbml
from metinfer.export.courses import DoseRun, courses_of, dose_runs
from metinfer.export.layer import identifier
from metinfer.export.model import model_of
from metinfer.mechanism.exposure import Exposure, Kinetics
from metinfer.mechanism.grid import Lane
from metinfer.mechanism.inputs import Steps, window

KINETICS = Kinetics(5.0, 20.0)


def test_equal_doses_at_equal_distances_are_one_event_with_a_counter():
    source = Exposure(KINETICS, tuple(7.0 * k for k in range(20)), (3.0,) * 20)
    assert dose_runs(source) == [DoseRun("depot", 7.0, 7.0, 19, 3.0)]


def test_a_missed_dose_and_another_amount_start_a_new_run():
    source = Exposure(KINETICS, (1.0, 2.0, 3.0, 5.0, 7.0), (1.0, 1.0, 1.0, 1.0, 2.0))
    assert [(r.start, r.count, r.amount) for r in dose_runs(source)] == [
        (1.0, 3, 1.0), (5.0, 1, 1.0), (7.0, 1, 2.0),
    ]  # fmt: skip


def test_the_same_course_of_two_lanes_is_written_once():
    lanes = [
        Lane(n, (9.0,), {"arrival": window(0.0, d)}) for n, d in (("a", 5), ("b", 5), ("c", 7))
    ]
    found = courses_of([*lanes, Lane("d", (9.0,))])
    switches = [[v["arrival_on_1"], v["arrival_on_2"]] for v in found.values]
    assert switches == [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]


def test_an_input_of_unknown_kind_is_refused():
    class Odd(Steps):
        pass

    class Other:
        right = left = longest = staticmethod(np.ones_like)

        def breaks(self):
            return []

    courses_of([Lane("odd", (1.0,), {"injury": Odd((1.0,), (2.0,), 0.0)})])
    with pytest.raises(MetinferError, match="Other has no SBML form"):
        courses_of([Lane("other", (1.0,), {"injury": Other()})])


def test_names_that_other_programs_allow():
    assert identifier("awakening_rate[er_positive]") == "awakening_rate__er_positive"
    assert identifier("spread[a-b:c d]") == "spread__a_b_c_d"


def test_two_arms_that_would_get_one_name_are_refused():
    with pytest.raises(MetinferError, match="differ only in signs"):
        model_of([Lane("a-b", (1.0,)), Lane("a_b", (1.0,))])


def test_a_missing_library_is_named(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(sbml, "import_module", missing)
    with pytest.raises(MetinferError, match="pip install python-libsbml"):
        sbml.libsbml()


def test_the_model_is_valid_sbml_with_the_states_and_parameters_of_the_equations():
    libsbml = pytest.importorskip("libsbml")
    from metinfer.mechanism.equations import PARAMETERS, STATES
    from metinfer.mechanism.infix import CUT

    text = sbml.write_sbml(model_of([Lane("plain", (1.0,))]).parts)
    document = libsbml.readSBMLFromString(text)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, False)
    document.checkConsistency()
    assert document.getNumErrors(libsbml.LIBSBML_SEV_ERROR) == 0
    model = document.getModel()
    assert [s.getId() for s in model.getListOfSpecies()] == [s.name for s in STATES]
    assert {p.name for p in PARAMETERS} - set(CUT) <= {
        p.getId() for p in model.getListOfParameters()
    }
    for state in STATES:
        assert model.getRateRuleByVariable(state.name) is not None


def test_a_formula_that_cannot_be_read_is_an_error():
    pytest.importorskip("libsbml")
    from metinfer.export.parts import Parts, Quantity

    with pytest.raises(MetinferError, match="not a formula"):
        sbml.write_sbml(Parts("m", "m", (Quantity("a", rule="1 +* 2"),)))
    with pytest.raises(MetinferError, match="not valid"):
        sbml.write_sbml(Parts("m", "m", (Quantity("a", rule="b"), Quantity("b", rule="a"))))
