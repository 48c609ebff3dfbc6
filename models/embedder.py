"""Pictures and sentences as vectors, by any model that open_clip can load from a folder."""

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from models import shelf
from models.torchvision_shim import make_importable
from photolib.ports import Seen

BATCH = 8  # larger ones are no quicker on a processor
CLASSES = "classes.safetensors"  # beside the weights: a head that names classes from what the image tower sees
MOST_CLASSES = 20

Source = TypeVar("Source")


class CannotLoad(Exception):
    """The files of a model are missing, damaged or too large for the memory. Its text completes "... because"."""


class OpenClipEmbedder:
    """Satisfies ports.Embedder. Loaded by load(); threads may share it."""

    def __init__(self, name: str, folder: Path, threads: int) -> None:
        self.name = name
        self.folder = folder
        self.dimensions = 0
        self.is_loaded = False
        self._threads = threads
        self._loading = threading.Lock()
        self._readers = ThreadPoolExecutor(max(2, threads), thread_name_prefix="read")

    def load(self) -> None:
        """Load the model, once. Raises CannotLoad."""
        with self._loading:
            if not self.is_loaded:
                with _explained():
                    self._load()
                self.is_loaded = True

    def images(self, images: Sequence[np.ndarray]) -> list[Seen]:
        return self.see(images, lambda image: image)

    def see(self, sources: Sequence[Source], read: Callable[[Source], np.ndarray]) -> list[Seen]:
        """images() of what `read` makes of each source; read in threads that are ahead of the model by two batches."""
        self.load()
        found: list[Seen] = []
        ahead: deque[Future[Any]] = deque()
        waiting = iter(sources)

        def read_ahead() -> None:
            while len(ahead) < 3 * BATCH and (source := next(waiting, None)) is not None:
                ahead.append(self._readers.submit(lambda it: self._prepare(read(it)), source))

        try:
            read_ahead()
            while ahead:
                batch = [ahead.popleft().result() for _ in range(min(BATCH, len(ahead)))]
                read_ahead()
                found += self._run(batch)
        finally:
            for each in ahead:
                each.cancel()
        return found

    def text(self, sentences: Sequence[str]) -> np.ndarray:
        import torch

        self.load()
        vectors = []
        # A sentence is too little work to share: threads would mostly wait for each other.
        torch.set_num_threads(self._threads if len(sentences) >= BATCH else 1)
        with torch.inference_mode():
            for start in range(0, len(sentences), 4 * BATCH):
                tokens = self._tokenizer(list(sentences[start : start + 4 * BATCH]))
                if (
                    self._padding is not None
                ):  # such a tower masks the padding: it changes nothing and costs as much as words
                    tokens = tokens[:, : max(1, int((tokens != self._padding).sum(1).max()))]
                encoded = self._model.encode_text(tokens.to(self._device), normalize=True)
                vectors.append(encoded.float().cpu().numpy())
        return np.concatenate(vectors) if vectors else np.empty((0, self.dimensions), np.float32)

    def _load(self) -> None:
        make_importable()
        import open_clip
        import torch

        if wrong := shelf.differing(self.folder):
            raise CannotLoad(f"{wrong[0]} is not the file it was when the model came")
        settings = json.loads((self.folder / shelf.CONFIG).read_text(encoding="utf-8"))
        text = dict(settings["model_cfg"]["text_cfg"])
        options = {}
        if text.get("hf_model_name"):  # its settings lie in the folder, wherever that is; its weights are part of ours
            options["text_cfg"] = {**text, "hf_model_name": str(self.folder), "hf_model_pretrained": False}
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        model, _, self._transform = open_clip.create_model_and_transforms(
            f"local-dir:{self.folder}", precision=precision(self._device), device=self._device, **options
        )
        self._tokenizer = open_clip.get_tokenizer(f"local-dir:{self.folder}")
        self._padding = model.text.config.pad_token_id if text.get("hf_model_name") else None
        self._model = model.eval().requires_grad_(False)
        self._dtype = next(model.visual.parameters()).dtype
        self._head = self._load_head()
        self.dimensions = settings["model_cfg"]["embed_dim"]

    def _load_head(self) -> Any:
        """The classifier beside the weights: (weight, bias, temperature, classes), or None."""
        if not (self.folder / CLASSES).is_file():
            return None
        from safetensors import safe_open

        with safe_open(self.folder / CLASSES, "pt", device=self._device) as file:
            said = file.metadata()
            weight, bias = (file.get_tensor(name).to(self._dtype) for name in ("weight", "bias"))
        return weight, bias, float(said["temperature"]), said["classes"].split()

    def _prepare(self, image: np.ndarray) -> Any:
        return self._transform(Image.fromarray(image))

    def _run(self, batch: list[Any]) -> list[Seen]:
        import torch

        torch.set_num_threads(self._threads)  # counts for this thread
        with torch.inference_mode():
            images = torch.stack(batch).to(self._device, self._dtype)
            scheme = "vocabulary" if self._head is None else "imagenet"
            ranked: list[list[tuple[str, float]]] = [[] for _ in batch]
            if self._head is None:
                vectors = self._model.encode_image(images)
            else:
                features = self._model.visual.trunk(images)
                vectors, ranked = self._model.visual.head(features), self._rank(features)
            unit = torch.nn.functional.normalize(vectors.float(), dim=-1).cpu().numpy()
        return [Seen(vector, scheme, classes) for vector, classes in zip(unit, ranked, strict=True)]

    def _rank(self, features: Any) -> list[list[tuple[str, float]]]:
        import torch

        weight, bias, temperature, classes = self._head
        scores = torch.nn.functional.linear(features, weight, bias).float() / temperature
        best = scores.softmax(-1).topk(min(MOST_CLASSES, len(classes)))
        return [
            [(classes[number], probability) for number, probability in zip(numbers, probabilities, strict=True)]
            for numbers, probabilities in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]


def precision(device: str) -> str:
    """16-bit weights where the processor multiplies them itself: three to four times as fast, cosine to 32 bits 0.9999."""
    import torch

    if device == "cuda":
        return "fp16"
    return "bf16" if torch.ops.mkldnn._is_mkldnn_bf16_supported() and _has_bf16() else "fp32"


def _has_bf16() -> bool:
    """torch also says yes to processors that only imitate it, slowly."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            return any("bf16" in line for line in file if line.startswith(("flags", "Features")))
    except OSError:
        return False


@contextmanager
def _explained() -> Iterator[None]:
    """What a library raises about a model's files, as CannotLoad."""
    from safetensors import SafetensorError

    try:
        yield
    except MemoryError as problem:
        raise CannotLoad("there is not enough memory for it") from problem
    except ImportError as problem:
        raise CannotLoad(f"a package is missing ({problem.name or problem})") from problem
    except FileNotFoundError as problem:
        raise CannotLoad(f"{os.path.basename(problem.filename or 'a file')} is missing") from problem
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AssertionError, SafetensorError) as problem:
        if "allocate memory" in str(problem) or "out of memory" in str(problem):
            raise CannotLoad("there is not enough memory for it") from problem
        raise CannotLoad(
            f"its files cannot be understood ({type(problem).__name__}: {str(problem)[:200]})"
        ) from problem
