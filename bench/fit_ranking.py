"""Grow the trees of ``wagtail_syndicate/compose/ranking.json``.

Needs scikit-learn (``pip install scikit-learn``), which nothing else here does. It learns from pairs "article, teaser
by the site's own editor", one JSON object a line (see ``pairs.py``):

    python bench/fit_ranking.py PAIRS.jsonl
"""

import argparse
import json
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
SHARES = (1, 2)
"""Budgets to learn from, as multiples of the small one."""


def examples(pairs):
    """What the trees learn from: the features of every span that fits a budget, how good it is, how much it counts."""
    rows, goals, weights = [], [], []
    for pair in pairs:
        analysis = analyse(article_of(pair))
        editors = rouge.tokens(pair["summary"])
        small, _large = budgets(pair["lang"])
        for budget in (int(small * share) for share in SHARES):
            spans = ranking.fitting(analysis, len, budget)
            for first, last in spans:
                text = " ".join(sentence.text for sentence in analysis.sentences[first : last + 1])
                rows.append(ranking.features(analysis, first, last))
                goals.append(rouge.score(rouge.tokens(text), editors))
                weights.append(1 / len(spans))
    return rows, goals, weights


def grow(pairs):
    """The trees, as ``ranking.json`` holds them."""
    from sklearn.ensemble import GradientBoostingRegressor

    rows, goals, weights = examples(pairs)
    model = GradientBoostingRegressor(
        n_estimators=TREES,
        max_depth=DEPTH,
        learning_rate=0.1,
        subsample=0.5,
        min_samples_leaf=50,
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
