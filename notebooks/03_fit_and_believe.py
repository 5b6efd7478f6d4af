# %% [markdown]
# # 3. Fit and believe
#
# Now all tables at once: every link, rate and amount of the model is unknown, each published row is
# scored by its own formula, and Bayesian inference returns the combinations that agree with all of
# them. Then comes the part that matters: **may the result be believed, and which parts of it were
# learnt?**
#
# To be done in a minute, this notebook takes a *first look*: `quick=True`, two chains of 250 draws.
# Leave it out for a result to show to others (one to two minutes on two cores).

# %%
import pandas as pd

import metinfer as mi
from metinfer import plots
from metinfer.asking import answers
from metinfer.evidence import bundled_path

evidence = mi.read_evidence(bundled_path())
run = mi.fit(evidence, "../runs/notebooks/bundled", quick=True, resume=True, progress=False)
dict(run.posterior.sizes)

# %% [markdown]
# `resume=True` goes on with a run that was stopped, and reads one that is finished: the other
# notebooks use the same run.
#
# ## Gates: is the computation sound?
#
# Before looking at any number, ask whether the sampler did its work. These gates must all pass before
# anything is reported. A first look fails some of them, and should: so few draws prove nothing.

# %%
diagnosis = mi.diagnose(run)
gates = pd.DataFrame(
    {"gate": g.name, "value": g.value, "limit": g.limit, "passed": g.passed}
    for g in diagnosis.gates
)
gates.set_index("gate").round(4)

# %% [markdown]
# ## Fit: does the model reproduce what was published?
#
# *Posterior predictive*: what would each paper have published, if the fitted model were true? Below,
# the share of people still free of the event, cohort by cohort: diamonds are the published points, the
# line and its bands are the model's. Points of one curve are no independent witnesses: they stray
# together. What counts is that no cohort leaves its band for years.

# %%
content = plots.content(run)
plots.survival_curves(content.cohorts)

# %% [markdown]
# The single numbers of the mouse experiments are reproduced the same way: each on the scale on which
# it was published.

# %%
mice = content.rows.query("species == 'mouse' and role == 'fit'")
plots.observed_against_predicted(mice[:8])

# %% [markdown]
# A good fit is necessary, and not enough. A model with many unknowns can fit the tables and still have
# learnt nothing about the thing that is asked.
#
# ## What was learnt: posterior within prior
#
# For each unknown, where the posterior lies within its prior. A short bar was learnt from the tables; a
# bar as wide as the shaded band only repeats what was assumed.

# %%
wanted = (
    "awakening_rate[er_positive]", "awakening_rate[colorectal]", "growth_time[er_positive]",
    "founders[er_positive]", "liver_share[er_positive]", "arrival_kill", "nk_rate[mouse]",
    "nk_hold", "nk_ifng_share", "cxcl12_nk", "timp1_cxcl12", "il15_growth", "ifng_potency",
)  # fmt: skip
chosen = content.parameters[content.parameters["name"].isin(wanted)]
plots.parameter_intervals(chosen if len(chosen) else content.parameters[:12])

# %% [markdown]
# The rates that follow-up of patients can see were learnt. The **links** of the niche, on which all
# therapies rest, were hardly touched: nobody has published a table in which the hold by NK cells was
# perturbed in a dormant liver. (Notebook 5 shows what happens when somebody does.)

# %%
plots.liver_niche(content.links)

# %% [markdown]
# ## Learnt or assumed: answer by answer
#
# Parameters are means to an end. What is judged is each *answer*, fixed in `analysis.toml` before
# anything was fitted: its value before any data, without the mouse rows, and with everything. Where
# the 90 % intervals of prior and posterior overlap by more than 80 %, or that of the posterior only
# became wider, the answer is called **assumed, not learnt**. Where it shrank about the centre that was
# assumed, it is called **narrowed only**: data that say nothing of a therapy do that, by ruling out
# some values of what it depends on. Only what is **learnt**, because the data moved or fixed its
# centre, may be ranked.

# %%
found = answers(run)
labels = {
    "n803_er_positive_n0_ratio": "N-803, breast cancer (ER+)",
    "ifng_er_positive_n0_ratio": "IFN-γ, breast cancer (ER+)",
    "cxcr4_er_positive_n0_ratio": "CXCR4 blocked, breast cancer (ER+)",
    "timp1_er_positive_n0_ratio": "TIMP-1 neutralised, breast cancer (ER+)",
    "n803_crlm_ratio": "N-803, resected liver metastases",
}
names = {"prior": "before any data", "no_mouse": "without mouse rows", "posterior": "all tables"}
shown = {
    label: {names[source]: draws for source, draws in found[name].items()}
    for name, label in labels.items()
}
plots.what_was_learnt(shown, "risk ratio of metastasis, treated over untreated (below 1: benefit)")

# %% [markdown]
# Compare with the baseline, where the tables speak:

# %%
base = {
    label: {names[source]: 100 * draws for source, draws in found[name].items()}
    for name, label in {
        "er_positive_n0_untreated_risk": "breast cancer (ER+), 10 years",
        "crlm_untreated_risk": "resected liver metastases, 5 years",
    }.items()
}
plots.what_was_learnt(base, "risk of liver metastasis without therapy (%)", no_effect=100.0)

# %% [markdown]
# ## The page for others
#
# `mi.report(run)` writes all of this, and much more, into one file that opens without a network:
# conclusion, therapy answers with their ledger, mechanism, what would change our mind, validation,
# limits, and the fit of every row in its appendix. For a first look like this one it says on top that it is not reportable.
