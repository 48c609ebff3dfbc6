"""Pictures and sentences as vectors, by any model that open_clip can load from a folder."""

import contextlib
import hashlib
import io
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from PIL import Image

from models import shelf
from models.torchvision_shim import make_importable
from photolib.ports import Seen

BATCH = 8  # larger ones are no quicker on a processor
# Batches at a time, each with its share of the threads. A batch alone keeps two cores busy for 1.3 to 1.5 of them: a layer ends
# when the slower thread has, and what lies between layers is done by one.
LANES = 2
CLASSES = "classes.safetensors"  # beside the weights: a head that names classes from what the image tower sees
MOST_CLASSES = 20

Source = TypeVar("Source")


class CannotLoad(Exception):
    """The files of a model are missing, damaged or too large for the memory. Its text completes "... because"."""


class _Head(NamedTuple):
    """A classifier on what the image tower sees, and the way from its classes to vectors (see builtin.py).

    weight (classes, features) and bias: torch tensors. onto: (dimensions, classes). softness: of the softmax that goes into it.
    """

    weight: Any
    bias: Any
    onto: np.ndarray
    softness: float
    classes: list[str]


class OpenClipEmbedder:
    """Satisfies ports.Embedder. Loaded by load(); threads may share it.

    precision: of the weights, as open_clip names it; None for the quickest here.
    """

    def __init__(self, name: str, folder: Path, threads: int, precision: str | None = None) -> None:
        self.name = name
        self.folder = folder
        self.dimensions = 0
        self.is_loaded = False
        self._threads = threads
        self._precision = precision
        self._loading, self._naming = threading.Lock(), threading.Lock()
        self._readers = ThreadPoolExecutor(max(2, threads), "read", _alone)
        self._lanes = ThreadPoolExecutor(min(LANES, threads), "lane")

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
        """images() of what `read` makes of each source; read by threads of their own while the model is at work."""
        self.load()
        lanes = max(1, min(LANES, self._threads, len(sources)))
        size = max(1, min(BATCH, -(-len(sources) // lanes)))
        batches = [sources[start : start + size] for start in range(0, len(sources), size)]
        running = [self._lanes.submit(self._see_batch, batch, read, self._threads // lanes) for batch in batches]
        try:
            return [seen for each in running for seen in each.result()]
        finally:
            for each in running:
                each.cancel()

    def _see_batch(self, sources: Sequence[Source], read: Callable[[Source], np.ndarray], threads: int) -> list[Seen]:
        return self._run(list(self._readers.map(lambda it: self._prepare(read(it)), sources)), threads)

    def text(self, sentences: Sequence[str]) -> np.ndarray:
        self.load()
        return self._encode(sentences)

    def _encode(self, sentences: Sequence[str]) -> np.ndarray:
        import torch

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
                vectors.append(_unit(self._model.encode_text(tokens.to(self._device))))
        return np.concatenate(vectors) if vectors else np.empty((0, self.dimensions), np.float32)

    def _load(self) -> None:
        if missing := shelf.missing(self.folder):  # open_clip would go on with random numbers
            raise CannotLoad(f"{missing} is missing")
        if wrong := shelf.differing(self.folder):
            raise CannotLoad(f"{wrong[0]} is not the file it was when the model came")
        make_importable()
        import open_clip
        import torch

        settings = json.loads((self.folder / shelf.CONFIG).read_text(encoding="utf-8"))
        text = dict(settings["model_cfg"]["text_cfg"])
        options = {}
        if text.get("hf_model_name"):  # its settings lie in the folder, wherever that is; its weights are part of ours
            options["text_cfg"] = {**text, "hf_model_name": str(self.folder), "hf_model_pretrained": False}
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        kind = self._precision or best_precision(self._device)
        model, _, self._transform = open_clip.create_model_and_transforms(
            f"local-dir:{self.folder}", precision=kind, device=self._device, **options
        )
        self._tokenizer = open_clip.get_tokenizer(f"local-dir:{self.folder}")
        self._padding = model.text.config.pad_token_id if text.get("hf_model_name") else None
        self._model = model.eval().requires_grad_(False)
        self._model.visual.to(
            memory_format=torch.channels_last
        )  # convolutions in this order take two thirds of the time
        self._dtype = open_clip.get_input_dtype(kind) or torch.float32
        self._head = self._load_head()
        self._vocabulary: tuple[list[str], np.ndarray] | None = None
        self.dimensions = settings["model_cfg"]["embed_dim"]

    def _load_head(self) -> "_Head | None":
        if not (self.folder / CLASSES).is_file():
            return None
        from safetensors import safe_open

        with safe_open(self.folder / CLASSES, "pt", device=self._device) as file:
            said = file.metadata()
            weight, bias = (file.get_tensor(name).to(self._dtype) for name in ("weight", "bias"))
            return _Head(
                weight, bias, file.get_tensor("onto").cpu().numpy(), float(said["softness"]), said["classes"].split()
            )

    def _prepare(self, image: np.ndarray) -> Any:
        """What the model's own transform makes of an image.

        Its first step, the resize, is done by torch's code for bytes in an eighth of Pillow's time. On 214 photos of 800 pixels four
        values in a thousand came out otherwise, nearly all of them by 1 of 255; the vectors' cosine was 0.9997 and more.
        """
        import torch
        from torchvision.transforms import Compose, Resize
        from torchvision.transforms.v2 import functional

        first, *others = self._transform.transforms
        if not isinstance(first, Resize):
            return self._transform(Image.fromarray(image))
        size = first.size if isinstance(first.size, Sequence) else [first.size]
        pixels = functional.resize(
            torch.tensor(image).permute(2, 0, 1), size, first.interpolation, first.max_size, antialias=True
        )
        return Compose(others)(functional.to_dtype(pixels, torch.float32, scale=True))

    def _run(self, batch: list[Any], threads: int) -> list[Seen]:
        import torch

        torch.set_num_threads(threads)  # counts for this thread
        with torch.inference_mode():
            images = torch.stack(batch).to(self._device, self._dtype, memory_format=torch.channels_last)
            if self._head is None:
                vectors = _unit(self._model.encode_image(images))
                scheme, (classes, prompts) = "vocabulary", self._labels()
                probabilities = self._calibrated(vectors @ prompts.T)
            else:
                features = self._model.visual.trunk(images)
                scores = torch.nn.functional.linear(features, self._head.weight, self._head.bias).float().cpu().numpy()
                soft = softmax(scores / self._head.softness)
                vectors = _unit(torch.from_numpy((soft - 1 / len(self._head.classes)) @ self._head.onto.T))
                scheme, classes, probabilities = "imagenet", self._head.classes, softmax(scores)
        ranked = [best(row, classes) for row in probabilities]
        return [Seen(vector, scheme, some) for vector, some in zip(vectors, ranked, strict=True)]

    def _calibrated(self, similar: np.ndarray) -> np.ndarray:
        """How likely each label of the vocabulary is, 0 to 1, from the cosines of pictures and prompts: both (pictures, labels).

        A model of the SigLIP family was trained to say this of each sentence by itself (it has a bias): its sigmoid is taken. One
        of the CLIP family was trained to choose among sentences: softmax at the temperature it learned, over the vocabulary and
        the sentences about nothing in it. Labels that are all true share that probability, so photolib.labels asks for
        little. Neither was checked with real weights: none were at hand when this was written.
        """
        scale, bias = float(self._model.logit_scale.exp()), getattr(self._model, "logit_bias", None)
        if bias is not None:
            return 1 / (1 + np.exp(-(similar * scale + float(bias))))
        return softmax(similar * scale)

    def _labels(self) -> tuple[list[str], np.ndarray]:
        """The labels of the vocabulary and a unit vector for each; made with the first picture, and kept beside the model."""
        with self._naming:
            if self._vocabulary is None:
                self._vocabulary = self._load_vocabulary()
            return self._vocabulary

    def _load_vocabulary(self) -> tuple[list[str], np.ndarray]:
        from photolib import labels

        prompts = labels.prompts()
        key = hashlib.sha256(json.dumps(prompts, sort_keys=True).encode("utf-8")).hexdigest()[:16]
        kept = self.folder / f"vocabulary-{key}.npy"
        names = list(prompts)
        with contextlib.suppress(OSError, ValueError):
            vectors = np.load(kept, allow_pickle=False)
            if vectors.shape == (len(names), self.dimensions):
                return names, vectors
        sentences = [sentence for some in prompts.values() for sentence in some]
        each = iter(self._encode(sentences))
        means = np.stack([np.mean([next(each) for _ in some], axis=0) for some in prompts.values()])
        vectors = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
        with contextlib.suppress(OSError):  # then they are made again the next time
            content = io.BytesIO()
            np.save(content, vectors)
            shelf.write_whole(kept, content.getvalue())
            for other in self.folder.glob("vocabulary-*.npy"):
                if other != kept:
                    other.unlink()
        return names, vectors


def _alone() -> None:
    """One picture is too little work for a reading thread to share with helpers of its own."""
    import torch

    torch.set_num_threads(1)


def _unit(vectors: Any) -> np.ndarray:
    """float32 rows of unit length: in 16 bits they would be up to a hundredth longer or shorter."""
    import torch

    return torch.nn.functional.normalize(vectors.float(), dim=-1).cpu().numpy()


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def best(probabilities: np.ndarray, classes: Sequence[str]) -> list[tuple[str, float]]:
    """The most likely classes, best first. The empty name stands for none of them and is left out."""
    order = np.argsort(-probabilities, kind="stable")[: MOST_CLASSES + 1]
    return [(classes[each], float(probabilities[each])) for each in order if classes[each]][:MOST_CLASSES]


def best_precision(device: str) -> str:
    """16-bit weights where the processor multiplies them itself: two to four times as fast.

    Cosine to 32 bits: ViT-B-32 0.9999; the built-in model on 214 photos 0.9995 in the median, 0.99 and more.
    """
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


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """What a library raises about a model's files, as CannotLoad."""
    try:
        from safetensors import SafetensorError

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
