# %% [markdown]
# # 5. Your own data, and your own model
#
# The bundled tables teach baseline risks well and therapies hardly at all, because nobody has
# published an experiment that perturbs dormancy in the liver. Suppose that you do that experiment.
# How much of what was *assumed* becomes *learnt*?
#
# `examples/perturbed_dormancy` holds such an experiment. **It is made up**: simulated from a truth that
# is stated in the folder, so that we can see whether the fit finds it. Mice carry dormant cells in
# the liver; ten get an isotype antibody, ten the IL-15 agonist N-803, in ten NK cells are depleted, in
# ten IFN-γ is neutralised. At eight weeks metastases are counted.
#
# Here we pretend that the N-803 arm was never done: what does an experiment say about a drug that it
# does not give? (It also saves time: every dose has to be followed in many small steps.)

# %%
import json
import shutil
import warnings
from pathlib import Path

import arviz as az
import numpy as np
import nutpie
import pandas as pd
import pymc as pm

import metinfer as mi
from metinfer import plots
from metinfer.asking import answers
from metinfer.compiling import reproducible
from metinfer.evidence import bundled_path
from metinfer.inference.loo import pointwise

example, mine = Path("../examples/perturbed_dormancy"), Path("../runs/notebooks/experiment")
shutil.rmtree(mine, ignore_errors=True)
shutil.copytree(example, mine)
for name in ("arms", "doses", "measurements"):
    table = pd.read_csv(mine / f"{name}.csv", dtype=str, keep_default_na=False)
    table[table["arm"] != "dormant_il15"].to_csv(mine / f"{name}.csv", index=False)

rows = pd.read_csv(mine / "measurements.csv", dtype=str, keep_default_na=False)
rows[["arm", "endpoint", "statistic", "events", "value", "low", "high", "n"]].set_index("arm")

# %% [markdown]
# ## Fitted together with everything else
#
# `mi.combine` puts the folder behind the bundled tables, `mi.fit` does the rest. (`quick=True`: a
# first look. The folder's README has the result of longer fits with all four arms, and of repeats of
# the experiment. Compiling takes some 10 s, for new tables as for old ones.)

# %%
folder = Path("../runs/notebooks/both")
shutil.rmtree(folder, ignore_errors=True)
evidence = mi.combine([bundled_path(), mine], folder)
run = mi.fit(evidence, "../runs/notebooks/perturbed", quick=True, resume=True, progress=False)
evidence

# %% [markdown]
# ## Assumed becomes learnt
#
# Two kinds of answers. In the **mice** of the experiment: what would other treatments do? In **people**:
# what is the hold worth, and what would an IL-15 agonist do? The middle bar is the fit *without* any
# mouse rows, the lower one with all of them. The vertical mark is the truth, which a real experiment
# would not show.

# %%
found = answers(run)
labels = {
    "mice_n803_ratio": "mice: N-803, 4 weeks",
    "mice_nk_loss_ratio": "mice: NK cells lost, 4 weeks",
    "people_ifng_blocked_ratio": "people: IFN-γ blocked, 10 years",
    "people_ifng_full_ratio": "people: IFN-γ at its most, 10 years",
    "people_n803_ratio": "people: N-803, 10 years",
}
sources = {
    "prior": "before any data",
    "no_mouse": "without mouse rows",
    "posterior": "with the experiment",
}
truth = json.loads((example / "truth.json").read_text())
true = json.loads((example / "answers.json").read_text())
plots.what_was_learnt(
    {label: {sources[s]: d for s, d in found[name].items()} for name, label in labels.items()},
    "risk ratio of metastasis (below 1: benefit; above 1: harm)",
    {label: true[name] for name, label in labels.items()},
)

# %% [markdown]
# - Before the experiment, blocking IFN-γ might have done nothing at all (risk ratio 1). Afterwards, no
#   effect is out of question: the link that carries it was measured.
# - In people the intervals stay wide. A fold effect crosses from mouse to human with a spread, which
#   one pair of species cannot narrow, and killing by NK cells does not cross at all.
# - N-803 was not given here. Its answers stay near where they were, because they rest on what the
#   experiment did not touch: the level of drug that NK cells need. That is no failure of the
#   experiment: the program says which question it answered.
#
# The link itself, in numbers:

# %%
link = {
    source: np.ravel(group["nk_hold"].values)
    for source, group in (("before any data", run.prior), ("with the experiment", run.posterior))
}
pd.DataFrame(
    {source: np.quantile(draws, [0.05, 0.5, 0.95]).round(2) for source, draws in link.items()},
    index=["5 %", "median", "95 %"],
).assign(truth=["", truth["nk_hold"], ""])

# %% [markdown]
# ## Your own PyMC model around the likelihood
#
# You may disagree with a prior, or want the likelihood inside a larger model. `mi.add_likelihood`
# puts all rows of a folder into any PyMC model: name the parameters that are yours, the others get the
# folder's priors. Here for a small made-up experiment (`tests/data/tiny`), with a sceptical prior for
# the hold and one for growth from somebody's own imaging. (`reproducible`: the same seed
# gives the same draws on the next day, too. `var_names`: no derived numbers, so less to compile.)

# %%
tiny = mi.read_evidence("../tests/data/tiny")

with pm.Model() as own:
    hold = pm.Normal("hold", 0.0, 0.3)  # sceptical: centred at no effect
    growth = pm.LogNormal("growth", np.log(12.0), 0.2)  # days from awakening to detection
    mi.add_likelihood(tiny, {"nk_hold": hold, "growth_time": growth})

names = [v.name for v in own.free_RVs]
with reproducible():
    compiled = nutpie.compile_pymc_model(own, backend="numba", var_names=names)
trace = nutpie.sample(compiled, draws=200, tune=300, chains=2, seed=1, progress_bar=False)
az.summary(trace, var_names=["hold", "growth"], kind="stats", ci_prob=0.9)

# %% [markdown]
# ## Leaving out one row at a time
#
# `pointwise` returns the log-likelihood of every published row, as ArviZ takes it. PSIS-LOO then tells how
# well each row is predicted from the others; a Pareto k above 0.7 marks a row on which the fit leans
# so heavily that it has to be refitted without it.

# %%
free = trace["posterior"].to_dataset()[names]
tree = pointwise(own, free, {"mode": "FAST_COMPILE"})
with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # it says what the column of k says below
    loo = az.loo(tree, pointwise=True)
pd.DataFrame(
    {"expected log density": loo.elpd_i.values, "Pareto k": loo.pareto_k.values},
    index=pd.Index(tree["log_likelihood"]["observation"].values, name="row"),
).round(2)
