"""Regression trees, asked all at once.

One number has a bit for every leaf of every tree. Each answer "no" to "is the feature at most the threshold?" takes
away the leaves to the left of that question; the answers of one feature are taken away together, for they follow from
where its value stands among its thresholds. The first leaf that is left in each tree holds its value. (Known as
QuickScorer: Lucchese et al., 2015.)
"""

from __future__ import annotations

import json
from bisect import bisect_left
from functools import cache
from operator import getitem
from pathlib import Path


LEAVES = 8
"""Most leaves that a tree has: those of one byte."""


class Forest:
    """Trees that are each a number, or ``[feature, threshold, left, right]`` with trees at both sides."""

    def __init__(self, trees: list[list | float]):
        self.rows: list[list[float]] = []
        questions: dict[int, list[tuple[float, int]]] = {}
        for place, tree in enumerate(trees):
            leaves: list[float] = []
            self._plant(tree, leaves, questions, place * LEAVES)
            # What a byte of surviving leaves stands for: the value of the first of them.
            first = [(byte & -byte).bit_length() - 1 for byte in range(1, 1 << LEAVES)]
            self.rows.append([0.0, *(leaves[leaf] if leaf < len(leaves) else 0.0 for leaf in first)])
        self.all = (1 << LEAVES * len(trees)) - 1
        self.features: list[tuple[int, list[float], list[int]]] = []
        for feature, asked in questions.items():
            asked.sort()
            left = [self.all]
            for _threshold, taken in asked:
                left.append(left[-1] & ~taken)
            self.features.append((feature, [threshold for threshold, _taken in asked], left))

    def _plant(self, tree: list | float, leaves: list[float], questions: dict, shift: int) -> None:
        if not isinstance(tree, list):
            leaves.append(tree)
            return
        feature, threshold, left, right = tree
        begin = len(leaves)
        self._plant(left, leaves, questions, shift)
        taken = sum(1 << shift + leaf for leaf in range(begin, len(leaves)))
        questions.setdefault(feature, []).append((threshold, taken))
        self._plant(right, leaves, questions, shift)

    def __call__(self, values: list[float]) -> float:
        """The sum of the trees."""
        left = self.all
        for feature, thresholds, masks in self.features:
            left &= masks[bisect_left(thresholds, values[feature])]
        return sum(map(getitem, self.rows, left.to_bytes(len(self.rows), "little")))


@cache
def ranking() -> Forest:
    """The trees of ``ranking.json``, read when first needed."""
    return Forest(json.loads(Path(__file__).with_name("ranking.json").read_text())["trees"])
