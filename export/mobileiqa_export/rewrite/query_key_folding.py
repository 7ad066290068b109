"""Folds the matrices of queries and keys into one."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..blocks.attention import TokenAttention
from ..blocks.config import NetworkConfig
from .modules import replace_all
from .pipeline import PassResult


class FoldedTokenAttention(TokenAttention):
    """A :class:`TokenAttention` whose keys are its input, [B, T, D] -> the same.

    (x Wq^T + bq)(x Wk^T + bk)^T differs from x (Wq^T Wk) x^T + 1 (bq^T Wk) x^T only by terms that
    are constant along the keys, and a softmax over the keys does not see those. The scale
    1/sqrt(D) is folded in too.
    """

    def __init__(self, block: TokenAttention) -> None:
        nn.Module.__init__(self)
        self.c_v = block.c_v
        wide = torch.float64
        query, key = block.c_q.weight.detach().to(wide), block.c_k.weight.detach().to(wide)
        scale = 1 / math.sqrt(query.shape[0])
        self.c_qk = nn.Linear(query.shape[1], key.shape[1], device="meta")
        like = block.c_q.weight
        self.c_qk.weight = nn.Parameter((key.T @ query * scale).to(like))
        self.c_qk.bias = nn.Parameter((key.T @ block.c_q.bias.detach().to(wide) * scale).to(like))

    def weights(self, x: Tensor) -> Tensor:
        """Returns what :meth:`TokenAttention.weights` returns, [B, T, D] -> [B, T, T]."""
        return torch.softmax(self.c_qk(x) @ x.transpose(1, 2), dim=-1)


def fold_query_key(student: nn.Module, config: NetworkConfig) -> PassResult:
    """Folds queries and keys of every token attention in float64: a third of its weights go.

    The spatial attentions keep theirs: d/8 channels cost less than one d x d matrix.
    """
    return PassResult.of(
        student, replace_all(student, TokenAttention, FoldedTokenAttention), "token attention"
    )
