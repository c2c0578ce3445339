"""The `person` network: a light segmentation trunk, and a context encoder.

Must not know: files, pictures, losses, schedules.
Complication: both halves come from TensorFlow, whose SAME padding of a
stride-2 convolution is lopsided on even inputs; the port keeps it.

All tensors are float32 [n, channels, height, width].  The picture is RGB
in 0..1, its sides multiples of 32; the answer has one channel, the logit
of "this pixel belongs to a person", at the picture's size.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STEP = 32           # picture sides are multiples of this
TRUNK_WIDTH = 32    # channels of the trunk at stride 16


@dataclass(frozen=True)
class Shape:
    """What distinguishes one size of the network from another."""

    context: bool = True    # False: the trunk alone, the first `person`
    shrink: int = 2         # the context encoder sees the picture 1/shrink
    deep_blocks: int = 4    # blocks of the encoder's last stage, 1..4
    width: int = 96         # channels in which context and trunk are fused
    late: bool = True       # the fusion also adds to the last step's input

    def check(self) -> None:
        """Assert what the rest of this file takes for granted."""
        assert self.shrink in (1, 2)
        assert 1 <= self.deep_blocks <= 4
        assert self.width >= TRUNK_WIDTH

    def as_dict(self) -> dict[str, int | bool]:
        """Plain values, for checkpoints and for the ONNX file."""
        return asdict(self)


class SameConv(nn.Conv2d):
    """Convolution padded as TensorFlow's SAME does, for even inputs."""

    def __init__(self, ins: int, outs: int, kernel: int = 1,
                 stride: int = 1, depthwise: bool = False) -> None:
        assert not depthwise or ins == outs
        super().__init__(ins, outs, kernel, stride,
                         padding=kernel // 2 if stride == 1 else 0,
                         groups=ins if depthwise else 1)
        total = kernel - 2      # what SAME adds to an even input, stride 2
        self.pad = (total // 2, total - total // 2) * 2

    def forward(self, x: Tensor) -> Tensor:
        if self.stride[0] == 2:
            x = F.pad(x, self.pad)
        return super().forward(x)


def squeeze(x: Tensor) -> Tensor:
    """Mean over the picture: [n, c, h, w] -> [n, c, 1, 1]."""
    return x.mean((2, 3), keepdim=True)


def double(x: Tensor) -> Tensor:
    """Twice the height and width, bilinear."""
    return F.interpolate(x, scale_factor=2, mode="bilinear",
                         align_corners=False)


class Gate(nn.Module):
    """Squeeze and excite: one factor in 0..1 a channel."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.down = SameConv(channels, hidden)
        self.up = SameConv(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.up(F.relu(self.down(squeeze(x)))))


class TrunkBlock(nn.Module):
    """Inverted residual of MobileNetV3; `hidden_gate` 0: without gate."""

    def __init__(self, ins: int, wide: int, outs: int, kernel: int,
                 stride: int, hidden_gate: int, hard: bool) -> None:
        super().__init__()
        self.expand = SameConv(ins, wide)
        self.spread = SameConv(wide, wide, kernel, stride, depthwise=True)
        self.gate = Gate(wide, hidden_gate) if hidden_gate else None
        self.project = SameConv(wide, outs)
        self.act = F.hardswish if hard else F.relu
        self.residual = stride == 1 and ins == outs

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.spread(self.act(self.expand(x))))
        if self.gate is not None:
            y = y * self.gate(y)
        y = self.project(y)
        return x + y if self.residual else y


class Dilated(nn.Module):
    """Residual block with a wide view, added by us at stride 16."""

    def __init__(self, channels: int, wide: int, dilation: int) -> None:
        super().__init__()
        self.a = nn.Conv2d(channels, wide, 1)
        self.b = nn.Conv2d(wide, wide, 5, 1, 2 * dilation, dilation, wide)
        self.c = nn.Conv2d(wide, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.hardswish(self.b(F.hardswish(self.a(x))))
        return x + self.c(y)


class Join(nn.Module):
    """A decoder step: brings the coarse answer to the skip's stride."""

    def __init__(self, coarse: int, skip: int) -> None:
        super().__init__()
        self.reduce = SameConv(coarse, skip)
        self.gate = Gate(skip, skip)
        self.mix = SameConv(skip, skip)
        self.spread = SameConv(skip, skip, 3, depthwise=True)

    def forward(self, coarse: Tensor, skip: Tensor,
                hint: Tensor | None = None) -> Tensor:
        x = self.reduce(double(coarse))
        if hint is not None:
            x = x + hint
        x = skip * self.gate(skip + x) + x
        x = F.relu(self.mix(x))
        return x + F.relu(self.spread(x))


class ContextBlock(nn.Module):
    """Inverted residual of EfficientNet-lite: relu6, no gate."""

    def __init__(self, ins: int, wide: int, outs: int, kernel: int,
                 stride: int) -> None:
        super().__init__()
        self.expand = nn.Conv2d(ins, wide, 1)
        self.spread = nn.Conv2d(wide, wide, kernel, stride, kernel // 2,
                                groups=wide)
        self.project = nn.Conv2d(wide, outs, 1)
        self.residual = stride == 1 and ins == outs

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self.spread(F.relu6(self.expand(x))))
        y = self.project(y)
        return x + y if self.residual else y


class Context(nn.Module):
    """Encoder of MediaPipe's pose detector: strides 8, 16 and 32.

    It learnt to find people in whole scenes, so that it tells what is
    like a person from what is one; the trunk knows outlines.
    """

    WIDTHS = (40, 112, 192)     # channels at strides 8, 16, 32

    def __init__(self, shrink: int, deep_blocks: int) -> None:
        super().__init__()
        # Halving the picture is part of the first convolution: as a layer
        # of its own it would cost as much as the whole stage.
        self.stem = nn.Conv2d(3, 24, 6, 4, 2) if shrink == 2 else (
            nn.Conv2d(3, 24, 3, 2, 1))
        self.spread = nn.Conv2d(24, 24, 3, 1, 1, groups=24)
        self.project = nn.Conv2d(24, 16, 1)
        block = ContextBlock
        self.fine = nn.Sequential(
            block(16, 64, 24, 3, 2), block(24, 144, 24, 3, 1),
            block(24, 144, 40, 5, 2), block(40, 240, 40, 5, 1))
        self.middle = nn.Sequential(
            block(40, 240, 80, 3, 2), block(80, 480, 80, 3, 1),
            block(80, 480, 80, 3, 1), block(80, 480, 112, 5, 1),
            block(112, 672, 112, 5, 1), block(112, 672, 112, 5, 1))
        self.deep = nn.Sequential(
            block(112, 672, 192, 5, 2),
            *(block(192, 1152, 192, 5, 1) for _ in range(deep_blocks - 1)))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = F.relu6(self.stem(x))
        x = self.project(F.relu6(self.spread(x)))
        fine = self.fine(x)
        middle = self.middle(fine)
        return fine, middle, self.deep(middle)


def zeroed(ins: int, outs: int) -> nn.Conv2d:
    """1x1 convolution that adds nothing before it is trained."""
    layer = nn.Conv2d(ins, outs, 1)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def fit(x: Tensor, like: Tensor) -> Tensor:
    """`x`, doubled, cut to the height and width of `like`."""
    return double(x)[:, :, :like.shape[2], :like.shape[3]]


class Fusion(nn.Module):
    """Context and trunk, brought together at the picture's stride 16."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        w = shape.width
        self.shrink, self.late = shape.shrink, shape.late
        self.deep = nn.Conv2d(Context.WIDTHS[2], w, 1)
        self.middle = nn.Conv2d(Context.WIDTHS[1], w, 1)
        self.settle = nn.Conv2d(w, w, 3, 1, 1, groups=w)
        self.fine = nn.Conv2d(Context.WIDTHS[0], w, 1)
        self.trunk = nn.Conv2d(TRUNK_WIDTH, w, 1)
        self.spread = nn.Conv2d(w, w, 5, 1, 2, groups=w)
        self.mix = nn.Conv2d(w, w, 1)
        self.to_trunk = zeroed(w, TRUNK_WIDTH)
        self.to_eight = zeroed(w, 24)
        self.to_wide = zeroed(w, 128)
        if shape.late:
            self.to_two = zeroed(w, 16)

    def forward(self, trunk: Tensor, scales: tuple[Tensor, Tensor, Tensor]
                ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Addends: trunk's end, `wide`, stride-8 join, last step."""
        fine, middle, deep = scales
        x = self.middle(middle) + fit(self.deep(deep), middle)
        x = F.hardswish(x)
        x = x + self.settle(x)
        if self.shrink == 2:    # fine is at the picture's stride 16
            x = fit(x, fine)
        else:                   # middle is
            fine = F.avg_pool2d(fine, 2)
        x = F.hardswish(x + self.fine(fine) + self.trunk(trunk))
        x = x + F.hardswish(self.mix(F.hardswish(self.spread(x))))
        two = None
        if self.late:   # a short way to the answer, and so a quick one
            two = F.interpolate(self.to_two(x), scale_factor=8,
                                mode="bilinear", align_corners=False)
        return (self.to_trunk(x), self.to_wide(x),
                double(self.to_eight(x)), two)


@torch.no_grad()
def calibrate(person: "Person", x: Tensor) -> None:
    """Give the fusion's layers answers of mean 0 and deviation 1 on `x`.

    The encoder's channels differ a hundredfold in size; without this the
    fusion learns so slowly that the trunk adapts in its stead, and the
    context stays unused (measured: 3,000 steps, no effect at all).
    Nothing changes in what the network answers while the last layers of
    the fusion are still zero.
    """
    fusion = person.fusion
    for layer in (fusion.deep, fusion.middle, fusion.settle, fusion.fine,
                  fusion.trunk, fusion.spread, fusion.mix):
        seen: list[Tensor] = []
        hook = layer.register_forward_hook(
            lambda _layer, _given, answer: seen.append(answer))
        person(x)
        hook.remove()
        mean = seen[0].mean((0, 2, 3))
        deviation = seen[0].std((0, 2, 3)).clamp(min=1e-3)
        layer.weight.div_(deviation[:, None, None, None])
        layer.bias.sub_(mean).div_(deviation)


class Person(nn.Module):
    """RGB picture in 0..1 -> logit of "person", one a pixel."""

    def __init__(self, shape: Shape = Shape()) -> None:
        shape.check()
        super().__init__()
        self.shape = shape
        block = TrunkBlock
        self.stem = SameConv(3, 16, 3, 2)
        self.four = block(16, 16, 16, 3, 2, 8, False)
        self.eight = nn.Sequential(block(16, 72, 24, 3, 2, 0, False),
                                   block(24, 88, 24, 3, 1, 0, False))
        self.sixteen = nn.Sequential(
            block(24, 96, 32, 5, 2, 24, True),
            block(32, 128, 32, 5, 1, 32, True),
            block(32, 128, 32, 5, 1, 32, True),
            block(32, 96, 32, 5, 1, 24, True),
            block(32, 96, 32, 5, 1, 24, True),
            Dilated(32, 128, 2), Dilated(32, 128, 3))
        self.wide = SameConv(32, 128)
        self.wide_gate = SameConv(32, 128)
        self.join8, self.join4 = Join(128, 24), Join(24, 16)
        self.join2 = Join(16, 16)
        self.answer = nn.ConvTranspose2d(16, 1, 2, 2)
        if shape.context:
            self.context = Context(shape.shrink, shape.deep_blocks)
            self.fusion = Fusion(shape)

    def forward(self, x: Tensor) -> Tensor:
        if not torch.jit.is_tracing():  # sizes are free when exported
            assert x.shape[2] % STEP == 0 and x.shape[3] % STEP == 0
        two = F.hardswish(self.stem(x))
        four = self.four(two)
        eight = self.eight(four)
        deep = self.sixteen(eight)
        hint = last = None
        if self.shape.context:
            more, wide, hint, last = self.fusion(deep, self.context(x))
            deep = deep + more
            y = F.relu(self.wide(deep) + wide)
        else:
            y = F.relu(self.wide(deep))
        y = y * torch.sigmoid(self.wide_gate(squeeze(deep)))
        y = self.join8(y, eight, hint)
        y = self.join2(self.join4(y, four), two)
        return self.answer(y if last is None else y + last)


class Probability(nn.Module):
    """The network as it is exported: sigmoid on the logit."""

    def __init__(self, person: Person) -> None:
        super().__init__()
        self.person = person

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.person(x))
