"""Neural models, not database models: the process they live in, and the adapters that satisfy photolib's ports."""

from photolib.config import Config
from photolib.ports import Models, NoModels


def open_models(config: Config) -> Models:
    """The models of a data folder, as these settings want them. Starts and loads nothing."""
    from models.process import ModelProcess
    from models.shelf import INSTALL, is_installed

    return ModelProcess(config) if is_installed("torch") else NoModels(INSTALL)
