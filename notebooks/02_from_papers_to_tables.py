# %% [markdown]
# # 2. From papers to tables
#
# The program reads a folder of plain tables, one published number a row. Nothing is averaged or
# converted beforehand: a mean stays a mean, "9 of 12 mice" stays 9 of 12, a hazard ratio stays a
# hazard ratio. Each is later scored by the formula that its statistic deserves.
#
# This notebook makes such a folder, looks at every kind of number that it can hold, adds a paper of
# our own, makes the mistakes that everybody makes, and reads what the check says about them.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import metinfer as mi
from metinfer.evidence import bundled_path
from metinfer.evidence.template import write_template

mine = write_template(Path(tempfile.mkdtemp()) / "my-evidence")
sorted(path.name for path in mine.iterdir())

# %% [markdown]
# (In a shell: `metinfer new my-evidence`.) Five tables and two settings files:
#
# | file | one row is |
# |---|---|
# | `studies.csv` | a publication |
# | `arms.csv` | a group of people or animals, and what is different about it |
# | `doses.csv` | a drug given to an arm |
# | `measurements.csv` | a published number |
# | `intervals.csv` | events and people at risk in one stretch of follow-up |
# | `analysis.toml` | the question, and the answers that are wanted (at most twelve, fixed beforehand) |
# | `populations.toml` | for whom predictions are made |
#
# ## Every statistic once
#
# The template holds one made-up example of each way in which papers report a group. Find yours, and
# copy its row.

# %%
table = pd.read_csv(mine / "measurements.csv", dtype=str, keep_default_na=False)
fitted = table[table.role == "fit"]
fitted = fitted[
    ["statistic", "observable", "value", "spread", "low", "high", "n", "events", "note"]
]
pd.set_option("display.max_colwidth", 70)
fitted.set_index("statistic")

# %% [markdown]
# Two things are worth knowing about these rows:
#
# - `spread` says what `low` and `high` are: an SD, a SEM, a 95 % interval, quartiles, a range. An
#   unlabelled "±" is the most common way in which a table goes wrong.
# - `role` says how a number is used: **fit** (it enters the likelihood), **check** (predicted, never
#   fitted: this is how the model is tested), **prior** (it informs a prior) and **out** (not used; the
#   reason must be given). Leaving a number out openly is better than bending it.
#
# The folder is clean:

# %%
print(mi.check(mine).to_text())

# %% [markdown]
# ## A paper of our own
#
# Say a paper reports: after injection of tumour cells through the spleen, livers with metastasis at
# four weeks in 4 of 12 mice on the IL-15 agonist N-803, in 10 of 12 controls, and NK cells in the
# treated livers raised to a median of 4.1-fold (IQR 3.0 to 5.2) on day 5. That is one study, two
# arms, one line of doses and three numbers.


# %%
def add(name: str, **cells: str) -> None:
    """One more row in a table of the folder; cells that are not given stay empty."""
    path = mine / f"{name}.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    pd.concat([rows, pd.DataFrame([cells])]).fillna("").to_csv(path, index=False)


add("studies", study="doe2027", citation="Doe J et al, made up, 2027", doi="10.1000/example")

for arm in ("doe_control", "doe_n803"):
    add(
        "arms", arm=arm, study="doe2027", cohort=arm, species="mouse", site="liver",
        population="C57BL/6, made-up carcinoma", context="doe_mouse", stock="doe_mice",
        endpoint_scope="liver", arrival="bolus", arrival_start="0", arrival_end="0",
        time_zero="injection",
    )  # fmt: skip

add(
    "doses", arm="doe_n803", agent="n803", amount="6", unit="ug/kg", start="1", every="7", count="4"
)

for arm, events in (("doe_control", "10"), ("doe_n803", "4")):
    add(
        "measurements", row=f"{arm}-livers", study="doe2027", arm=arm,
        endpoint="livers with metastasis", observable="metastasis_probability",
        statistic="proportion", events=events, n="12", time="4", time_unit="week", unit="1",
        spread="none", role="fit", reason="counts are given", locator="Table 1",
    )  # fmt: skip

add(
    "measurements", row="doe_n803-nk", study="doe2027", arm="doe_n803", reference_arm="doe_control",
    endpoint="NK cells per liver", observable="nk_count_fold", statistic="median", value="4.1",
    unit="fold", spread="iqr", low="3.0", high="5.2", n="12", time="5", time_unit="day", role="fit",
    reason="median and quartiles are given", locator="Figure 2",
)  # fmt: skip

print(mi.check(mine).to_text())

# %% [markdown]
# Both arms share a *context* (the tumour model: how fast its cells wake and grow) and a *stock* (how
# many cells were injected), and have different *cohorts* (other animals). That is how the program
# knows what two arms have in common.
#
# ## The mistakes that everybody makes
#
# The check reads everything and reports all faults at once, each with its file, line and column, what
# may stand there, and where it can a guess of what was meant. Six mistakes in one go:

# %%
path = mine / "measurements.csv"
good = path.read_text()
bad = (
    good.replace("doe_n803,doe_control,NK", "doe_n803,doe_contol,NK")  # a typing error
    .replace(",4.1,fold,iqr,3.0,5.2", ",4.1,fold,iqr,5.2,3.0")  # quartiles the wrong way round
    .replace(",fit,counts are given", ",fitted,counts are given", 1)  # no such role
)
path.write_text(bad)
add("measurements", row="doe_control-livers", study="doe2027", arm="doe_control",
    endpoint="lungs with metastasis", observable="metastasis_probability", statistic="proportion",
    events="15", n="12", role="fit")  # 15 of 12 mice, an id that exists, and no time  # fmt: skip
print(mi.check(mine).to_text())

# %% [markdown]
# Nothing is guessed and nothing is fitted until these are mended. `mi.read_evidence` raises the same
# list as an error.

# %%
path.write_text(good)
evidence = mi.read_evidence(mine)
evidence

# %% [markdown]
# ## With everything that is already known
#
# A new paper is worth most beside the old ones. `mi.combine` puts folders together: the tables that
# come with the program, and the own ones. (The made-up examples of the template would not be wanted
# there, so we keep our paper only.)

# %%
for name, column in (("studies", "study"), ("arms", "study"), ("measurements", "study")):
    rows = pd.read_csv(mine / f"{name}.csv", dtype=str, keep_default_na=False)
    rows[rows[column] == "doe2027"].to_csv(mine / f"{name}.csv", index=False)
doses = pd.read_csv(mine / "doses.csv", dtype=str)
doses[doses.arm == "doe_n803"].to_csv(mine / "doses.csv", index=False)
for name in ("intervals.csv", "analysis.toml", "populations.toml"):
    (mine / name).unlink()

both = mi.combine([bundled_path(), mine], Path(tempfile.mkdtemp()) / "both")
pd.Series(
    {
        "studies": len(both.studies),
        "numbers read": len(both.measurements),
        "of these fitted": len(both.fit_rows()),
        "predicted, never fitted": len(both.check_rows()),
        "inform a prior": len(both.rows("prior")),
        "left out, with a reason": len(both.rows("out")),
        "intervals of follow-up": len(both.intervals),
    },
    name="bundled evidence and our paper",
).to_frame()

# %% [markdown]
# Most published numbers are left out, each with its reason: no quantity in the model, a cut chosen on
# the outcome, the same patients counted elsewhere. What remains is what the next notebook fits.
