# %% [markdown]
# # 4. Therapies
#
# A fitted model can be asked what a therapy would do. Two kinds of therapy are kept apart:
#
# - a **regimen** is something that can be given: an agent, its doses, how often, when. Its levels in
#   blood follow from pharmacokinetics, and those are uncertain too;
# - a **clamp** is a thought experiment: a target held fully engaged. It says what the target is worth
#   at most, not what a drug would do.
#
# Every number below is shown for people of cohorts without adjuvant therapy. **They are not today's
# patients, and nothing here supports giving a drug to anybody.** The run is the first look of
# notebook 3 (`quick=True`: few draws, for speed).

# %%
from pathlib import Path

import numpy as np
import pandas as pd
import tomli_w

import metinfer as mi
from metinfer import plots
from metinfer.asking import answers, question
from metinfer.evidence import bundled_path
from metinfer.therapy import decide

evidence = mi.read_evidence(bundled_path())
run = mi.fit(evidence, "../runs/notebooks/bundled", quick=True, resume=True, progress=False)

# %% [markdown]
# ## A regimen of one's own
#
# Therapies are written in a TOML file; agents with their pharmacokinetics come with the program. Here
# is a regimen that nobody has proposed: N-803 at half the usual dose, every second week, for two
# years. Beside it stand the bundled regimen, a combination of two, and two clamps.

# %%
known = evidence.therapies
chosen = {
    name: known["therapies"][name] for name in ("n803", "motixafortide", "il15_full", "ifng_full")
}
chosen["low_and_long"] = {
    "kind": "regimen",
    "label": "N-803 3 ug/kg every 2 weeks for 2 years",
    "start": {"human": 28.0, "mouse": 3.0},
    "doses": [{"agent": "n803", "amount": 3.0, "unit": "ug/kg", "route": "subcutaneous",
               "every": 14.0, "count": 52}],
    "reason": "made up: less at a time, for longer",
}  # fmt: skip
chosen["n803_plus_cxcr4"] = {
    "kind": "regimen",
    "of": ["n803", "motixafortide"],
    "label": "N-803 with motixafortide",
    "reason": "more NK cells, and the signal that quiets them blocked",
}
therapies = Path("../runs/notebooks/my-therapies.toml")
therapies.write_text(
    tomli_w.dumps({"body": known["body"], "agents": known["agents"], "therapies": chosen})
)
people = "er_positive_n0"
evidence.populations["populations"][people]["label"]

# %% [markdown]
# ## What would each do?
#
# Risk ratios over ten years, as always beside what was believed before any data.

# %%
asked = [
    {
        "name": name,
        "therapy": name,
        "population": people,
        "measure": "risk_ratio",
        "time_year": 10.0,
    }
    for name in chosen
]
found = answers(run, therapies=therapies, asked=asked)
names = {"prior": "before any data", "no_mouse": "without mouse rows", "posterior": "all tables"}
labels = {name: f"{known['therapies'].get(name, chosen[name])['label']}" for name in chosen}
plots.what_was_learnt(
    {labels[k]: {names[s]: d for s, d in v.items()} for k, v in found.items()},
    "risk ratio of liver metastasis over 10 years (below 1: benefit)",
)

# %% [markdown]
# In numbers, with the number needed to treat: how many people would have to be treated for one
# metastasis less. Where the interval of the risk reduction holds zero, that number has no upper end.


# %%
def reduction(name: str) -> dict[str, object]:
    """Absolute risk reduction of one therapy and the number needed to treat."""
    ask = [{**one, "measure": "absolute_risk_reduction"} for one in asked if one["name"] == name]
    draws = answers(run, therapies=therapies, asked=ask)[name]["posterior"]
    low, middle, high = np.nanquantile(draws, [0.05, 0.5, 0.95])
    least, most = (f"{float(f'{1 / end:.2g}'):g}" for end in (high, low))
    needed = f"{least} to {most}" if low > 0 else f"{least} or more, or harm"
    return {
        "therapy": labels[name],
        "risk reduction (percentage points)": f"{100 * middle:.1f} ({100 * low:.1f} to {100 * high:.1f})",
        "number needed to treat": needed,
    }


pd.DataFrame([reduction(name) for name in ("n803", "low_and_long", "n803_plus_cxcr4")]).set_index(
    "therapy"
)

# %% [markdown]
# ## Combinations: together better than apart?
#
# If two therapies act independently, the risk ratio of both is the product of theirs (Bliss). The
# chance that the combination does better than that, and better than the best of the two:

# %%
both = question(run, "n803_plus_cxcr4", people, therapies, draws=240)
mixed = decide.interaction(both, 10.0)
pd.Series(
    {
        "better than independent action": decide.probability_above(mixed["over_bliss"], 0.0),
        "better by more than 0.05": decide.probability_above(mixed["over_bliss"], 0.05),
        "better than the best single one": decide.probability_above(mixed["over_best"], 0.0),
    },
    name="probability",
).round(2).to_frame()

# %% [markdown]
# ## The window: how late is too late?
#
# Among people still free of metastasis when they start: the risk over the following five years, with
# and without therapy, by the time of the start.

# %%
clamp = question(run, "il15_full", people, therapies, draws=240)
starts = [28.0, 180.0, 365.0, 730.0, 1461.0]
plots.window_by_start(starts, decide.window(clamp, starts, follow=5.0), follow=5.0)

# %% [markdown]
# ## Lasting, or only a delay?
#
# A therapy that clears dormant cells has a benefit that lasts. One that only keeps them asleep
# postpones: when it stops, they wake. The metastases avoided are split into founders **cleared** and
# founders **still there**, dormant or growing, at ten years. A part to the left of zero means that fewer
# are left than without therapy: they were cleared before they could wake.

# %%
splits = {
    labels[name]: decide.lasting(question(run, name, people, therapies, draws=240), stop=365.0)
    for name in ("n803", "il15_full", "ifng_full")
}
plots.lasting_against_delay(splits)

# %% [markdown]
# ## How much: the dose
#
# From a hundredth of the regimen's doses to a hundred times as much. The width of the band says how
# little is known about the level that NK cells need.

# %%
one = question(run, "n803", people, therapies, draws=240)
plots.dose_response_curve(
    decide.FACTORS, decide.dose_response(one, 10.0, decide.FACTORS), horizon=10.0
)

# %% [markdown]
# ## What to take away
#
# - Shapes can be read: an effect that fades with a late start, a benefit that lasts only as far as
#   cells were cleared, a dose beyond which nothing is gained.
# - Sizes are mostly assumed. The prior stands beside each number for that reason, and a ranking is
#   allowed only among answers that were learnt.
# - `mi.predict(run)` computes the table for every therapy and population of the files, and the report
#   shows it.
