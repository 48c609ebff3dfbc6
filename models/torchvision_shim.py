"""Lets torchvision be imported beside a CPU build of torch.

torchvision's compiled part may want CUDA libraries that a CPU build of torch has not; then its first import fails, and with it
open_clip and timm, although neither uses what that part does. Call before the first import of any of the three.
"""

import sys

_MISSING = "operator torchvision::nms does not exist"
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[object] = []  # torch forgets what is declared when this goes


def make_importable() -> None:
    """Import torchvision, declaring the operators it misses. Does nothing to a build that fits."""
    try:
        import torchvision
    except RuntimeError as problem:
        if str(problem) != _MISSING:
            raise
    else:
        assert torchvision
        return
    import torch

    for name in [each for each in sys.modules if each.partition(".")[0] == "torchvision"]:
        del sys.modules[name]  # half imported
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in _SCHEMAS:
        library.define(schema)
    _declared.append(library)
    import torchvision

    assert torchvision
