"""Do teachers help a head? Heads that differ in their seed alone, averaged, and heads taught by them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from mobileiqa_bench.evaluation.agreement import plcc, srcc
from mobileiqa_export.student.moments import MomentViews

from .arrays import Features, Floats
from .head import Settings, bootstrap_weights, train_head
from .partition import Partition

SHARES = (0.5, 1.0)


@dataclass(frozen=True)
class TeachingOutcome:
    """One row of the table, on the validation photos.

    Attributes:
        title: what was trained or averaged.
        srcc, plcc: the mean over runs.
        runs: SRCC of each run; they differ in their seed.
    """

    title: str
    srcc: float
    plcc: float
    runs: tuple[float, ...]


@dataclass(frozen=True)
class Lesson:
    """All that the heads of one study share.

    Attributes:
        plain, mirrored: features [N, F] of the photos and of their mirror images.
        mos: [N] in 0..1.
        part: who learns and who validates; the same for every seed.
        settings: of every head, but for the seed.
    """

    plain: Features
    mirrored: Features
    mos: Floats
    part: Partition
    settings: Settings

    def head(self, seed: int, mos: Floats | None = None, start: MomentViews | None = None) -> MomentViews:
        """Train one head, on other opinions [N] where given, from another head where given."""
        taught = self.mos.copy()
        if mos is not None:
            # The validation photos keep what people said: they choose the epoch.
            taught[self.part.learn] = mos[self.part.learn]
        settings = replace(self.settings, seed=seed)
        return train_head(
            self.plain, self.mirrored, taught, self.part, settings, lambda _: None, start=start
        ).head

    def judged(self, title: str, runs: Sequence[Floats]) -> TeachingOutcome:
        """Figures of runs, each with scores of the validation photos."""
        wanted = self.mos[self.part.validate]
        found = tuple(srcc(scores, wanted) for scores in runs)
        return TeachingOutcome(
            title, float(np.mean(found)), float(np.mean([plcc(run, wanted) for run in runs])), found
        )

    def scores(self, head: MomentViews) -> Floats:
        """Of the validation photos."""
        mean: Floats = opinions(head, self.plain[self.part.validate]).mean(axis=1)
        return mean

    def taught(self, heads: Sequence[MomentViews], seeds: Sequence[int], *, unseen: bool) -> Floats:
        """Mean opinion [N] of these heads' views on both orientations of every photo.

        Args:
            heads: each with views of its own.
            seeds: of the heads, which drew their resamples.
            unseen: of a photo to learn from only those views count whose resample lacks it. What
                a view has learned by heart says no more than the photo's MOS. Where every view has
                seen it, its MOS stands.
        """
        seen = np.zeros((len(self.mos), len(heads), heads[0].views), bool)
        if unseen:
            count = len(self.part.learn)
            drawn = [
                bootstrap_weights(count, head.views, seed) for head, seed in zip(heads, seeds, strict=True)
            ]
            seen[self.part.learn] = torch.stack(drawn, dim=1).numpy() > 0
        both = [(opinions(head, self.plain) + opinions(head, self.mirrored)) / 2 for head in heads]
        counted, said = (~seen).sum((1, 2)), (np.stack(both, axis=1) * ~seen).sum((1, 2))
        mean: Floats = np.where(counted > 0, said / np.maximum(counted, 1), self.mos).astype(np.float32)
        return mean


def study(
    lesson: Lesson, teachers: int, students: int, report: Callable[[TeachingOutcome], None]
) -> list[TeachingOutcome]:
    """Teachers with the seeds 0, 1, ..., their mean, their soups, and students with the first seeds again."""
    seeds = range(teachers)
    heads = [lesson.head(seed) for seed in seeds]
    alone = [lesson.scores(head) for head in heads]
    outcomes: list[TeachingOutcome] = []

    def add(title: str, runs: Sequence[Floats]) -> None:
        outcomes.append(lesson.judged(title, runs))
        report(outcomes[-1])

    def teach(title: str, opinion: Floats, shares: Sequence[float]) -> None:
        for share in shares:
            mixed = (1 - share) * lesson.mos + share * opinion
            add(
                f"{title}, share {share:g}",
                [lesson.scores(lesson.head(seed, mixed)) for seed in seeds[:students]],
            )

    add(f"{teachers} heads alone", alone)
    add(f"the first {students} of them", alone[:students])
    add(f"the mean of {teachers} heads' opinions", [np.mean(alone, axis=0)])
    add("their soup", [lesson.scores(averaged(heads))])
    gentle = replace(
        lesson.settings, epochs=max(lesson.settings.epochs // 4, 1), rate=lesson.settings.rate / 4
    )
    further = [replace(lesson, settings=gentle).head(seed, start=heads[0]) for seed in seeds]
    add("the first head, trained further", [lesson.scores(head) for head in further])
    add("the soup of these", [lesson.scores(averaged(further))])
    teach("taught by one head", lesson.taught(heads[-1:], seeds[-1:], unseen=False), SHARES[:1])
    teach("taught by the mean", lesson.taught(heads, seeds, unseen=False), SHARES)
    teach("taught by views that had not seen the photo", lesson.taught(heads, seeds, unseen=True), SHARES)
    return outcomes


def averaged(heads: Sequence[MomentViews]) -> MomentViews:
    """The mean of their weights."""
    states = [head.state_dict() for head in heads]
    soup = copy.deepcopy(heads[0])
    soup.load_state_dict({key: torch.stack([state[key] for state in states]).mean(0) for key in states[0]})
    return soup


@torch.inference_mode()
def opinions(head: MomentViews, features: Features) -> Floats:
    """Of every view, [photos, views]."""
    found: Floats = head(torch.from_numpy(features)).numpy()
    return found
