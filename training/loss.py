"""What training minimises: cross-entropy and overlap, outlines first.

Must not know: files, networks.
Complication: ignored pixels leave every sum, so that a picture may teach
with the part of it that is labelled.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

OUTLINE_WEIGHT = 3.0        # added to a pixel's weight at the outline
OUTLINE_REACH = 1 / 64      # of the picture's side, half width of the band
OVERLAP_WEIGHT = 0.6        # of the overlap term against cross-entropy
OVERLAP_FLOOR = 0.003       # of the picture; smaller people weigh less
TRUSTED_OVERLAP = 0.8       # with truth, for an answer where truth is open


def outline_weight(truth: Tensor) -> Tensor:
    """1 far from outlines, 1 + OUTLINE_WEIGHT on them; [n, 1, h, w]."""
    side = (truth.shape[2] * truth.shape[3]) ** 0.5
    reach = max(1, round(side * OUTLINE_REACH))
    mean = F.avg_pool2d(truth, 2 * reach + 1, 1, reach,
                        count_include_pad=False)
    return 1 + OUTLINE_WEIGHT * 4 * mean * (1 - mean)


def follow(truth: Tensor, counts: Tensor, answer: Tensor, share: float
           ) -> tuple[Tensor, Tensor]:
    """Truth and what counts, with an answer of older weights brought in.

    Where it is right, the truth moves towards it by `share`; where the
    truth is open (ignored pixels), it is taken whole, in samples that it
    has right elsewhere. Samples without people stay as they are. So the
    new weights keep outlines and kinds of pictures that the old ones knew
    and this training set knows less well.
    """
    assert truth.shape == answer.shape and 0 <= share <= 1
    found, true = answer > 0.5, truth > 0.5
    peopled = truth.amax((1, 2, 3), keepdim=True) > 0.5
    sure = counts > 0.5
    both = (found & true & sure).sum((1, 2, 3), keepdim=True)
    either = ((found | true) & sure).sum((1, 2, 3), keepdim=True)
    opens = ~sure & peopled & (both > TRUSTED_OVERLAP * either)
    moved = truth.lerp(answer, share)
    truth = torch.where((found == true) & peopled, moved, truth)
    return (torch.where(opens, answer, truth),
            torch.where(opens, torch.ones_like(counts), counts))


def loss(logit: Tensor, truth: Tensor, counts: Tensor) -> Tensor:
    """A number; all arguments [n, 1, h, w], truth and counts in 0..1."""
    assert logit.shape == truth.shape == counts.shape
    weight = outline_weight(truth) * counts
    entropy = F.binary_cross_entropy_with_logits(logit, truth,
                                                 reduction="none")
    entropy = (entropy * weight).sum() / weight.sum().clamp(min=1)
    p = torch.sigmoid(logit) * counts
    t = truth * counts
    floor = OVERLAP_FLOOR * truth.shape[2] * truth.shape[3]
    both = (p * t).sum((1, 2, 3))
    either = p.sum((1, 2, 3)) + t.sum((1, 2, 3))
    overlap = 1 - (2 * both + floor) / (either + floor)
    return entropy + OVERLAP_WEIGHT * overlap.mean()
