# %% [markdown]
# # 1. The biology and the model
#
# Tumour cells that reached the liver can sleep there for years. Two published findings describe what
# keeps them asleep, and what wakes them:
#
# - **Awakening** (Correia 2021): natural killer (NK) cells hold dormant cells asleep through
#   interferon-gamma (IFN-γ). Activated stellate cells, the scar-forming cells of an injured liver,
#   secrete CXCL12. That quiets NK cells, and the tumour cells wake.
# - **Seeding** (Seubert 2015): much TIMP-1 in the blood raises CXCL12 in the liver, which draws
#   neutrophils in, and newly arriving cells settle more easily.
#
# Both run through CXCL12. The model is this picture in equations: a blue arrow raises, a red bar
# holds back.

# %%
from dataclasses import replace

import numpy as np

import metinfer as mi
from metinfer import plots
from metinfer.evidence import Dose, bundled_path
from metinfer.mechanism.inputs import Steps

plots.liver_niche([])

# %% [markdown]
# ## A group of patients to play with
#
# An *arm* is a group of people or animals. We take one from the evidence that comes with the program:
# women with receptor-positive breast cancer after surgery. Their dormant cells are already in the
# liver at time zero. From this arm we make others that differ in one thing.
#
# The strengths of the links below are **chosen for this lesson**, each within what was thought
# possible before any data. How strong the links really are is the question of notebook 3.

# %%
evidence = mi.read_evidence(bundled_path())
patients = replace(evidence.arm("transbig_er_positive"), arm="healthy")

links = {
    "stellate_cxcl12": 1.0,  # stellate cells -> CXCL12
    "cxcl12_nk": 1.0,        # CXCL12 -> quiet NK cells
    "nk_ifng_share": 0.8,    # share of hepatic IFN-gamma that NK cells make
    "nk_hold": 1.0,          # IFN-gamma -> cells stay asleep
    "injury_size": 1.0,      # stellate activation by one unit of injury
}  # fmt: skip
patients.population

# %% [markdown]
# ## Dormancy and awakening
#
# `mi.solve` follows arms over time. Three livers: one healthy, one injured from the start (think of
# fibrosis), one injured between the second and the fourth year only (grey).
#
# Everything in the niche is a *fold over the healthy liver*. The tumour is counted per founder: of
# one cell asleep at time zero, how much is still asleep, how much has become a metastasis?

# %%
days = np.linspace(0.0, 10 * 365.25, 241)
injured = (2 * 365.25, 4 * 365.25)

arms = [
    patients,
    replace(patients, arm="injured", injury=3.0),
    replace(patients, arm="for a while"),
]
passing = {"for a while": {"injury": Steps(injured, (3.0, 0.0), before=0.0)}}
solved = mi.solve(links, arms, days, inputs=passing)

niche = {
    "cxcl12": "CXCL12 in the liver (fold of healthy)",
    "nk": "NK cells (fold of healthy)",
    "awakening_signal": "awakening rate (fold of healthy)",
    "metastases": "metastases per founder",
}
plots.courses(
    solved,
    niche,
    {"healthy": "healthy liver", "injured": "injured from the start",
     "for a while": "injured in years 2 to 4"},
    shade=injured,
)  # fmt: skip

# %% [markdown]
# Read it from left to right, as the biology goes: injury raises CXCL12, CXCL12 lowers NK cells (in
# number, and what remains is less active), less IFN-γ lets cells wake about twice as fast. When the
# injury heals, the niche comes back within weeks. The metastases do not: those two years are kept,
# and show only later, because a clone takes years to grow to a size that anybody can see.

# %% [markdown]
# ## One knob: the switch
#
# Turn injury up from nothing to a lot, and look at the awakening rate. How steep this curve is
# depends on how strongly NK cells hold: without a hold there is no switch at all.

# %%
knob = np.linspace(0.0, 6.0, 13)
arms = [replace(patients, arm=f"{x:g}", injury=float(x)) for x in knob]


def awakening(hold: float) -> np.ndarray:
    """Awakening rate of each arm at rest, as a fold of healthy."""
    return mi.solve({**links, "nk_hold": hold}, arms, [0.0])["awakening_signal"][0, :, 0].values


plots.responses(
    knob,
    {f"hold {hold:g}": awakening(hold) for hold in (0.0, 0.5, 1.0, 1.5)},
    across="liver injury (units of stellate activation beyond healthy)",
    up="awakening rate (fold of healthy)",
)

# %% [markdown]
# Which of these curves is the true one? No published table has measured it directly. Prior
# knowledge allows all of them, including the flat one, with a probability of about one third that
# the link is absent. The program never forgets that.

# %% [markdown]
# ## Taking parts out: what experiments isolate
#
# The same cells, with one part of the defence removed at a time. Loss of *perforin* takes the
# killing but leaves IFN-γ: it asks whether NK cells **kill**. Blocking *IFN-γ* takes the hold but
# leaves the killing: it asks whether they **hold**. Depleting NK cells takes both.

# %%
arms = [
    patients,
    replace(patients, arm="perforin", perforin_loss=1.0),
    replace(patients, arm="ifng", ifng_loss=1.0),
    replace(patients, arm="nk", nk_depletion=1.0),
]
plots.courses(
    mi.solve(links, arms, days),
    {"dormant": "cells still dormant (share of founders)", "metastases": "metastases per founder"},
    {"healthy": "all in place", "perforin": "no killing (perforin lost)",
     "ifng": "no hold (IFN-γ blocked)", "nk": "neither (NK cells depleted)"},
)  # fmt: skip

# %% [markdown]
# ## Giving something: an IL-15 agonist
#
# Doses are lines of a table: agent, amount, when, how often. N-803 is given weekly for four weeks, and
# again half a year later. NK cells expand, become tolerant to it, and contract; while they
# are many, cells wake more slowly.

# %%
treated = replace(patients, arm="treated")
doses = [
    Dose("treated", "n803", 6.0, "ug/kg", start=start, every=7.0, count=4)
    for start in (28.0, 210.0)
]
year = np.linspace(0.0, 400.0, 401)
plots.courses(
    mi.solve(links, [patients, treated], year, doses),
    {"nk": "NK cells (fold of healthy)", "awakening_signal": "awakening rate (fold of healthy)"},
    {"healthy": "untreated", "treated": "N-803, two courses of four weekly doses"},
)

# %% [markdown]
# ## What to take away
#
# - The model is small: twelve states, most of them folds over healthy. Each link can be absent or
#   reversed, and each experiment is a change of an input.
# - What a therapy does depends on links that published tables hardly measured. So a number such as
#   "risk ratio 0.8" is worthless without knowing how much of it was assumed.
# - Hence the next steps: bring numbers of papers into tables (notebook 2), and fit all of them at
#   once, to see which links they teach (notebook 3).
