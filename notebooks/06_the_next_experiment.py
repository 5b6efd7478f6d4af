# %% [markdown]
# # 6. The next experiment
#
# Most answers are assumed. Which measurement would change that? Before a single animal is used, the
# fitted model can say for each experiment that one might do
#
# - **what it will show**: a range, because the effect is uncertain and animals differ;
# - **how likely it is to show the effect** with so many animals per arm (*assurance*: power averaged
#   over what is believed about the effect, instead of for one assumed effect);
# - **how much it would narrow the answer** that is really wanted, the one in people.
#
# The last two differ. An experiment can be almost sure to succeed, and teach nothing about people.
#
# The run is the first look of notebook 3 (`quick=True`).

# %%
from dataclasses import replace

import numpy as np
import pandas as pd

import metinfer as mi
from metinfer import plots
from metinfer.asking import answers, question
from metinfer.evidence import bundled_path
from metinfer.therapy.experiment import assured, expect, planned, two_arms
from metinfer.therapy.plans import Plan
from metinfer.therapy.regimen import read_therapies

evidence = mi.read_evidence(bundled_path())
run = mi.fit(evidence, "../runs/notebooks/bundled", quick=True, resume=True, progress=False)
DRAWS = 500

# %% [markdown]
# ## Candidates
#
# Experiments are written in `therapies.toml`: a therapy, a population, what is read on which day, and in
# how many. The bundled file proposes these:

# %%
plans = read_therapies(bundled_path() / "therapies.toml").plans
mouse = [plan for plan in plans.values() if plan.population.startswith("mouse")]
pd.DataFrame(
    {"experiment": p.label, "read": p.readout.replace("_", " "), "day": p.day, "per arm": p.n}
    for p in mouse
).set_index("experiment")

# %% [markdown]
# ## How many animals?
#
# The chance that a one-sided exact test at 2.5 % finds the effect, against the number of mice per arm.
# It does not rise to one: part of what is believed is that there is no effect to be found.

# %%
rng = np.random.default_rng(1)
sizes = [5, 10, 20, 40, 80]
events = [plan for plan in mouse if plan.readout == "metastasis"]


def chances(plan: Plan) -> list[float]:
    """Chance in percent that the plan shows a benefit, for each number of animals per arm."""
    asked = question(run, plan.therapy, plan.population, draws=DRAWS)
    experiment = two_arms(asked, plan.day, plan.n)
    return [100 * assured(replace(experiment, n=n), rng).power for n in sizes]


plots.responses(
    sizes,
    {plan.label: chances(plan) for plan in events},
    across="mice per arm",
    up="chance that the test finds the effect (%)",
    log=True,
)

# %% [markdown]
# ## What would it teach about people?
#
# The answer that is wanted: the risk ratio of N-803 after resection of colorectal liver metastases, over
# five years. It is assumed, not learnt. For each experiment, results are simulated and the posterior
# is weighted by them, as a fit would do; shown is the share of the answer's variance that is expected to
# go.

# %%
wanted = "n803_crlm_ratio"
belief = answers(run, draws=DRAWS)[wanted]
taught = {}
for plan in mouse:
    asked = question(run, plan.therapy, plan.population, draws=DRAWS)
    taught[plan.label] = expect(
        planned(plan, asked), belief["posterior"], rng, belief["prior"], data_sets=100
    )

plots.variance_shares(
    {label: max(found.reduction, 0.0) for label, found in taught.items()},
    "Expected to go with each experiment",
)

# %% [markdown]
# In numbers, with a warning where too few draws carry the weight for the number to be trusted:

# %%
pd.DataFrame(
    {
        "experiment": label,
        "variance expected to go (%)": round(100 * found.reduction, 1),
        "error of that (points)": round(100 * found.standard_error / found.variance, 1),
        "answer becomes learnt (chance, %)": round(100 * found.becomes_learnt),
        "reliable": found.reliable,
    }
    for label, found in taught.items()
).set_index("experiment").sort_values("variance expected to go (%)", ascending=False)

# %% [markdown]
# ## What to take away
#
# - A reading close to what is unknown (NK cells in the liver after a dose, in six mice) can teach more than
#   a count of metastases in many more animals: here it is the first of the list.
# - Where no experiment in mice narrows the answer, it rests on something that mice cannot tell: how an
#   effect crosses to people, or a rate that is people's own. Then the next measurement belongs into
#   people: a biopsy, blood, a small trial with a marker.
# - These numbers are as good as the fit behind them. For a decision, use a full fit, not a first look.
