"""Write docs/comparison.md from a run that `metinfer compare` was run on.

Run `python -m docs.comparison RUN`. The text is docs/comparison.in.md; the tables are made here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from metinfer.comparison import read_comparison
from metinfer.inference.compare_results import Comparison, StudyResult
from metinfer.inference.learnt import Summary
from metinfer.runs import load_run

PAGE = Path(__file__).with_suffix(".md")
TEXT = Path(__file__).with_suffix(".in.md")


def table(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(str(c) for c in line) + " |" for line in lines) + "\n"


def variants(found: Comparison) -> str:
    """What the same rows say of each variant."""
    rows = [
        (
            f"`{v.name}`", v.label, f"{v.difference:+.1f}", f"{v.difference_se:.1f}",
            f"{v.prior_weight:.2f}", f"{v.stacking_weight:.2f}",
            f"{len(v.exact)} of {len(v.exact) + len(v.doubtful)}",
            "-" if v.quality.rhat is None else f"{v.quality.rhat:.3f}", v.quality.divergences,
            v.sentence,
        )
        for v in found.variants
    ]  # fmt: skip
    header = ("variant", "what is different", "log score less base", "standard error",
              "prior weight", "stacking weight", "values refitted of those above the limit of k",
              "R-hat", "divergences", "what the tables can tell")  # fmt: skip
    return table(header, rows)


def studies(found: Comparison) -> str:
    """What the other studies predict for each study."""
    rows = [_study(s) for s in found.studies]
    header = ("study left out", "values", "inside 50 %", "inside 90 %",
              "log score per value without it", "with it", "tail probability", "surprises", "why",
              "what moves without it (posterior sd)")  # fmt: skip
    return table(header, rows)


def _study(s: StudyResult) -> tuple[object, ...]:
    inside = (f"{n / s.values:.0%}" for n in (s.inside50, s.inside90))
    scores = (f"{x / s.values:.2f}" for x in (s.score, s.score_with))
    surprising = "**yes**" if s.surprising else "no"
    return (f"`{s.study}`", s.values, *inside, *scores, f"{s.tail:.2f}", surprising, s.why,
            _moved(s))  # fmt: skip


def _moved(study: StudyResult) -> str:
    return "; ".join(f"`{k}` {v:+.1f}" for k, v in study.moved) or "-"


def coverage(found: Comparison) -> str:
    """Values inside their intervals over all studies."""
    total = sum(s.values for s in found.studies)
    half, wide = (sum(getattr(s, n) for s in found.studies) for n in ("inside50", "inside90"))
    return (
        f"{half} of {total} left-out values lie inside their 50 % interval ({half / total:.0%}), "
        f"{wide} inside their 90 % interval ({wide / total:.0%})."
    )


def answers(found: Comparison) -> str:
    """Named answers, averaged, and how far single fits move them."""
    rows = [
        (
            f"`{a.name}`", _span(a.variants["base"]), _span(a.by_prior), _span(a.by_stacking),
            _span(a.prior), _range(a.variants.values()), _range(a.left_out.values()), a.sentence,
        )
        for a in found.answers
    ]  # fmt: skip
    header = ("answer", "base", "average by prior weights", "average by stacking", "prior",
              "medians over variants", "medians with one study left out", "in words")  # fmt: skip
    return table(header, rows)


def _span(values: Summary | None) -> str:
    if values is None:
        return "-"
    return f"{values.median:.3g} ({values.lo90:.3g} to {values.hi90:.3g})"


def _range(values: Iterable[Summary]) -> str:
    medians = [v.median for v in values]
    return f"{min(medians):.3g} to {max(medians):.3g}" if medians else "-"


def effort(found: Comparison) -> str:
    """Number of fits and their time."""
    plan = found.plan
    parts = [v.quality for v in found.variants[1:]] + [s.quality for s in found.studies]
    chains, seconds = sum(q.chains for q in parts), sum(q.seconds for q in parts)
    rows = sum(len(v.exact) for v in found.variants)
    return (
        f"{chains} chains for variants and left-out studies, each of {plan['tune']} + "
        f"{plan['draws']} iterations, and {rows} short ones for single values, all from one "
        f"compilation. Sampling of the chains of variants and studies took {seconds / 60:.0f} "
        f"minutes summed over chains; the whole command {found.seconds / 60:.1f} minutes on "
        f"{found.cores} cores. {_again(found)}"
    )


def _again(found: Comparison) -> str:
    """Which fits needed a second try."""
    parts = [(v.name, v.quality) for v in found.variants]
    parts += [(f"without {s.study}", s.quality) for s in found.studies]
    names = [name for name, quality in parts if quality.tries > 1]
    if not names:
        return "No variant and no study needed a second try."
    return f"A second try, with smaller steps, was needed by: {', '.join(names)}."


def doubts(found: Comparison) -> str:
    """What keeps the comparison from being trusted, if anything does."""
    if not found.reasons:
        return "Every fit that has a part in an average was made, and its chains agree."
    return "\n".join(["Not to be trusted yet:", "", *(f"- {r}" for r in found.reasons)])


def page(found: Comparison) -> str:
    """The whole page."""
    parts = {
        "variants": variants(found), "studies": studies(found), "coverage": coverage(found),
        "answers": answers(found), "effort": effort(found), "doubts": doubts(found),
    }  # fmt: skip
    text = TEXT.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace("{" + name + "}", part)
    return text


if __name__ == "__main__":
    result = read_comparison(load_run(sys.argv[1]))
    if result is None:
        sys.exit(f"{sys.argv[1]} holds no comparison of its posterior: metinfer compare first")
    PAGE.write_text(page(result), encoding="utf-8")
