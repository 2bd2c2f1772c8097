"""Grow the trees of ``wagtail_syndicate/compose/ranking.json``.

Needs scikit-learn (``pip install scikit-learn``), which nothing else here does. It learns from pairs "article, teaser
by the site's own editor", one JSON object a line (see ``pairs.py``):

    python bench/fit_ranking.py PAIRS.jsonl
"""

import argparse
import json
import statistics
import sys
from pathlib import Path


ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import rouge  # noqa: E402
from pairs import article_of, budgets, read_pairs  # noqa: E402

from wagtail_syndicate.compose import ranking  # noqa: E402
from wagtail_syndicate.compose.analysis import analyse  # noqa: E402


TREES = 80
DEPTH = 3
"""Questions from a tree's root to a leaf, so that no tree has more leaves than ``forest.LEAVES``."""
SMALL = 0.03
SCALE = 0.08
SHARES = (1, 2)
"""Budgets to learn from, as multiples of the small one."""
_known = {}  # what was made of an article, for those who leave out others again and again


def examples(pairs):
    """What the trees learn from: the features of every span that fits a budget, how much better it is than the others
    of its article, how much it counts.

    Some articles are far easier to summarise than others, which is nothing that a choice could use: so the goal is the
    distance from the mean of the article's spans, in its standard deviations (a few articles have hardly any: SMALL).
    """
    rows, goals, weights = [], [], []
    for pair in pairs:
        if pair["id"] not in _known:
            _known[pair["id"]] = examples_of(pair)
        for found, new in zip((rows, goals, weights), _known[pair["id"]], strict=True):
            found += new
    return rows, goals, weights


def examples_of(pair):
    """The same, of one article."""
    rows, goals, weights = [], [], []
    analysis = analyse(article_of(pair))
    editors = rouge.tokens(pair["summary"])
    small, _large = budgets(pair["lang"])
    for budget in (int(small * share) for share in SHARES):
        spans = ranking.fitting(analysis, len, budget)
        if not spans:
            continue
        texts = [" ".join(s.text for s in analysis.sentences[first : last + 1]) for first, last in spans]
        scores = [rouge.score(rouge.tokens(text), editors) for text in texts]
        rows += [ranking.features(analysis, first, last) for first, last in spans]
        goals += standing(scores)
        weights += [1 / len(spans)] * len(spans)
    return rows, goals, weights


def standing(scores):
    """How far each score is from the mean, about as large as a score is."""
    mean, deviation = statistics.mean(scores), statistics.pstdev(scores)
    return [SCALE * (score - mean) / (deviation + SMALL) for score in scores]


def grow(pairs):
    """The trees, as ``ranking.json`` holds them."""
    from sklearn.ensemble import GradientBoostingRegressor

    rows, goals, weights = examples(pairs)
    model = GradientBoostingRegressor(
        n_estimators=TREES,
        max_depth=DEPTH,
        learning_rate=0.1,
        subsample=0.5,
        min_samples_leaf=150,
        random_state=0,
    )
    model.fit(rows, goals, sample_weight=weights)
    return [branch(estimator[0].tree_, 0) for estimator in model.estimators_]


def branch(tree, node):
    if tree.children_left[node] < 0:
        return round(float(tree.value[node][0][0]) * 0.1, 5)
    return [
        int(tree.feature[node]),
        round(float(tree.threshold[node]), 4),
        branch(tree, tree.children_left[node]),
        branch(tree, tree.children_right[node]),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--output", type=Path, default=Path(ranking.__file__).with_suffix(".json"))
    arguments = parser.parse_args()
    trees = grow(read_pairs(arguments.pairs))
    lines = ",\n".join(json.dumps(tree, separators=(",", ":")) for tree in trees)
    arguments.output.write_text(f'{{"trees": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
