"""Names of groups and quantities that a reader outside the project understands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: Observable -> what was measured, and its unit where the table's own says little.
QUANTITIES = {
    "metastasis_probability": ("share with a metastasis", ""),
    "cell_probability": ("share with any tumour cell", ""),
    "metastasis_count": ("metastases per animal", "number"),
    "event_rate": ("rate of events among the event-free", ""),
    "event_hazard_ratio": ("hazard ratio of metastasis", "ratio"),
    "liver_share": ("share of first metastases in the liver", ""),
    "nk_turnover": ("turnover of NK cells", ""),
    "nk_activity_reduction": ("fall in NK-cell activity", "%"),
    "nk_count_fold": ("number of NK cells", "fold"),
    "cxcl12_fold": ("CXCL12", "fold"),
    "neutrophil_fold": ("neutrophils", "fold"),
    "stellate_fold": ("activated stellate cells", "fold"),
    "ifng_fold": ("interferon-gamma", "fold"),
    "leucocyte_fold": ("white blood cells under CXCR4 blockade", "fold"),
    "timp1_level": ("TIMP-1 in blood", ""),
    "timp1_fold": ("TIMP-1, patients over healthy", "fold"),
}
RATIOS = {"odds_ratio": "odds ratio", "risk_ratio": "risk ratio"}
#: Arm column -> words for a group in which it differs from a healthy one.
CHANGES = (
    ("nk_depletion", "NK cells depleted"),
    ("perforin_loss", "no perforin"),
    ("ifng_loss", "no interferon-gamma"),
    ("neutrophil_depletion", "neutrophils depleted"),
    ("injury", "with liver disease"),
)
#: Groups of one study that differ in nothing but this.
SUBTYPES = {"luminal a": "luminal A", "luminal b": "luminal B", "her2": "HER2",
            "tnbc": "triple negative"}  # fmt: skip
CONTEXTS = {
    "er_positive": "ER+ breast cancer", "er_negative": "ER\u2212 breast cancer",
    "colorectal": "colorectal cancer", "mouse_4t1": "mouse 4T1 breast tumour",
    "mouse_ht29": "mouse, human HT29 colon tumour", "mouse_da3": "mouse DA3 breast tumour",
    "mouse_esbl": "mouse ESbL lymphoma", "crlm": "resected colorectal liver metastases",
    "transbig": "TRANSBIG cohort", "nki70": "NKI cohort",
    "rotterdam_n0": "Rotterdam, no positive node", "rotterdam_n1_3": "Rotterdam, 1 to 3 nodes",
    "rotterdam_n4_9": "Rotterdam, 4 to 9 nodes", "rotterdam_n10": "Rotterdam, 10 nodes or more",
    "pulaski": "mouse 4T1, Pulaski", "4t1_resected": "mouse 4T1, primary resected",
    "brodbeck2014": "mouse HT29, Brodbeck", "street2001": "mouse DA3, Street",
}  # fmt: skip


def given(evidence: Any) -> dict[str, tuple[str, ...]]:
    """Return the agents that each arm was given, in words."""
    agents = evidence.therapies.get("agents", {})
    found: dict[str, dict[str, None]] = {}
    for dose in evidence.doses:
        label = str(agents.get(dose.agent, {}).get("label", dose.agent))
        found.setdefault(dose.arm, {})[label.partition(" (")[0]] = None
    return {arm: tuple(names) for arm, names in found.items()}


def group(arm: Any, agents: Sequence[str] = ()) -> str:
    """Return who was studied: what was changed in mice, the population in people.

    Of a population only what stands before the first semicolon, and its subtype. `agents` are
    those that the group was given.
    """
    if arm is None:
        return ""
    changes = [*agents, *(text for name, text in CHANGES if getattr(arm, name) > 0)]
    if arm.timp1_fold != 1.0:
        changes.append(f"TIMP-1 \u00d7 {arm.timp1_fold:g}")
    if arm.species == "mouse":
        return f"{arm.site}, {', '.join(changes) or 'control'}"
    whom, _, rest = (arm.population or arm.arm.replace("_", " ")).partition(";")
    subtype = SUBTYPES.get(rest.strip())
    return ", ".join([whom, *([subtype] if subtype else []), *changes])


def quantity(row: Any) -> tuple[str, str]:
    """Return what a row reports, in words, and its unit."""
    words, unit = QUANTITIES.get(row.observable, (row.observable.replace("_", " "), ""))
    if row.observable == "timp1_level" and row.matrix:
        words = f"TIMP-1 in {row.matrix}"
    if row.statistic in RATIOS:
        return f"{RATIOS[row.statistic]} of metastasis", "ratio"
    if row.statistic in ("ordered", "bound"):
        return f"{words}, as stated", "1 yes, 0 no"
    return words, unit or ("" if row.unit == "1" else row.unit)


def place(name: str) -> str:
    """Return a coordinate of a parameter (context, stock, species) in words."""
    return CONTEXTS.get(name, name.replace("_", " "))
