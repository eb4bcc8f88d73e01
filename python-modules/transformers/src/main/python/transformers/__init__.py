"""A part of Hugging Face's ``transformers``, whose models run in Java: once for all contexts, in ONNX Runtime.

``pipeline`` and ``AutoTokenizer`` return what upstream's do, as of version 5.24.0, and of 4.57.6 for the task
``question-answering``, which later versions lack. What is not here is refused by its name: a task, a class or an
option. docs/compatibility.md of Terrarium has the list.

A model is named by the folder of its files (``model.onnx`` or ``onnx/model.onnx``, ``tokenizer.json``,
``config.json``), by such a folder on the class path (``classpath:models/reviews``), or as ``all-MiniLM-L6-v2``. The
models of the task ``text-generation`` are the language models of the engine.
"""

from ._base import Pipeline
from ._generation import TextGenerationPipeline
from ._masks import FillMaskPipeline
from ._options import NotSupportedError
from ._pipelines import (
    FeatureExtractionPipeline,
    TextClassificationPipeline,
    ZeroShotClassificationPipeline,
    pipeline,
)
from ._spans import QuestionAnsweringPipeline, TokenClassificationPipeline
from ._tokenizers import AutoTokenizer, BatchEncoding, PreTrainedTokenizerFast

__all__ = [
    "AutoTokenizer",
    "BatchEncoding",
    "FeatureExtractionPipeline",
    "FillMaskPipeline",
    "NotSupportedError",
    "Pipeline",
    "PreTrainedTokenizerFast",
    "QuestionAnsweringPipeline",
    "TextClassificationPipeline",
    "TextGenerationPipeline",
    "TokenClassificationPipeline",
    "ZeroShotClassificationPipeline",
    "pipeline",
]
