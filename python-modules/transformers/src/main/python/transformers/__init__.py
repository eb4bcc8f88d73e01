"""A part of Hugging Face's ``transformers``, whose models run in Java: once for all contexts, in ONNX Runtime.

``pipeline`` and ``AutoTokenizer`` return what upstream's do, as of version 5.24.0. What is not here is refused by its
name: a task, a class or an option. docs/compatibility.md of Terrarium has the list.

A model is named by the folder of its files (``model.onnx`` or ``onnx/model.onnx``, ``tokenizer.json``,
``config.json``), or as ``all-MiniLM-L6-v2``.
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
