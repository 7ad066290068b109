"""Do teachers help a head? Heads that differ only in their seed, their averages, and heads taught by them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from mobileiqa_bench.evaluation.agreement import plcc, srcc
from mobileiqa_export.student.moments import MomentViews

from .arrays import Features, Floats
from .head import HeadSettings, bootstrap_weights, train_head
from .partition import Partition

SHARES = (0.5, 1.0)
"""Shares of the teachers' opinions in what the students learn; the rest is MOS."""


@dataclass(frozen=True)
class TeachingResult:
    """One row of the table, on the validation photos.

    Attributes:
        title: what was trained or averaged.
        srcc, plcc: means over runs.
        runs: SRCC of each run; runs differ only in their seed.
    """

    title: str
    srcc: float
    plcc: float
    runs: tuple[float, ...]


@dataclass(frozen=True)
class TeachingData:
    """Everything that the heads of one study share.

    Attributes:
        plain, mirrored: features [N, F] of the photos and of their mirror images.
        mos: [N] in 0..1.
        part: which photos train the weights and which validate; the same for every seed.
        settings: of every head, except for the seed.
    """

    plain: Features
    mirrored: Features
    mos: Floats
    part: Partition
    settings: HeadSettings

    def train(self, seed: int, mos: Floats | None = None, start: MomentViews | None = None) -> MomentViews:
        """Trains a head.

        Args:
            seed: of the weights, the resamples and the order of photos.
            mos: other opinions [N] to learn from, or None. The validation photos keep what people said,
                because they choose the epoch.
            start: head to continue from, or None.
        """
        target = self.mos.copy()
        if mos is not None:
            target[self.part.learn] = mos[self.part.learn]
        settings = replace(self.settings, seed=seed)
        return train_head(self.plain, self.mirrored, target, self.part, settings, start=start).head

    def result(self, title: str, runs: Sequence[Floats]) -> TeachingResult:
        """Returns the figures of runs, each given by its scores of the validation photos."""
        mos = self.mos[self.part.validate]
        run_srcc = tuple(srcc(scores, mos) for scores in runs)
        run_plcc = [plcc(scores, mos) for scores in runs]
        return TeachingResult(title, float(np.mean(run_srcc)), float(np.mean(run_plcc)), run_srcc)

    def scores(self, head: MomentViews) -> Floats:
        """Returns a head's scores of the validation photos."""
        mean: Floats = opinions(head, self.plain[self.part.validate]).mean(axis=1)
        return mean

    def teachers_opinion(self, heads: Sequence[MomentViews], seeds: Sequence[int], *, unseen: bool) -> Floats:
        """Returns the mean opinion [N] of the heads' views on both orientations of every photo.

        Args:
            heads: the teachers.
            seeds: the heads' seeds, which decided their resamples.
            unseen: for a training photo, counts only the views whose resample lacks it: a view that
                learned the photo by heart just repeats its MOS. A photo that every view learned from
                keeps its MOS.
        """
        learned = np.zeros((len(self.mos), len(heads), heads[0].views), bool)
        if unseen:
            count = len(self.part.learn)
            resamples = [
                bootstrap_weights(count, head.views, seed) for head, seed in zip(heads, seeds, strict=True)
            ]
            learned[self.part.learn] = torch.stack(resamples, dim=1).numpy() > 0
        both = [(opinions(head, self.plain) + opinions(head, self.mirrored)) / 2 for head in heads]
        count_unseen = (~learned).sum((1, 2))
        total = (np.stack(both, axis=1) * ~learned).sum((1, 2))
        mean: Floats = np.where(count_unseen > 0, total / np.maximum(count_unseen, 1), self.mos).astype(
            np.float32
        )
        return mean


def study(data: TeachingData, teachers: int, students: int) -> Iterator[TeachingResult]:
    """Trains teachers and students and yields a row for each question.

    Args:
        data: what they all share.
        teachers: how many heads to train, with the seeds 0, 1, ...
        students: how many heads learn from them, with the first of the same seeds.
    """
    seeds = range(teachers)
    heads = [data.train(seed) for seed in seeds]
    scores = [data.scores(head) for head in heads]
    yield data.result(f"{teachers} heads alone", scores)
    yield data.result(f"the first {students} of them", scores[:students])
    yield data.result(f"the mean of {teachers} heads' opinions", [np.mean(scores, axis=0)])
    yield data.result("their soup", [data.scores(averaged(heads))])
    yield from _trained_further(data, heads[0], seeds)
    by_one = data.teachers_opinion(heads[-1:], seeds[-1:], unseen=False)
    by_mean = data.teachers_opinion(heads, seeds, unseen=False)
    by_unseen = data.teachers_opinion(heads, seeds, unseen=True)
    yield from _taught(data, "taught by one head", by_one, seeds[:students], SHARES[:1])
    yield from _taught(data, "taught by the mean", by_mean, seeds[:students], SHARES)
    title = "taught by views that had not seen the photo"
    yield from _taught(data, title, by_unseen, seeds[:students], SHARES)


def _trained_further(data: TeachingData, head: MomentViews, seeds: Sequence[int]) -> Iterator[TeachingResult]:
    """Yields figures of a head trained on with several seeds, a quarter of the epochs at a quarter of the
    rate.
    """
    settings = data.settings
    gentle = replace(settings, epochs=max(settings.epochs // 4, 1), rate=settings.rate / 4)
    heads = [replace(data, settings=gentle).train(seed, start=head) for seed in seeds]
    yield data.result("the first head, trained further", [data.scores(head) for head in heads])
    yield data.result("the soup of these", [data.scores(averaged(heads))])


def _taught(
    data: TeachingData, title: str, opinion: Floats, seeds: Sequence[int], shares: Sequence[float]
) -> Iterator[TeachingResult]:
    """Yields figures of heads that learn from MOS mixed with the teachers' opinion, for each share of it."""
    for share in shares:
        mixed = (1 - share) * data.mos + share * opinion
        runs = [data.scores(data.train(seed, mixed)) for seed in seeds]
        yield data.result(f"{title}, share {share:g}", runs)


def averaged(heads: Sequence[MomentViews]) -> MomentViews:
    """Returns a head with the mean of these heads' weights."""
    states = [head.state_dict() for head in heads]
    soup = copy.deepcopy(heads[0])
    soup.load_state_dict({key: torch.stack([state[key] for state in states]).mean(0) for key in states[0]})
    return soup


@torch.inference_mode()
def opinions(head: MomentViews, features: Features) -> Floats:
    """Returns every view's opinion, [photos, views]."""
    result: Floats = head(torch.from_numpy(features)).numpy()
    return result
